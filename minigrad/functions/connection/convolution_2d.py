"""Two-dimensional convolution."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection._convolution import (
    Convolution2DFunction as Convolution2DFunction,
)
from minigrad.functions.connection._convolution import (
    Convolution2DGradW as Convolution2DGradW,
)
from minigrad.kernels.specs import IntPair
from minigrad.named_arguments import checks_arguments, refuse_keywords
from minigrad.variable import Variable


@checks_arguments
def convolution_2d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntPair = 1,
    pad: IntPair = 0,
    cover_all: bool = False,
    *,
    dilate: IntPair = 1,
    groups: int = 1,
    **kwargs: Any,
) -> Variable:
    """Two-dimensional convolution of images with filters.

    Each output pixel is the inner product of a filter and the window of ``x`` below it
    (cross-correlation: the filter is not flipped), plus a bias.

    Args:
        x: Images, float, shape ``(N, C, H, W)``.
        W: Filters, float, shape ``(OC, C / groups, KH, KW)``.
        b: Biases, dtype of ``x``, shape ``(OC,)``; None for none.
        stride: Distance between windows, ``s`` or ``(sy, sx)``.
        pad: Zeros put around each image, ``p`` or ``(ph, pw)``.
        cover_all: If True the output size rounds up so that every pixel is covered.
        dilate: Distance between the taps of a filter, ``d`` or ``(dy, dx)``.
        groups: Number of groups that the channels are split into; filters of a group
            see only its own input channels.
        **kwargs: Refused; ``deterministic`` and its like say what takes their place.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OH, OW)`` with
        ``OH = (H + 2 ph - dy (KH - 1) - 1) // sy + 1``.

    Raises:
        InvalidType: An input is not float with 4 axes, or the channels do not fit.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: a deconvolution for ``x``, a correlation of ``x`` and ``gy`` for ``W``.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn (cover_all=False).
    Source: LeCun et al. 1998; compatible with chainer.functions.convolution_2d.

    Example:
        >>> x, W = np.ones((1, 3, 30, 40), 'f'), np.ones((2, 3, 10, 10), 'f')
        >>> F.convolution_2d(x, W, stride=(5, 7), pad=5).shape
        (1, 2, 7, 6)
        >>> F.convolution_2d(x, W, stride=(5, 7), pad=5, cover_all=True).shape
        (1, 2, 7, 7)
    """
    refuse_keywords(kwargs, 'convolution_2d')
    function = Convolution2DFunction(
        stride, pad, cover_all, dilate=dilate, groups=groups
    )
    return function.apply((x, W) if b is None else (x, W, b))[0]
