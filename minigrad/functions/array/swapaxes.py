"""Exchange of two axes."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Swapaxes(FunctionNode):
    arg_names = ('x',)

    def __init__(self, axis1: int, axis2: int) -> None:
        self.axis1 = axis1
        self.axis2 = axis2

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        for axis in (self.axis1, self.axis2):
            if not -x.ndim <= axis < x.ndim:
                raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs[0].swapaxes(self.axis1, self.axis2)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return swapaxes(grad_outputs[0], self.axis1, self.axis2)


@checks_arguments
def swapaxes(x: Any, axis1: int, axis2: int) -> Variable:
    """Exchanges two axes.

    Args:
        x: Variable or array.
        axis1: The one axis.
        axis2: The other axis.

    Returns:
        Variable, a view of ``x``.

    Raises:
        InvalidType: ``x`` has no such axis.

    Gradient: swapped back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.swapaxes.

    Example:
        >>> F.swapaxes(np.ones((2, 3, 4)), 0, 2).shape
        (4, 3, 2)
    """
    return Swapaxes(axis1, axis2).apply((x,))[0]
