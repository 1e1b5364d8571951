"""VGG: deep stacks of 3x3 convolutions."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.relu import relu
from minigrad.functions.activation.softmax import softmax
from minigrad.functions.noise.dropout import dropout
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d
from minigrad.initializers.constant import Zero
from minigrad.initializers.normal import Normal
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.links.connection.linear import Linear
from minigrad.links.model.vision.named_layers import (
    Layers,
    NamedLayers,
    prepare_image,
)
from minigrad.types import Array

_MEAN = (103.939, 116.779, 123.68)
_CHANNELS = (64, 128, 256, 512, 512)


def prepare(image: Any, size: tuple[int, int] | None = (224, 224)) -> Array:
    """Returns an image as VGG expects it; see `prepare_image`.

    Args:
        image: An image of Pillow or an RGB array.
        size: Width and height to resize it to; None leaves it.

    Returns:
        Array of shape ``(3, H, W)``, blue first, the mean subtracted.

    Example:
        >>> L.model.vision.vgg.prepare(np.zeros((5, 7, 3)), size=None).shape
        (3, 5, 7)
    """
    return prepare_image(image, size, _MEAN)


class VGGLayers(NamedLayers):
    """VGG with 16 or 19 layers.

    Args:
        pretrained_model: Path of a file of weights: an ``.npz`` of Chainer, a
            ``.caffemodel``, or torchvision's ``vgg16`` as ``.pth`` or ``.safetensors``.
            'auto' is ``pfnet/chainer/models/VGG_ILSVRC_16_layers.npz`` (or 19) in the
            dataset folder, or ``.caffemodel``, which is converted once; nothing is
            downloaded. None draws random weights.
        n_layers: 16 or 19.

    Raises:
        DatasetError: The file that 'auto' stands for is missing.
        SnapshotMismatch: The file holds another network.
        ValueError: Another number of layers.

    Source: Simonyan and Zisserman 2014; compatible with VGGLayers of
        chainer.links.model.vision.vgg.
    """

    mean = _MEAN
    extracted = 'fc7'

    def __init__(
        self, pretrained_model: str | None = 'auto', n_layers: int = 16
    ) -> None:
        super().__init__()
        if n_layers not in (16, 19):
            raise ValueError(f'{type(self).__name__}: n_layers is 16 or 19: {n_layers}')
        # Weights that are loaded next need not be drawn.
        W = Zero() if pretrained_model else Normal(0.01)
        self._depths_ = (2, 2, 3, 3, 3) if n_layers == 16 else (2, 2, 4, 4, 4)
        with self.init_scope():
            in_channels = 3
            # The third convolutions come before all fourth ones: Chainer's order.
            convolutions = {}
            for block, channels in enumerate(_CHANNELS):
                for depth in range(self._depths_[block]):
                    name = f'conv{block + 1}_{depth + 1}'
                    convolutions[name] = (in_channels, channels)
                    in_channels = channels
            for name in sorted(convolutions, key=lambda name: name.endswith('_4')):
                link = Convolution2D(
                    *convolutions[name], 3, 1, 1, initialW=W, initial_bias=Zero()
                )
                setattr(self, name, link)
                if name == 'conv5_3':
                    self.fc6 = Linear(512 * 7 * 7, 4096, initialW=W)
                    self.fc7 = Linear(4096, 4096, initialW=W)
                    self.fc8 = Linear(4096, 1000, initialW=W)
        if pretrained_model:
            self._load_(pretrained_model, f'VGG_ILSVRC_{n_layers}_layers.npz')

    @property
    def functions(self) -> Layers:
        """The layers by name, in the order in which they run."""
        layers: Layers = {}
        for block, depths in enumerate(self._depths_, start=1):
            for depth in range(1, depths + 1):
                name = f'conv{block}_{depth}'
                layers[name] = [self[name], relu]
            layers[f'pool{block}'] = [_halve]
        layers['fc6'] = [self.fc6, relu, dropout]
        layers['fc7'] = [self.fc7, relu, dropout]
        layers['fc8'] = [self.fc8]
        layers['prob'] = [softmax]
        return layers

    @property
    def caffe_names(self) -> dict[str, str]:
        """The names in the Caffe network, which are the same."""
        return {path.lstrip('/'): path.lstrip('/') for path, _ in self.namedparams()}

    @property
    def torchvision_names(self) -> dict[str, str]:
        """The names in torchvision's ``vgg16`` or ``vgg19``, which are numbers."""
        names = {}
        number = 0
        for block, depths in enumerate(self._depths_, start=1):
            for depth in range(1, depths + 1):
                names[f'conv{block}_{depth}'] = f'features.{number}'
                number += 2  # a ReLU has a number too
            number += 1  # and a pooling
        names.update(fc6='classifier.0', fc7='classifier.3', fc8='classifier.6')
        return {
            f'{ours}/{our}': f'{theirs}.{their}'
            for ours, theirs in names.items()
            for our, their in (('W', 'weight'), ('b', 'bias'))
        }


def _halve(x: Any) -> Any:
    return max_pooling_2d(x, 2)


class VGG16Layers(VGGLayers):
    """VGG with 16 layers; see `VGGLayers`.

    Args:
        pretrained_model: Path of a file of weights, 'auto', or None.

    Source: compatible with chainer.links.VGG16Layers; nothing is downloaded.

    Example:
        >>> model = L.VGG16Layers(pretrained_model=None)  # doctest: +SKIP
        >>> model.extract([image], layers=['fc7'])['fc7'].shape  # doctest: +SKIP
        (1, 4096)
    """

    def __init__(self, pretrained_model: str | None = 'auto') -> None:
        super().__init__(pretrained_model, 16)


class VGG19Layers(VGGLayers):
    """VGG with 19 layers; see `VGGLayers`.

    Args:
        pretrained_model: Path of a file of weights, 'auto', or None.

    Source: compatible with chainer.links.VGG19Layers; nothing is downloaded.

    Example:
        >>> model = L.VGG19Layers(pretrained_model=None)
        >>> len(list(model.params())) > 30
        True
    """

    def __init__(self, pretrained_model: str | None = 'auto') -> None:
        super().__init__(pretrained_model, 19)
