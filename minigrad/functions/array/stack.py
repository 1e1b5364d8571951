"""Joining along a new axis, and taking apart: each other's derivatives."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
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
        return separate(grad_outputs[0], self.axis)


@checks_arguments
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


class Separate(FunctionNode):
    arg_names = ('x',)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if not -x.ndim <= self.axis < x.ndim:
            raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', self.axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        axis = self.axis % x.ndim
        self._shape = x.shape[:axis] + x.shape[axis + 1 :]
        return tuple(get_array_module(x).moveaxis(x, axis, 0))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        known = next(gy for gy in grad_outputs if gy is not None)
        xp, dtype = get_array_module(known), known.dtype
        gys = [
            xp.zeros(self._shape, dtype) if gy is None else gy for gy in grad_outputs
        ]
        return stack(gys, self.axis)


@checks_arguments
def separate(x: Any, axis: int = 0) -> tuple[Variable, ...]:
    """Takes a variable apart along an axis.

    Args:
        x: Variable or array.
        axis: The axis to take apart.

    Returns:
        Tuple of ``x.shape[axis]`` Variables without that axis.

    Raises:
        InvalidType: ``x`` has no such axis.

    Gradient: the parts' gradients, stacked; zeros for a part without one.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.separate.

    Example:
        >>> [y.array.tolist() for y in F.separate(np.array([[1., 2.], [3., 4.]]), 1)]
        [[1.0, 3.0], [2.0, 4.0]]
    """
    return Separate(axis).apply((x,))
