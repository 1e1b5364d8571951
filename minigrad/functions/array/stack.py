"""Joining along a new axis, the inverse of `separate`."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.types import Array
from minigrad.variable import Variable


class Stack(FunctionNode):
    def __init__(self, axis: int) -> None:
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        if not in_types:
            raise self.refuse('at least one input', 'none')
        first = in_types[0]
        if not -first.ndim - 1 <= self.axis <= first.ndim:
            raise self.refuse(f'{-first.ndim - 1} <= axis <= {first.ndim}', self.axis)
        for x in in_types[1:]:
            if x.dtype != first.dtype or x.shape != first.shape:
                raise self.refuse(
                    'inputs of one shape and dtype',
                    f'{first.dtype} {first.shape} and {x.dtype} {x.shape}',
                )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return get_array_module(*inputs).stack(inputs, axis=self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        from minigrad.functions.array.separate import separate

        return separate(grad_outputs[0], self.axis)


def stack(xs: Any, axis: int = 0) -> Variable:
    """Joins variables of one shape along a new axis.

    Args:
        xs: Tuple or list of Variables or arrays of one shape and dtype.
        axis: Where the new axis is in the result.

    Returns:
        Variable, with one axis more.

    Raises:
        InvalidType: Shapes or dtypes differ, ``axis`` is out of range, or ``xs`` is
            empty.

    Gradient: ``gy``, separated again.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.stack.

    Example:
        >>> F.stack([np.array([1., 2.]), np.array([3., 4.])], axis=1).array
        array([[1., 3.],
               [2., 4.]])
    """
    return Stack(axis).apply(xs)[0]
