"""Reversal of the order along an axis."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Flip(FunctionNode):
    arg_names = ('x',)

    def __init__(self, axis: int) -> None:
        if not is_int(axis):
            raise TypeError(f'flip: axis must be an int, got {axis!r}')
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if not -x.ndim <= self.axis < x.ndim:
            raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', self.axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        return get_array_module(x).flip(x, self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return flip(grad_outputs[0], self.axis)


@checks_arguments
def flip(x: Any, axis: int) -> Variable:
    """Reverses the order of the elements along an axis.

    Args:
        x: Variable or array.
        axis: The axis to reverse.

    Returns:
        Variable, a view of ``x``.

    Raises:
        InvalidType: ``x`` has no such axis.
        TypeError: ``axis`` is no int.

    Gradient: flipped back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.flip.

    Example:
        >>> F.flip(np.array([1., 2., 3.]), axis=0).array
        array([3., 2., 1.])
    """
    return Flip(axis).apply((x,))[0]
