"""The same networks in PyTorch, to be measured beside ours."""

from __future__ import annotations

from torch import nn


def build(name: str) -> nn.Module:
    """Returns a network with ten outputs."""
    return {
        'mlp': mlp,
        'lenet': lenet,
        'alexnet_cifar': alexnet_cifar,
        'alexnet': alexnet,
    }[name]()


def mlp() -> nn.Module:
    """The MLP 784-1000-1000-10."""
    return nn.Sequential(
        nn.Linear(784, 1000), nn.ReLU(), nn.Linear(1000, 1000), nn.ReLU(),
        nn.Linear(1000, 10),
    )  # fmt: skip


def lenet() -> nn.Module:
    """LeNet for 28x28 images."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def _normalized(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    ]


def alexnet_cifar() -> nn.Module:
    """AlexNet for CIFAR-10: 3x3 kernels and batch normalization."""
    return nn.Sequential(
        *_normalized(3, 96), nn.MaxPool2d(2),
        *_normalized(96, 256), nn.MaxPool2d(2),
        *_normalized(256, 384), *_normalized(384, 384), *_normalized(384, 256),
        nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 10),
    )  # fmt: skip


def alexnet() -> nn.Module:
    """The network of 2012 for 227x227 images, with local response normalization."""

    # PyTorch divides alpha by the window, the paper does not.
    def lrn() -> nn.Module:
        return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)

    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), lrn(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(), lrn(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 10),
    )  # fmt: skip
