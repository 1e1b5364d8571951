"""The same networks in PyTorch, to be measured beside ours."""

from __future__ import annotations

from typing import Any

from torch import nn

from benchmarks.cases.models import WORDS
from benchmarks.own_models import HEADS, HIDDEN, LAYERS, SIZE, UNITS


def build(name: str) -> nn.Module:
    """Returns the network of that name."""
    return {
        'mlp': mlp,
        'lenet': lenet,
        'alexnet_cifar': alexnet_cifar,
        'alexnet': alexnet,
        'resnet50': resnet50,
        'vgg16': vgg16,
        'lstm': LanguageModel,
        'transformer': Transformer,
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


class Bottleneck(nn.Module):
    """A block of ResNet-50; the stride is that of its first convolution."""

    def __init__(self, in_channels: int, width: int, stride: int, first: bool) -> None:
        super().__init__()
        out_channels = 4 * width
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, width, 1, stride, bias=False),
            nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )  # fmt: skip
        self.shortcut = nn.Sequential()
        if first:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Any) -> Any:
        """Applies the block."""
        return (self.body(x) + self.shortcut(x)).relu()


def resnet50() -> nn.Module:
    """ResNet-50 as of 2015."""
    blocks: list[nn.Module] = []
    channels = 64
    for stage, count in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for i in range(count):
            stride = 2 if stage and i == 0 else 1
            blocks.append(Bottleneck(channels, width, stride, i == 0))
            channels = 4 * width
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(3, 2, ceil_mode=True), *blocks,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000),
    )  # fmt: skip


def vgg16() -> nn.Module:
    """VGG-16."""
    layers: list[nn.Module] = []
    channels = 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers, nn.Flatten(),
        nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000),
    )  # fmt: skip


class LanguageModel(nn.Module):
    """The language model of ``own_models.py``."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS, LAYERS, batch_first=True)
        self.out = nn.Linear(UNITS, WORDS)

    def forward(self, x: Any) -> Any:
        """Returns a row of outputs for each word."""
        y, _ = self.lstm(self.embed(x))
        return self.out(y.reshape(-1, UNITS))


class Transformer(nn.Module):
    """The transformer layer of ``own_models.py``."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(SIZE, HEADS, HIDDEN, batch_first=True)
        self.out = nn.Linear(SIZE, 10)

    def forward(self, x: Any) -> Any:
        """Returns a row of outputs for each token."""
        return self.out(self.layer(x).reshape(-1, SIZE))
