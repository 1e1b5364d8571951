"""Reordering along an axis."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module, may_look_at
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class Permutate(FunctionNode):
    arg_names = ('x',)

    def __init__(self, indices: Array, axis: int, inv: bool) -> None:
        self.indices = indices
        self.axis = axis
        self.inv = inv

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if not -x.ndim <= self.axis < x.ndim:
            raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', self.axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        xp = get_array_module(x)
        indices = xp.argsort(self.indices) if self.inv else self.indices
        return xp.take(x, indices, axis=self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        inverse = Permutate(self.indices, self.axis, not self.inv)
        return inverse.apply(grad_outputs)


def _check_indices(indices: Array) -> None:
    n = len(indices)
    xp = get_array_module(indices)
    outside = indices[(indices < 0) | (indices >= n)]
    if len(outside):
        raise ValueError(
            f'permutate: index {int(outside[0])} is out of bounds for {n} indices'
        )
    count = xp.bincount(indices, minlength=n)
    if n and count.max() > 1:
        raise ValueError(f'permutate: duplicate index {int(count.argmax())}')


@checks_arguments
def permutate(x: Any, indices: Any, axis: int = 0, inv: bool = False) -> Variable:
    """Reorders the elements along an axis.

    Args:
        x: Variable or array.
        indices: Variable or array, int, a permutation of ``0 ... x.shape[axis] - 1``.
        axis: The axis to reorder.
        inv: If True, the inverse of the permutation.

    Returns:
        Variable, ``y[i] = x[indices[i]]`` along the axis, or ``y[indices[i]] = x[i]``.

    Raises:
        InvalidType: ``x`` has no such axis.
        ValueError: ``indices`` is no permutation (on a GPU only checked in debug mode).

    Gradient: reordered back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.permutate.

    Example:
        >>> x, indices = np.array([1., 2., 3.]), np.array([2, 0, 1])
        >>> F.permutate(x, indices).array
        array([3., 1., 2.])
        >>> F.permutate(x, indices, inv=True).array
        array([2., 3., 1.])
    """
    if indices.dtype.kind != 'i' or indices.ndim != 1:
        raise ValueError(
            'permutate: indices must be ints along one axis, got '
            f'{indices.dtype} {indices.shape}'
        )
    indices = as_array(indices)
    if may_look_at(indices):
        _check_indices(indices)
    return Permutate(indices, axis, inv).apply((x,))[0]
