"""Deconvolution over any number of axes: the gradient of a convolution, with a name."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import array_of
from minigrad.functions._spatial import require_axes
from minigrad.functions.connection._convolution import (
    DeconvolutionND as DeconvolutionND,
)
from minigrad.kernels.specs_nd import IntOrInts
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable


@checks_arguments
def deconvolution_nd(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    outsize: Any = None,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Deconvolution (transposed convolution) over any number of axes.

    It enlarges ``x`` as the gradient of a convolution would: every input element adds
    its multiple of a filter to the output.

    Args:
        x: Input, float, shape ``(N, C, d1, ..., dn)``.
        W: Filters, float, shape ``(C, OC / groups, k1, ..., kn)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between the places of two input elements, ``s`` or one number
            per axis.
        pad: Width cut off around the output, ``p`` or ``(p1, ..., pn)``.
        outsize: ``(l1, ..., ln)``; None takes the smallest size.
        dilate: Distance between the taps of a filter, ``d`` or one number per axis.
        groups: Number of groups that the channels are split into.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, l1, ..., ln)`` with, on each axis,
        ``l = stride (d - 1) + dilate (k - 1) + 1 - 2 pad``.

    Raises:
        InvalidType: An input is not float with n + 2 axes, the channels do not fit, or
            no convolution maps ``outsize`` to the size of ``x``.
        ValueError: A number is out of range, or the output would be empty.

    Gradient: a convolution for ``x``, a correlation of ``gy`` and ``x`` for ``W``.
    Double backprop: yes, to any order.
    Kernels: those of `deconvolution_2d`; axes before the last two become channels.
    Source: Zeiler et al. 2010; compatible with chainer.functions.deconvolution_nd.

    Example:
        >>> x, W = np.ones((1, 3, 5, 7, 9), 'f'), np.ones((3, 2, 2, 3, 3), 'f')
        >>> F.deconvolution_nd(x, W, stride=(1, 2, 3), pad=1).shape
        (1, 2, 4, 13, 25)
    """
    function = DeconvolutionND(
        array_of('deconvolution_nd', 'x', x).ndim - 2,
        stride,
        pad,
        outsize,
        dilate,
        groups,
    )
    return function.apply((x, W) if b is None else (x, W, b))[0]


@checks_arguments
def deconvolution_1d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    outsize: Any = None,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Deconvolution of sequences; see `deconvolution_nd`.

    Args:
        x: Sequences, float, shape ``(N, C, L)``.
        W: Filters, float, shape ``(C, OC / groups, K)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between the places of two input elements.
        pad: Width cut off at either end of the output.
        outsize: Length of the output, in a tuple; None takes the smallest.
        dilate: Distance between the taps of a filter.
        groups: Number of groups that the channels are split into.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OL)``.

    Raises:
        InvalidType: An input is not float, or the channels or ``outsize`` do not fit.
        ValueError: ``x`` has not 3 axes, a number is out of range, or the output would
            be empty.

    Gradient: as of `deconvolution_nd`.
    Double backprop: yes, to any order.
    Kernels: those of `deconvolution_2d`, on images with one row.
    Source: compatible with chainer.functions.deconvolution_1d.

    Example:
        >>> x, W = np.ones((1, 1, 3), 'f'), np.array([[[1., 2., 3.]]], 'f')
        >>> F.deconvolution_1d(x, W, stride=2).array
        array([[[1., 2., 4., 2., 4., 2., 3.]]], dtype=float32)
    """
    require_axes('deconvolution_1d', x, 1)
    return deconvolution_nd(x, W, b, stride, pad, outsize, dilate, groups)


@checks_arguments
def deconvolution_3d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    outsize: Any = None,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Deconvolution of volumes; see `deconvolution_nd`.

    Args:
        x: Volumes, float, shape ``(N, C, D, H, W)``.
        W: Filters, float, shape ``(C, OC / groups, KD, KH, KW)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between the places of two input voxels, ``s`` or
            ``(sz, sy, sx)``.
        pad: Width cut off around the output, ``p`` or ``(pd, ph, pw)``.
        outsize: ``(OD, OH, OW)``; None takes the smallest size.
        dilate: Distance between the taps of a filter, ``d`` or ``(dz, dy, dx)``.
        groups: Number of groups that the channels are split into.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OD, OH, OW)``.

    Raises:
        InvalidType: An input is not float, or the channels or ``outsize`` do not fit.
        ValueError: ``x`` has not 5 axes, a number is out of range, or the output would
            be empty.

    Gradient: as of `deconvolution_nd`.
    Double backprop: yes, to any order.
    Kernels: those of `deconvolution_2d`; depth becomes channels.
    Source: compatible with chainer.functions.deconvolution_3d.

    Example:
        >>> x, W = np.ones((1, 3, 4, 4, 4), 'f'), np.ones((3, 2, 4, 4, 4), 'f')
        >>> F.deconvolution_3d(x, W, stride=2, pad=1).shape
        (1, 2, 8, 8, 8)
    """
    require_axes('deconvolution_3d', x, 3)
    return deconvolution_nd(x, W, b, stride, pad, outsize, dilate, groups)
