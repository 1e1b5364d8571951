"""The convolution layer with a small network in each window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from minigrad.chain_list import ChainList
from minigrad.functions.activation.relu import relu
from minigrad.kernels.specs import IntPair
from minigrad.links.connection._convolution import in_out_ksize
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.utils import argument
from minigrad.variable import Variable


class MLPConvolution2D(ChainList):
    """A convolution followed by 1x1 convolutions, as in Network in Network.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of each layer, a sequence.
        ksize: Window of the first layer, ``k`` or ``(kh, kw)``.
        stride: Step of that window.
        pad: Zeros around the image.
        activation: Function between the layers; the last one has none.
        conv_init: Initializer of the weights.
        bias_init: Initializer of the biases.

    Raises:
        ValueError: ``out_channels`` is empty.

    Source: Lin et al. 2014; compatible with chainer.links.MLPConvolution2D.

    Example:
        >>> L.MLPConvolution2D(3, (8, 4), 3)(np.zeros((1, 3, 5, 5), 'f')).shape
        (1, 4, 3, 3)
    """

    def __init__(
        self,
        in_channels: Any,
        out_channels: Any,
        ksize: IntPair | None = None,
        stride: IntPair = 1,
        pad: IntPair = 0,
        activation: Callable[[Any], Variable] = relu,
        *,
        conv_init: Any = None,
        bias_init: Any = None,
        **kwargs: Any,
    ) -> None:
        argument.parse_kwargs(
            kwargs,
            wscale='wscale is not supported anymore. Use conv_init and bias_init '
            'argument to change the scale of initial parameters.',
        )
        in_channels, out_channels, ksize = in_out_ksize(
            in_channels, out_channels, ksize
        )
        channels: Sequence[int] = out_channels
        if len(channels) == 0:
            raise ValueError('MLPConvolution2D: out_channels must not be empty')
        inits = {'initialW': conv_init, 'initial_bias': bias_init}
        super().__init__(
            Convolution2D(in_channels, channels[0], ksize, stride, pad, **inits),
            *[Convolution2D(c, d, 1, **inits) for c, d in pairwise(channels)],
        )
        self.activation = activation

    def forward(self, x: Any) -> Variable:
        """Applies the layers to feature maps of shape ``(N, in_channels, H, W)``."""
        for layer in self[:-1]:
            x = self.activation(layer(x))
        y: Variable = self[-1](x)
        return y
