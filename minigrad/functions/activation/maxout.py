"""The maxout unit."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker
from minigrad.functions.math.minmax import max as max_of
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def maxout(x: Any, pool_size: int, axis: int = 1) -> Variable:
    """Maximum of each group of ``pool_size`` consecutive elements along an axis.

    Args:
        x: Variable or array, float, whose length along ``axis`` is a multiple of
            ``pool_size``.
        pool_size: Size of a group.
        axis: The axis that is grouped.

    Returns:
        Variable, dtype of ``x``, its length along ``axis`` divided by ``pool_size``.

    Raises:
        InvalidType: The length is no multiple of ``pool_size``.
        ValueError: ``pool_size`` is not positive.

    Gradient: to the maximum of each group; to all of them where several are equal.
    Double backprop: yes.
    Kernels: reference.
    Source: Goodfellow et al. 2013; compatible with chainer.functions.maxout.

    Example:
        >>> F.maxout(np.array([[1., 3., 2., -4.]]), 2).array
        array([[3., 2.]])
    """
    x = as_variable(x)
    if pool_size <= 0:
        raise ValueError(f'maxout: expected pool_size > 0, got {pool_size}')
    shape = x.shape
    if not -len(shape) <= axis < len(shape):
        raise Checker('maxout', x=x).refuse('-x.ndim <= axis < x.ndim', axis)
    axis %= len(shape)
    if shape[axis] % pool_size != 0:
        raise Checker('maxout', x=x).refuse(
            'x.shape[axis] % pool_size == 0',
            f'{shape[axis]} % {pool_size} == {shape[axis] % pool_size}',
        )
    groups = (*shape[:axis], shape[axis] // pool_size, pool_size, *shape[axis + 1 :])
    return max_of(x.reshape(groups), axis=axis + 1)
