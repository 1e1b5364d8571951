"""Rolling of an axis back to a place."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.functions.array.moveaxis import moveaxis
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Rollaxis(FunctionNode):
    arg_names = ('x',)

    def __init__(self, axis: int, start: int) -> None:
        for name, value in (('axis', axis), ('start', start)):
            if not is_int(value):
                raise TypeError(f'rollaxis: {name} must be an int, got {value!r}')
        self.axis = axis
        self.start = start

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        n = x.ndim
        if not -n <= self.axis < n:
            raise self.refuse(f'-{n} <= axis < {n}', self.axis)
        if not -n <= self.start <= n:
            raise self.refuse(f'-{n} <= start <= {n}', self.start)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._axis, start = self.axis % x.ndim, self.start
        if start < 0:
            start += x.ndim
        # Taking the axis out moves the places behind it.
        self._place = start - 1 if self._axis < start else start
        return get_array_module(x).moveaxis(x, self._axis, self._place)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return moveaxis(grad_outputs[0], self._place, self._axis)


@checks_arguments
def rollaxis(x: Any, axis: int, start: int = 0) -> Variable:
    """Rolls an axis back until it lies before another one.

    Args:
        x: Variable or array.
        axis: The axis to move.
        start: The axis before which it comes to lie; ``x.ndim`` for the end.

    Returns:
        Variable, a view of ``x``.

    Raises:
        InvalidType: ``axis`` or ``start`` is out of range.
        TypeError: One of them is no int.

    Gradient: moved back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.rollaxis.

    Example:
        >>> F.rollaxis(np.ones((2, 3, 4)), 2).shape
        (4, 2, 3)
    """
    return Rollaxis(axis, start).apply((x,))[0]
