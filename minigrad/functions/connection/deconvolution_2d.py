"""Two-dimensional deconvolution: the gradient of a convolution, with a name."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection._convolution import (
    Deconvolution2DFunction as Deconvolution2DFunction,
)
from minigrad.kernels.specs import IntPair
from minigrad.named_arguments import checks_arguments, refuse_keywords
from minigrad.variable import Variable


@checks_arguments
def deconvolution_2d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntPair = 1,
    pad: IntPair = 0,
    outsize: Any = None,
    *,
    dilate: IntPair = 1,
    groups: int = 1,
    **kwargs: Any,
) -> Variable:
    """Two-dimensional deconvolution, also called transposed convolution.

    It maps ``x`` to images as the gradient of a convolution would: every input pixel
    adds its multiple of a filter to the output.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        W: Filters, float, shape ``(C, OC / groups, KH, KW)``.
        b: Biases, dtype of ``x``, shape ``(OC,)``; None for none.
        stride: Distance between the places of two input pixels, ``s`` or ``(sy, sx)``.
        pad: Width cut off around the output, ``p`` or ``(ph, pw)``.
        outsize: ``(OH, OW)``; None takes the smallest size.
        dilate: Distance between the taps of a filter, ``d`` or ``(dy, dx)``.
        groups: Number of groups that the channels are split into.
        **kwargs: Refused; ``deterministic`` and its like say what takes their place.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OH, OW)`` with
        ``OH = sy (H - 1) + dy (KH - 1) + 1 - 2 ph``.

    Raises:
        InvalidType: An input is not float with 4 axes, the channels do not fit, or no
            convolution maps ``outsize`` to the size of ``x``.
        ValueError: A number is out of range, or the output would be empty.

    Gradient: a convolution for ``x``, a correlation of ``gy`` and ``x`` for ``W``.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn.
    Source: Zeiler et al. 2010; compatible with chainer.functions.deconvolution_2d.

    Example:
        >>> x, W = np.ones((1, 3, 5, 10), 'f'), np.ones((3, 2, 10, 10), 'f')
        >>> F.deconvolution_2d(x, W, stride=(5, 7), pad=5).shape
        (1, 2, 20, 63)
    """
    refuse_keywords(kwargs, 'deconvolution_2d')
    function = Deconvolution2DFunction(
        stride, pad, outsize, dilate=dilate, groups=groups
    )
    return function.apply((x, W) if b is None else (x, W, b))[0]
