"""Reversal of the order of rows."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.types import Array
from minigrad.variable import Variable


class FlipUD(FunctionNode):
    arg_names = ('a',)
    public_name = 'flipud'

    def check_type_forward(self, in_types: InputTypes) -> None:
        (a,) = in_types
        if a.dtype.kind != 'f':
            raise self.refuse("a.dtype.kind == 'f'", a.dtype)
        if a.ndim < 1:
            raise self.refuse('a.ndim >= 1', a.ndim)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs[0][::-1]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return flipud(grad_outputs[0])


def flipud(a: Any) -> Variable:
    """Reverses the order of the rows, along axis 0.

    Args:
        a: Variable or array, float, with one axis or more.

    Returns:
        Variable, a view of ``a``.

    Raises:
        InvalidType: ``a`` is not float, or has too few axes.

    Gradient: flipped back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.flipud.

    Example:
        >>> F.flipud(np.array([[1., 2.], [3., 4.]])).array
        array([[3., 4.],
               [1., 2.]])
    """
    return FlipUD().apply((a,))[0]
