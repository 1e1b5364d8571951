"""Convolution with filters of its own at every place."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker
from minigrad.functions.array.cast import cast
from minigrad.functions.array.im2col import im2col
from minigrad.functions.array.transpose import transpose
from minigrad.functions.math.matmul import matmul
from minigrad.kernels.specs import IntPair, _pair
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def local_convolution_2d(
    x: Any, W: Any, b: Any = None, stride: IntPair = 1
) -> Variable:
    """Two-dimensional convolution whose weights are not shared between places.

    Args:
        x: Images, float, shape ``(N, C, H, W)``.
        W: Filters, float, shape ``(OC, OH, OW, C, KH, KW)``: one for each output pixel.
        b: Biases, dtype of ``x``, shape ``(OC, OH, OW)``; None for none.
        stride: Distance between windows, ``s`` or ``(sy, sx)``.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OH, OW)``.

    Raises:
        InvalidType: Dtypes, axes or channels do not fit, or the images are too small.
        ValueError: ``stride`` is out of range.

    Gradient: products of ``gy`` with the filter, or with the window, of each place.
    Double backprop: yes, to any order.
    Kernels: those of `im2col` and `matmul`.
    Source: Taigman et al. 2014; compatible with chainer.functions.local_convolution_2d.

    Example:
        >>> x, W = np.ones((2, 3, 7, 7)), np.ones((2, 5, 5, 3, 3, 3))
        >>> F.local_convolution_2d(x, W).shape
        (2, 2, 5, 5)
    """
    function = 'local_convolution_2d'
    check = Checker(function, x=x, W=W, b=b)
    check.float_with_axes(x=4, W=6)
    OC, OH, OW, C, KH, KW = W.shape
    got = f'{x.shape[1]} != {C}'
    if x.shape[1] != C:
        raise check.refuse('x.shape[1] == W.shape[3]', got)
    if b is not None:
        got = f'{b.dtype} != {x.dtype}'
        if b.dtype != x.dtype:
            raise check.refuse('b.dtype == x.dtype', got)
        if b.shape != (OC, OH, OW):
            raise check.refuse('b.shape == W.shape[:3]', b.shape)
    sy, sx = _pair(stride, 'stride', 1, function)
    h, w = (OH - 1) * sy + KH, (OW - 1) * sx + KW
    if x.shape[2] < h or x.shape[3] < w:
        raise check.refuse(
            f'images of {h}x{w} pixels or more, for {OH}x{OW} windows',
            f'{x.shape[2]}x{x.shape[3]}',
        )
    x = as_variable(x)
    if x.shape[2:] != (h, w):
        x = x[:, :, :h, :w]
    col = im2col(x, (KH, KW), (sy, sx))  # (N, C * KH * KW, OH, OW)
    # One product of matrices for each place: (N, C * KH * KW) with (C * KH * KW, OC).
    col = transpose(col, (2, 3, 0, 1))
    W = transpose(W, (1, 2, 3, 4, 5, 0)).reshape((OH, OW, C * KH * KW, OC))
    y = transpose(matmul(col, cast(W, x.dtype)), (2, 3, 0, 1))
    return y if b is None else y + b
