"""The dilated convolution layer, with its own order of arguments."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection.convolution_2d import convolution_2d
from minigrad.kernels.specs import IntPair
from minigrad.links.connection.convolution_nd import ConvolutionND


class DilatedConvolution2D(ConvolutionND):
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

    n_axes = 2
    function = staticmethod(convolution_2d)

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
            2,
            in_channels,
            out_channels,
            ksize,
            stride,
            pad,
            nobias,
            initialW,
            initial_bias,
            dilate=dilate,
        )
        self.ksize = out_channels if ksize is None else ksize  # as it was given
