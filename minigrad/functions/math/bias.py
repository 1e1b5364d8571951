"""Sum with an array that is broadcast along given axes."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker
from minigrad.functions.array.reshape import reshape
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


def aligned(function: str, x: Variable, y: Variable, axis: int) -> Variable:
    """Returns ``y`` with axes of length 1 added, so that it starts at ``x``'s ``axis``."""
    stop = axis + y.ndim
    along = x.shape[axis:stop]
    if len(along) != y.ndim or any(
        n not in (1, m) for n, m in zip(y.shape, along, strict=True)
    ):
        raise Checker(function, x=x, y=y).refuse(
            f'y.shape == x.shape[{axis}:{stop}]',
            f'{y.shape} != {along}',
            'axis is the first axis of x that y goes along',
        )
    return reshape(y, (1,) * axis + y.shape + (1,) * (x.ndim - stop))


@checks_arguments
def bias(x: Any, y: Any, axis: int = 1) -> Variable:
    """Sum of ``x`` and ``y``, where ``y`` goes along some axes of ``x``.

    Args:
        x: Variable or array, float.
        y: What to add, dtype of ``x``, shape ``x.shape[axis:axis + y.ndim]``.
        axis: First axis of ``x`` that ``y`` goes along; unlike NumPy's broadcasting, the
            axes need not be the last ones.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: The shapes do not fit, or the dtypes differ.

    Gradient: ``gy`` for ``x``; its sum over the other axes for ``y``.
    Double backprop: yes.
    Kernels: reference.
    Source: Caffe's bias layer; compatible with chainer.functions.bias.

    Example:
        >>> F.bias(np.zeros((1, 2, 2)), np.array([1., 2.])).array
        array([[[1., 1.],
                [2., 2.]]])
    """
    x = as_variable(x)
    z: Variable = x + aligned('bias', x, as_variable(y), axis)
    return z
