"""Networks for images, whose layers are asked for by name."""

from minigrad.links.model.vision import googlenet, resnet, vgg

__all__ = ['googlenet', 'resnet', 'vgg']
