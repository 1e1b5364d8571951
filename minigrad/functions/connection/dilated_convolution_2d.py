"""Convolution with gaps between the taps, under its older name."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection.convolution_2d import convolution_2d
from minigrad.kernels.specs import IntPair
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable


@checks_arguments
def dilated_convolution_2d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntPair = 1,
    pad: IntPair = 0,
    dilate: IntPair = 1,
    cover_all: bool = False,
) -> Variable:
    """Two-dimensional convolution whose filters have gaps between their taps.

    The same as `convolution_2d` with its ``dilate`` argument.

    Args:
        x: Images, float, shape ``(N, C, H, W)``.
        W: Filters, float, shape ``(OC, C, KH, KW)``.
        b: Biases, dtype of ``x``, shape ``(OC,)``; None for none.
        stride: Distance between windows, ``s`` or ``(sy, sx)``.
        pad: Zeros put around each image, ``p`` or ``(ph, pw)``.
        dilate: Distance between the taps of a filter, ``d`` or ``(dy, dx)``.
        cover_all: If True the output size rounds up so that every pixel is covered.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OH, OW)``.

    Raises:
        InvalidType: An input is not float with 4 axes, or the channels do not fit.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: as of `convolution_2d`.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn (cover_all=False).
    Source: Yu and Koltun 2016; compatible with chainer.functions.dilated_convolution_2d.

    Example:
        >>> x, W = np.ones((1, 1, 9, 9), 'f'), np.ones((1, 1, 3, 3), 'f')
        >>> F.dilated_convolution_2d(x, W, dilate=4).array
        array([[[[9.]]]], dtype=float32)
    """
    return convolution_2d(x, W, b, stride, pad, cover_all, dilate=dilate)
