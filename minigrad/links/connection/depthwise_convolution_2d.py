"""The depthwise convolution layer."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.functions.connection.depthwise_convolution_2d import (
    depthwise_convolution_2d,
)
from minigrad.initializers import HeNormal
from minigrad.kernels.specs import IntPair
from minigrad.links.connection._convolution import ConvolutionLink
from minigrad.variable import Variable


class DepthwiseConvolution2D(ConvolutionLink):
    """A convolution layer in which each channel has filters of its own.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        channel_multiplier: Filters per channel; the output has ``in_channels`` times as
            many channels.
        ksize: Window, ``k`` or ``(kh, kw)``.
        stride: Step of the window, ``s`` or ``(sy, sx)``.
        pad: Zeros around the image, ``p`` or ``(ph, pw)``.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is HeNormal scaled by
            ``1 / sqrt(2)``.
        initial_bias: The same for ``b``; None is 0.

    Attributes:
        W: Weights, shape ``(channel_multiplier, in_channels, kh, kw)``.
        b: Bias, shape ``(channel_multiplier * in_channels,)``, or None.

    Raises:
        ValueError: a number is out of its range.
        InvalidType: (when called first) the input has not 4 axes.

    Source: Chollet 2017; compatible with chainer.links.DepthwiseConvolution2D.

    Example:
        >>> conv = L.DepthwiseConvolution2D(3, 2, 3)
        >>> conv(np.zeros((1, 3, 5, 5), 'f')).shape
        (1, 6, 3, 3)
    """

    def __init__(
        self,
        in_channels: int | None,
        channel_multiplier: int,
        ksize: IntPair,
        stride: IntPair = 1,
        pad: IntPair = 0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        self.channel_multiplier = channel_multiplier
        self.nobias = nobias
        super().__init__(
            None,
            None,  # as many as the input has, times the multiplier
            ksize,
            stride,
            pad,
            nobias,
            HeNormal(1.0 / numpy.sqrt(2)) if initialW is None else initialW,
            initial_bias,
        )
        self.in_channels = in_channels
        if in_channels is not None:  # now that b, whose length it decides, is there
            self._initialize_params(in_channels)

    def _W_shape_(self, in_channels: int) -> tuple[int, ...]:
        return (self.channel_multiplier, in_channels, *self._window_)

    def _initialize_params(self, in_channels: int) -> None:
        super()._initialize_params(in_channels)
        if self.b is not None:
            self.b.initialize(self.channel_multiplier * in_channels)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to feature maps of shape ``(N, in_channels, H, W)``."""
        self._initialize_from_(x)
        return depthwise_convolution_2d(x, self.W, self.b, self.stride, self.pad)
