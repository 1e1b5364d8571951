"""Diagonals."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Diagonal(FunctionNode):
    arg_names = ('x',)

    def __init__(self, offset: int, axis1: int, axis2: int) -> None:
        self.place = (offset, axis1, axis2)
        self.offset, self.axis1, self.axis2 = self.place

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        for axis in self.place[1:]:
            if not -x.ndim <= axis < x.ndim:
                raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        return x.diagonal(*self.place)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return DiagonalGrad(self._in_shape, *self.place).apply(grad_outputs)


class DiagonalGrad(FunctionNode):
    arg_names = ('gy',)

    def __init__(
        self, shape: tuple[int, ...], offset: int, axis1: int, axis2: int
    ) -> None:
        self.shape = shape
        self.place = (offset, axis1, axis2)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        xp = get_array_module(gy)
        gx = xp.zeros(self.shape, gy.dtype)
        offset, axis1, axis2 = self.place
        matrices = xp.moveaxis(gx, (axis1, axis2), (-2, -1))  # a view of gx
        i = xp.arange(gy.shape[-1])
        matrices[..., i + max(-offset, 0), i + max(offset, 0)] = gy
        return gx

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return diagonal(grad_outputs[0], *self.place)


@checks_arguments
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
    """Takes the diagonals of the matrices that two axes form.

    Args:
        x: Variable or array with two axes or more.
        offset: How far above the main diagonal; negative numbers are below it.
        axis1: The axis of the rows.
        axis2: The axis of the columns.

    Returns:
        Variable: the other axes, then the diagonal.

    Raises:
        InvalidType: ``x`` has no such axis.

    Gradient: ``gy`` on the diagonal, zero elsewhere.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.diagonal.

    Example:
        >>> F.diagonal(np.array([[1., 2.], [3., 4.]])).array
        array([1., 4.])
    """
    return Diagonal(offset, axis1, axis2).apply((x,))[0]
