"""The block that GoogLeNet is made of."""

from __future__ import annotations

from typing import Any

from minigrad.chain import Chain
from minigrad.functions.activation.relu import relu
from minigrad.functions.array.concat import concat
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.variable import Variable


class Inception(Chain):
    """Four branches side by side: 1x1, 3x3 and 5x5 convolutions, and pooling.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out1: Channels of the 1x1 branch.
        proj3: Channels between the 1x1 and the 3x3 convolution.
        out3: Channels of the 3x3 branch.
        proj5: Channels between the 1x1 and the 5x5 convolution.
        out5: Channels of the 5x5 branch.
        proj_pool: Channels of the pooling branch.
        conv_init: Initializer of the weights.
        bias_init: Initializer of the biases.

    Source: Szegedy et al. 2015; compatible with chainer.links.Inception.

    Example:
        >>> L.Inception(3, 1, 2, 2, 1, 2, 1)(np.zeros((1, 3, 8, 8), 'f')).shape
        (1, 6, 8, 8)
    """

    def __init__(
        self,
        in_channels: int | None,
        out1: int,
        proj3: int,
        out3: int,
        proj5: int,
        out5: int,
        proj_pool: int,
        conv_init: Any = None,
        bias_init: Any = None,
    ) -> None:
        super().__init__()
        inits = {'initialW': conv_init, 'initial_bias': bias_init}
        with self.init_scope():
            self.conv1 = Convolution2D(in_channels, out1, 1, **inits)
            self.proj3 = Convolution2D(in_channels, proj3, 1, **inits)
            self.conv3 = Convolution2D(proj3, out3, 3, pad=1, **inits)
            self.proj5 = Convolution2D(in_channels, proj5, 1, **inits)
            self.conv5 = Convolution2D(proj5, out5, 5, pad=2, **inits)
            self.projp = Convolution2D(in_channels, proj_pool, 1, **inits)

    def forward(self, x: Any) -> Variable:
        """Applies the branches to feature maps of shape ``(N, in_channels, H, W)``."""
        branches = (
            self.conv1(x),
            self.conv3(relu(self.proj3(x))),
            self.conv5(relu(self.proj5(x))),
            self.projp(max_pooling_2d(x, 3, stride=1, pad=1)),
        )
        return relu(concat(branches, axis=1))
