"""Insertion of an axis of length 1."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class ExpandDims(FunctionNode):
    arg_names = ('x',)
    on_arrays = True

    def __init__(self, axis: int) -> None:
        self.axis = int(axis)

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if not -x.ndim - 1 <= self.axis <= x.ndim:
            raise self.refuse(f'{-x.ndim - 1} <= axis <= {x.ndim}', self.axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        return get_array_module(x).expand_dims(x, self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return grad_outputs[0].reshape(self._in_shape)


@checks_arguments
def expand_dims(x: Any, axis: int) -> Variable:
    """Inserts an axis of length 1.

    Args:
        x: Variable or array.
        axis: Where the new axis is in the result, ``-x.ndim - 1 <= axis <= x.ndim``.

    Returns:
        Variable, a view of ``x``.

    Raises:
        InvalidType: ``axis`` is out of range.

    Gradient: reshaped back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.expand_dims.

    Example:
        >>> F.expand_dims(np.ones((2, 3)), 1).shape
        (2, 1, 3)
    """
    return ExpandDims(axis).apply((x,))[0]
