"""Removal of axes of length 1."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import Axis, read_axes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Squeeze(FunctionNode):
    arg_names = ('x',)
    on_arrays = True

    def __init__(self, axis: Any = None) -> None:
        self.axis = read_axes(axis, 'squeeze')

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        for axis in self.axis or ():
            if not -x.ndim <= axis < x.ndim:
                raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        for axis in self.axis or ():
            if x.shape[axis] != 1:
                raise ValueError(
                    f'squeeze: axis {axis} has length {x.shape[axis]}, not 1, in shape '
                    f'{x.shape}'
                )
        return x.squeeze(self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return grad_outputs[0].reshape(self._in_shape)


@checks_arguments
def squeeze(x: Any, axis: Axis = None) -> Variable:
    """Removes axes of length 1.

    Args:
        x: Variable or array.
        axis: The axes to remove, an int or a tuple of ints; None for all of length 1.

    Returns:
        Variable, a view of ``x``.

    Raises:
        InvalidType: ``x`` has no such axis.
        TypeError: ``axis`` is of another type.
        ValueError: An axis to remove is not of length 1.

    Gradient: reshaped back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.squeeze.

    Example:
        >>> F.squeeze(np.ones((2, 1, 3, 1)), axis=1).shape
        (2, 3, 1)
    """
    return Squeeze(axis).apply((x,))[0]
