"""The block of GoogLeNet with batch normalization."""

from __future__ import annotations

from typing import Any

from minigrad.chain import Chain
from minigrad.functions.activation.relu import relu
from minigrad.functions.array.concat import concat
from minigrad.functions.pooling.average_pooling_2d import average_pooling_2d
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.links.normalization.batch_normalization import BatchNormalization
from minigrad.variable import Variable


class InceptionBN(Chain):
    """Up to four branches side by side: 1x1, 3x3, two times 3x3, and pooling.

    Each convolution is followed by batch normalization and ReLU.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out1: Channels of the 1x1 branch; 0 leaves it out.
        proj3: Channels between the 1x1 and the 3x3 convolution.
        out3: Channels of the 3x3 branch.
        proj33: Channels between the 1x1 and the first of two 3x3 convolutions.
        out33: Channels of that branch.
        pooltype: ``'max'`` or ``'avg'``.
        proj_pool: Channels of the pooling branch; None leaves out its convolution.
        stride: Step of the last window of each branch; 1 where ``out1`` is not 0.
        conv_init: Initializer of the weights.
        dtype: Dtype of the batch normalization.

    Raises:
        ValueError: ``pooltype`` is unknown, or ``out1`` does not go with the rest.

    Source: Ioffe and Szegedy 2015; compatible with chainer.links.InceptionBN.

    Example:
        >>> block = L.InceptionBN(3, 1, 2, 2, 2, 2, 'avg', 1)
        >>> block(np.zeros((2, 3, 8, 8), 'f')).shape
        (2, 6, 8, 8)
    """

    def __init__(
        self,
        in_channels: int | None,
        out1: int,
        proj3: int,
        out3: int,
        proj33: int,
        out33: int,
        pooltype: str,
        proj_pool: int | None = None,
        stride: int = 1,
        conv_init: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if pooltype not in ('max', 'avg'):
            raise ValueError(
                f"InceptionBN: pooltype must be 'max' or 'avg', got {pooltype!r}"
            )
        if out1 > 0 and (stride != 1 or proj_pool is None):
            raise ValueError('InceptionBN: out1 > 0 needs stride=1 and a proj_pool')
        self.out1 = out1
        self.proj_pool = proj_pool
        self.stride = stride
        self.pooltype = pooltype

        def conv(
            c: int | None, d: int, k: int, stride: int = 1, pad: int = 0
        ) -> Convolution2D:
            return Convolution2D(c, d, k, stride, pad, True, conv_init)

        def norm(size: int) -> BatchNormalization:
            return BatchNormalization(size, dtype=dtype)

        with self.init_scope():
            self.proj3 = conv(in_channels, proj3, 1)
            self.conv3 = conv(proj3, out3, 3, stride, 1)
            self.proj33 = conv(in_channels, proj33, 1)
            self.conv33a = conv(proj33, out33, 3, 1, 1)
            self.conv33b = conv(out33, out33, 3, stride, 1)
            self.proj3n = norm(proj3)
            self.conv3n = norm(out3)
            self.proj33n = norm(proj33)
            self.conv33an = norm(out33)
            self.conv33bn = norm(out33)
            if out1 > 0:
                self.conv1 = conv(in_channels, out1, 1)
                self.conv1n = norm(out1)
            if proj_pool is not None:
                self.poolp = conv(in_channels, proj_pool, 1)
                self.poolpn = norm(proj_pool)

    def forward(self, x: Any) -> Variable:
        """Applies the branches to feature maps of shape ``(N, in_channels, H, W)``."""
        branches = []
        if self.out1 > 0:
            branches.append(relu(self.conv1n(self.conv1(x))))
        h = relu(self.proj3n(self.proj3(x)))
        branches.append(relu(self.conv3n(self.conv3(h))))
        h = relu(self.proj33n(self.proj33(x)))
        h = relu(self.conv33an(self.conv33a(h)))
        branches.append(relu(self.conv33bn(self.conv33b(h))))
        if self.pooltype == 'max':
            h = max_pooling_2d(x, 3, stride=self.stride, pad=1, cover_all=False)
        else:
            h = average_pooling_2d(x, 3, stride=self.stride, pad=1)
        if self.proj_pool is not None:
            h = relu(self.poolpn(self.poolp(h)))
        branches.append(h)
        return concat(branches, axis=1)
