"""AlexNet in five variants.

Papers: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep
convolutional neural networks", NIPS 2012 (`AlexNet`, and what the others derive from);
A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
arXiv:1404.5997, 2014 (`AlexNetOWT`).
"""

from __future__ import annotations

from typing import Any

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L


class AlexNet(mg.Chain):
    """The network of 2012, for 227x227 images.

    Deviations from the paper: the convolutions are not split over two GPUs (no groups),
    and weights are drawn by He's rule instead of a normal of deviation 0.01.

    Args:
        n_out: Number of classes.

    Example:
        >>> from models.alexnet import AlexNet
        >>> AlexNet(n_out=10).conv1.ksize
        11
    """

    insize = 227

    def __init__(self, n_out: int = 1000) -> None:
        super().__init__()
        he = mg.initializers.HeNormal()
        with self.init_scope():
            self.conv1 = L.Convolution2D(3, 96, ksize=11, stride=4, initialW=he)
            self.conv2 = L.Convolution2D(96, 256, ksize=5, pad=2, initialW=he)
            self.conv3 = L.Convolution2D(256, 384, ksize=3, pad=1, initialW=he)
            self.conv4 = L.Convolution2D(384, 384, ksize=3, pad=1, initialW=he)
            self.conv5 = L.Convolution2D(384, 256, ksize=3, pad=1, initialW=he)
            self.fc6 = L.Linear(None, 4096, initialW=he)
            self.fc7 = L.Linear(4096, 4096, initialW=he)
            self.fc8 = L.Linear(4096, n_out)

    def forward(self, x: Any) -> Any:
        """Returns the scores of the classes.

        Args:
            x: Images, float, shape ``(N, 3, 227, 227)``.

        Returns:
            Variable, shape ``(N, n_out)``.
        """
        h = F.local_response_normalization(F.relu(self.conv1(x)))
        h = F.max_pooling_2d(h, ksize=3, stride=2)
        h = F.local_response_normalization(F.relu(self.conv2(h)))
        h = F.max_pooling_2d(h, ksize=3, stride=2)
        h = F.relu(self.conv3(h))
        h = F.relu(self.conv4(h))
        h = F.max_pooling_2d(F.relu(self.conv5(h)), ksize=3, stride=2)
        h = F.dropout(F.relu(self.fc6(h)))
        h = F.dropout(F.relu(self.fc7(h)))
        return self.fc8(h)


class AlexNetOWT(mg.Chain):
    """The one-weird-trick network, in the shape in which torchvision ships weights.

    Deviation from the paper: the maps are averaged over a grid of 6x6 before the dense
    layers, as torchvision does, so that images larger than 224x224 fit too.

    Args:
        n_out: Number of classes.

    Example:
        >>> from models.alexnet import AlexNetOWT
        >>> AlexNetOWT().conv2.out_channels
        192
    """

    insize = 224

    def __init__(self, n_out: int = 1000) -> None:
        super().__init__()
        with self.init_scope():
            self.conv1 = L.Convolution2D(3, 64, ksize=11, stride=4, pad=2)
            self.conv2 = L.Convolution2D(64, 192, ksize=5, pad=2)
            self.conv3 = L.Convolution2D(192, 384, ksize=3, pad=1)
            self.conv4 = L.Convolution2D(384, 256, ksize=3, pad=1)
            self.conv5 = L.Convolution2D(256, 256, ksize=3, pad=1)
            self.fc6 = L.Linear(256 * 6 * 6, 4096)
            self.fc7 = L.Linear(4096, 4096)
            self.fc8 = L.Linear(4096, n_out)

    def forward(self, x: Any) -> Any:
        """Returns the scores of the classes.

        Args:
            x: Images, float, shape ``(N, 3, 224, 224)``.

        Returns:
            Variable, shape ``(N, n_out)``.
        """
        h = self._pool_(F.relu(self.conv1(x)))
        h = self._pool_(F.relu(self.conv2(h)))
        h = F.relu(self.conv3(h))
        h = F.relu(self.conv4(h))
        h = self._pool_(F.relu(self.conv5(h)))
        if h.shape[2:] != (6, 6):
            h = _average_over_grid(_average_over_grid(h, 6, axis=2), 6, axis=3)
        h = F.relu(self.fc6(F.dropout(h)))
        h = F.relu(self.fc7(F.dropout(h)))
        return self.fc8(h)

    @staticmethod
    def _pool_(h: Any) -> Any:
        return F.max_pooling_2d(h, ksize=3, stride=2, cover_all=False)


def _average_over_grid(h: mg.Variable, n: int, axis: int) -> mg.Variable:
    """Averages over ``n`` parts of an axis; parts share a pixel if it cannot be split."""
    size = h.shape[axis]
    parts = []
    for i in range(n):
        part = slice(size * i // n, -(-size * (i + 1) // n))
        index = (*[slice(None)] * axis, part)
        parts.append(F.average(h[index], axis=axis, keepdims=True))
    return F.concat(parts, axis=axis)


class _NormalizedConvolution(mg.Chain):
    """Convolution, batch normalization and ReLU."""

    def __init__(
        self, in_channels: int | None, out_channels: int, **kwargs: Any
    ) -> None:
        super().__init__()
        with self.init_scope():
            self.conv = L.Convolution2D(
                in_channels,
                out_channels,
                nobias=True,
                initialW=mg.initializers.HeNormal(),
                **kwargs,
            )
            self.bn = L.BatchNormalization(out_channels)

    def forward(self, x: Any) -> Any:
        return F.relu(self.bn(self.conv(x)))


class _NormalizedAlexNet(mg.Chain):
    """What the variants with batch normalization share."""

    def __init__(
        self, first: dict[str, Any], second: dict[str, Any], width: int, n_out: int
    ) -> None:
        super().__init__()
        he = mg.initializers.HeNormal()
        with self.init_scope():
            self.conv1 = _NormalizedConvolution(None, 96, **first)
            self.conv2 = _NormalizedConvolution(96, 256, **second)
            self.conv3 = _NormalizedConvolution(256, 384, ksize=3, pad=1)
            self.conv4 = _NormalizedConvolution(384, 384, ksize=3, pad=1)
            self.conv5 = _NormalizedConvolution(384, 256, ksize=3, pad=1)
            self.fc6 = L.Linear(None, width, initialW=he)
            self.fc7 = L.Linear(width, width, initialW=he)
            self.fc8 = L.Linear(width, n_out)

    def forward(self, x: Any) -> Any:
        """Returns the scores of the classes.

        Args:
            x: Images, float, shape ``(N, C, H, W)``.

        Returns:
            Variable, shape ``(N, n_out)``.
        """
        h = F.max_pooling_2d(self.conv1(x), ksize=2)
        h = F.max_pooling_2d(self.conv2(h), ksize=2)
        h = F.max_pooling_2d(self.conv5(self.conv4(self.conv3(h))), ksize=2)
        h = F.dropout(F.relu(self.fc6(h)))
        h = F.dropout(F.relu(self.fc7(h)))
        return self.fc8(h)


class AlexNetCIFAR(_NormalizedAlexNet):
    """AlexNet for 32x32 images: 3x3 kernels and batch normalization.

    Deviations from the paper: kernels, strides and pooling fit small images, and batch
    normalization takes the place of local response normalization.

    Args:
        n_out: Number of classes.

    Example:
        >>> from models.alexnet import AlexNetCIFAR
        >>> AlexNetCIFAR()(np.zeros((2, 3, 32, 32), 'f')).shape
        (2, 10)
    """

    insize = 32

    def __init__(self, n_out: int = 10) -> None:
        kernel = {'ksize': 3, 'pad': 1}
        super().__init__(kernel, kernel, 4096, n_out)


class AlexNetSmall(_NormalizedAlexNet):
    """AlexNet with its 11x11 first kernel, for images as small as 28x28.

    Deviations from the paper: padding keeps the small maps alive, batch normalization
    takes the place of local response normalization, and the dense layers are half as
    wide.

    Args:
        n_out: Number of classes.

    Example:
        >>> from models.alexnet import AlexNetSmall
        >>> AlexNetSmall()(np.zeros((2, 1, 28, 28), 'f')).shape
        (2, 10)
    """

    insize = 28

    def __init__(self, n_out: int = 10) -> None:
        first = {'ksize': 11, 'stride': 4, 'pad': 5}
        super().__init__(first, {'ksize': 5, 'pad': 2}, 2048, n_out)


class AlexNetStrided(mg.Chain):
    """AlexNet for 224x224 images whose convolutions all have stride 4.

    The network of a learner's report on digits. Padding is "same" by TensorFlow's rule:
    as many outputs as strides fit in, and an odd pixel of padding goes below and right.
    The maps shrink from 224 to 56, 28, 7, 4, 1, and 1.

    Deviations from the paper: stride 4 in the four last convolutions too, their padding,
    normalization before each ReLU instead of after it, no pooling after the last
    convolution, no groups, and weights drawn by He's rule.

    Args:
        n_out: Number of classes.

    Example:
        >>> from models.alexnet import AlexNetStrided
        >>> AlexNetStrided()(np.zeros((2, 3, 224, 224), 'f')).shape
        (2, 10)
    """

    insize = 224

    def __init__(self, n_out: int = 10) -> None:
        super().__init__()
        he: dict[str, Any] = {'stride': 4, 'initialW': mg.initializers.HeNormal()}
        with self.init_scope():
            self.conv1 = L.Convolution2D(3, 96, ksize=11, **he)
            self.conv2 = L.Convolution2D(96, 256, ksize=5, **he)
            self.conv3 = L.Convolution2D(256, 384, ksize=3, **he)
            self.conv4 = L.Convolution2D(384, 384, ksize=3, **he)
            self.conv5 = L.Convolution2D(384, 256, ksize=3, **he)
            self.fc6 = L.Linear(256, 4096, initialW=he['initialW'])
            self.fc7 = L.Linear(4096, 4096, initialW=he['initialW'])
            self.fc8 = L.Linear(4096, n_out)

    def forward(self, x: Any) -> Any:
        """Returns the scores of the classes.

        Args:
            x: Images, float, shape ``(N, 3, 224, 224)``.

        Returns:
            Variable, shape ``(N, n_out)``.
        """
        h = self._same_(x, self.conv1)  # (N, 96, 56, 56)
        h = F.relu(F.local_response_normalization(h))
        # "Same" of an even size is a window that covers the last row and column.
        h = F.max_pooling_2d(h, ksize=3, stride=2)  # (N, 96, 28, 28)
        h = self._same_(h, self.conv2)  # (N, 256, 7, 7)
        h = F.relu(F.local_response_normalization(h))
        h = F.max_pooling_2d(h, ksize=3, stride=2, pad=1)  # (N, 256, 4, 4)
        h = F.relu(self._same_(h, self.conv3))  # (N, 384, 1, 1)
        h = F.relu(self._same_(h, self.conv4))
        h = F.relu(self._same_(h, self.conv5))
        h = F.dropout(F.relu(self.fc6(h)))
        h = F.dropout(F.relu(self.fc7(h)))
        return self.fc8(h)

    @staticmethod
    def _same_(h: Any, conv: L.Convolution2D) -> Any:
        sides = [same_padding(n, conv.W.shape[2], 4) for n in h.shape[2:]]
        return conv(F.pad(h, ((0, 0), (0, 0), *sides), 'constant'))


def same_padding(size: int, ksize: int, stride: int) -> tuple[int, int]:
    """Returns the padding before and after that TensorFlow calls "same".

    Example:
        >>> from models.alexnet import same_padding
        >>> same_padding(224, 11, 4), same_padding(28, 5, 4), same_padding(4, 3, 4)
        ((3, 4), (0, 1), (0, 0))
    """
    n_out = -(-size // stride)
    n = max((n_out - 1) * stride + ksize - size, 0)
    return n // 2, n - n // 2


VARIANTS: dict[str, type[mg.Chain]] = {
    '2012': AlexNet,
    'owt': AlexNetOWT,
    'cifar': AlexNetCIFAR,
    'small': AlexNetSmall,
    'strided': AlexNetStrided,
}
