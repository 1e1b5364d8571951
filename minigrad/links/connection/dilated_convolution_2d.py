"""The dilated convolution layer, with its own order of arguments."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection.dilated_convolution_2d import (
    dilated_convolution_2d,
)
from minigrad.kernels.specs import IntPair
from minigrad.links.connection._convolution import ConvolutionLink, in_out_ksize
from minigrad.variable import Variable


class DilatedConvolution2D(ConvolutionLink):
    """A convolution layer whose window has gaps; see `Convolution2D` with ``dilate``.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Window, ``k`` or ``(kh, kw)``.
        stride: Step of the window, ``s`` or ``(sy, sx)``.
        pad: Zeros around the image, ``p`` or ``(ph, pw)``.
        dilate: Distance of the window's points, ``d`` or ``(dy, dx)``.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.

    Attributes:
        W: Weights, shape ``(out_channels, in_channels, kh, kw)``.
        b: Bias, shape ``(out_channels,)``, or None.

    Raises:
        ValueError: a number is out of its range.
        InvalidType: (when called first) the input has not 4 axes.

    Source: Yu and Koltun 2016; compatible with chainer.links.DilatedConvolution2D.

    Example:
        >>> conv = L.DilatedConvolution2D(3, 6, 3, dilate=2)
        >>> conv(np.zeros((2, 3, 9, 9), 'f')).shape
        (2, 6, 5, 5)
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: Any,
        ksize: IntPair | None = None,
        stride: IntPair = 1,
        pad: IntPair = 0,
        dilate: IntPair = 1,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__(
            *in_out_ksize(in_channels, out_channels, ksize),
            stride=stride,
            pad=pad,
            nobias=nobias,
            initialW=initialW,
            initial_bias=initial_bias,
            dilate=dilate,
        )

    def _W_shape(self, in_channels: int) -> tuple[int, ...]:
        return (self.out_channels or 0, in_channels, *self._window)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to feature maps of shape ``(N, in_channels, H, W)``."""
        self._initialize_from(x)
        return dilated_convolution_2d(
            x, self.W, self.b, self.stride, self.pad, self.dilate
        )
