"""Convolution over any number of axes."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import array_of
from minigrad.functions._spatial import require_axes
from minigrad.functions.connection._convolution import ConvolutionND as ConvolutionND
from minigrad.functions.connection._convolution import (
    ConvolutionNDGradW as ConvolutionNDGradW,
)
from minigrad.kernels.specs_nd import IntOrInts
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable


@checks_arguments
def convolution_nd(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    cover_all: bool = False,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Convolution of arrays with filters over any number of axes.

    Each output element is the inner product of a filter and the window of ``x`` below
    it (cross-correlation: the filter is not flipped), plus a bias.

    Args:
        x: Input, float, shape ``(N, C, d1, ..., dn)``.
        W: Filters, float, shape ``(OC, C / groups, k1, ..., kn)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between windows, ``s`` or ``(s1, ..., sn)``.
        pad: Zeros put around the input, ``p`` or ``(p1, ..., pn)``.
        cover_all: If True the output size rounds up so that every element is covered.
        dilate: Distance between the taps of a filter, ``d`` or one number per axis.
        groups: Number of groups that the channels are split into; filters of a group
            see only its own input channels.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, l1, ..., ln)`` with, on each axis,
        ``l = (d + 2 pad - dilate (k - 1) - 1) // stride + 1``.

    Raises:
        InvalidType: An input is not float with n + 2 axes, or the channels do not fit.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: a deconvolution for ``x``, a correlation of ``x`` and ``gy`` for ``W``.
    Double backprop: yes, to any order.
    Kernels: those of `convolution_2d`; axes before the last two become channels.
    Source: compatible with chainer.functions.convolution_nd.

    Example:
        >>> x, W = np.ones((1, 3, 5, 7, 9), 'f'), np.ones((2, 3, 2, 3, 3), 'f')
        >>> F.convolution_nd(x, W, stride=(1, 2, 3), pad=1).shape
        (1, 2, 6, 4, 3)
    """
    function = ConvolutionND(
        array_of('convolution_nd', 'x', x).ndim - 2,
        stride,
        pad,
        cover_all,
        dilate,
        groups,
    )
    return function.apply((x, W) if b is None else (x, W, b))[0]


@checks_arguments
def convolution_1d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    cover_all: bool = False,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Convolution of sequences with filters; see `convolution_nd`.

    Args:
        x: Sequences, float, shape ``(N, C, L)``.
        W: Filters, float, shape ``(OC, C / groups, K)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between windows.
        pad: Zeros put at either end.
        cover_all: If True the output size rounds up so that every element is covered.
        dilate: Distance between the taps of a filter.
        groups: Number of groups that the channels are split into.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OL)``.

    Raises:
        InvalidType: An input is not float, or the channels do not fit.
        ValueError: ``x`` has not 3 axes, a number is out of range, or the window does
            not fit.

    Gradient: as of `convolution_nd`.
    Double backprop: yes, to any order.
    Kernels: those of `convolution_2d`, on images with one row.
    Source: compatible with chainer.functions.convolution_1d.

    Example:
        >>> x, W = np.arange(6, dtype='f').reshape(1, 1, 6), np.ones((1, 1, 3), 'f')
        >>> F.convolution_1d(x, W).array
        array([[[ 3.,  6.,  9., 12.]]], dtype=float32)
    """
    require_axes('convolution_1d', x, 1)
    return convolution_nd(x, W, b, stride, pad, cover_all, dilate, groups)


@checks_arguments
def convolution_3d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    cover_all: bool = False,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Convolution of volumes with filters; see `convolution_nd`.

    Args:
        x: Volumes, float, shape ``(N, C, D, H, W)``.
        W: Filters, float, shape ``(OC, C / groups, KD, KH, KW)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between windows, ``s`` or ``(sz, sy, sx)``.
        pad: Zeros put around each volume, ``p`` or ``(pd, ph, pw)``.
        cover_all: If True the output size rounds up so that every voxel is covered.
        dilate: Distance between the taps of a filter, ``d`` or ``(dz, dy, dx)``.
        groups: Number of groups that the channels are split into.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OD, OH, OW)``.

    Raises:
        InvalidType: An input is not float, or the channels do not fit.
        ValueError: ``x`` has not 5 axes, a number is out of range, or the window does
            not fit.

    Gradient: as of `convolution_nd`.
    Double backprop: yes, to any order.
    Kernels: those of `convolution_2d`; depth becomes channels.
    Source: Tran et al. 2015; compatible with chainer.functions.convolution_3d.

    Example:
        >>> x, W = np.ones((1, 3, 8, 8, 8), 'f'), np.ones((2, 3, 3, 3, 3), 'f')
        >>> F.convolution_3d(x, W, pad=1).shape
        (1, 2, 8, 8, 8)
    """
    require_axes('convolution_3d', x, 3)
    return convolution_nd(x, W, b, stride, pad, cover_all, dilate, groups)
