"""Reversal of the order of columns."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.types import Array
from minigrad.variable import Variable


class FlipLR(FunctionNode):
    arg_names = ('a',)
    public_name = 'fliplr'

    def check_type_forward(self, in_types: InputTypes) -> None:
        (a,) = in_types
        if a.dtype.kind != 'f':
            raise self.refuse("a.dtype.kind == 'f'", a.dtype)
        if a.ndim < 2:
            raise self.refuse('a.ndim >= 2', a.ndim)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs[0][:, ::-1]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return fliplr(grad_outputs[0])


def fliplr(a: Any) -> Variable:
    """Reverses the order of the columns, along axis 1.

    Args:
        a: Variable or array, float, with two axes or more.

    Returns:
        Variable, a view of ``a``.

    Raises:
        InvalidType: ``a`` is not float, or has too few axes.

    Gradient: flipped back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.fliplr.

    Example:
        >>> F.fliplr(np.array([[1., 2.], [3., 4.]])).array
        array([[2., 1.],
               [4., 3.]])
    """
    return FlipLR().apply((a,))[0]
