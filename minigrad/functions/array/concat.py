"""Concatenation along an axis, the inverse of `split_axis`."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.types import Array
from minigrad.variable import Variable


class Concat(FunctionNode):
    def __init__(self, axis: int = 1) -> None:
        if not isinstance(axis, int):
            raise TypeError(f'{self.public_name}: axis must be an int, got {axis!r}')
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        if not in_types:
            raise self.refuse('at least one input', 'none')
        first = in_types[0]
        ndim = first.ndim
        if not -ndim <= self.axis < ndim:
            raise self.refuse(f'-{ndim} <= axis < {ndim}', self.axis)
        axis = self.axis % ndim
        before, after = first.shape[:axis], first.shape[axis + 1 :]
        for x in in_types[1:]:
            if x.dtype != first.dtype:
                raise self.refuse(
                    'inputs of one dtype',
                    f'{first.dtype} and {x.dtype}',
                    'cast one of them with F.cast(x, dtype)',
                )
            if (
                x.ndim != ndim
                or x.shape[:axis] != before
                or x.shape[axis + 1 :] != after
            ):
                raise self.refuse(
                    f'shapes that differ in axis {axis} only',
                    f'{first.shape} and {x.shape}',
                )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self._sizes = [x.shape[self.axis] for x in inputs]
        return get_array_module(*inputs).concatenate(inputs, self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        from minigrad.functions.array.split_axis import split_axis

        if len(self._sizes) == 1:
            return grad_outputs
        ends = list(accumulate(self._sizes[:-1]))
        return split_axis(grad_outputs[0], ends, self.axis)


def same_ndim(xs: list[Variable]) -> bool:
    """Whether all have as many axes; if not, `Concat` says so."""
    return all(x.ndim == xs[0].ndim for x in xs)


def concat(xs: Any, axis: int = 1) -> Variable:
    """Joins variables along an axis.

    Args:
        xs: Tuple or list of Variables or arrays of one dtype, whose shapes are equal
            but for ``axis``.
        axis: The axis along which to join; the channels by default.

    Returns:
        Variable; its length along ``axis`` is the sum of the lengths.

    Raises:
        InvalidType: Dtypes or shapes do not fit, or ``xs`` is empty.
        TypeError: ``axis`` is no int.

    Gradient: ``gy``, split again.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.concat.

    Example:
        >>> F.concat([np.array([[1., 2.]]), np.array([[3.]])]).array
        array([[1., 2., 3.]])
    """
    return Concat(axis).apply(xs)[0]
