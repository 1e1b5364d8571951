"""Summation to a broadcastable shape, and broadcasting: each other's derivative."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable, as_variable


def sum_array_to(x: Array, shape: tuple[int, ...]) -> Array:
    """Returns array ``x`` summed over the axes along which ``shape`` was broadcast."""
    lead = x.ndim - len(shape)
    if lead == 1 and shape and x.shape[1:] == shape:  # a bias of a dense layer
        return x.sum(axis=0)
    axes = tuple(range(lead)) + tuple(
        lead + i for i, size in enumerate(shape) if size == 1 and x.shape[lead + i] != 1
    )
    y = x.sum(axis=axes, keepdims=True) if axes else x
    return y.reshape(shape)


class SumTo(FunctionNode):
    arg_names = ('x',)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        lead = x.ndim - len(self.shape)
        if not (
            lead >= 0
            and all(
                n in (1, m) for n, m in zip(self.shape, x.shape[lead:], strict=True)
            )
        ):
            raise self.refuse(
                'a shape that broadcasts to x.shape', f'{self.shape} for {x.shape}'
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        return sum_array_to(x, self.shape)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return broadcast_to(grad_outputs[0], self._in_shape)


@checks_arguments
def sum_to(x: Any, shape: Ints) -> Variable:
    """Sums elements along axes so that the result has a given shape.

    The inverse of broadcasting: leading axes and axes of length 1 in ``shape`` are
    summed over.

    Args:
        x: Variable or array of any shape, float.
        shape: Tuple of ints that broadcasts to ``x.shape``.

    Returns:
        Variable of that shape and the dtype of ``x``; ``x`` itself if nothing is to do.

    Raises:
        InvalidType: ``shape`` does not broadcast to ``x.shape``.

    Gradient: broadcast back to the shape of ``x``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.sum_to.

    Example:
        >>> F.sum_to(np.ones((2, 3), 'f'), (2, 1)).array
        array([[3.],
               [3.]], dtype=float32)
    """
    shape = tuple(shape)
    variable = as_variable(x)
    if variable.shape == shape:
        return variable
    return SumTo(shape).apply((variable,))[0]


class BroadcastTo(FunctionNode):
    arg_names = ('x',)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        lead = len(self.shape) - x.ndim
        if not (
            lead >= 0
            and all(
                n in (1, m) for n, m in zip(x.shape, self.shape[lead:], strict=True)
            )
        ):
            raise self.refuse(
                'x.shape that broadcasts to shape', f'{x.shape} for {self.shape}'
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        return get_array_module(x).broadcast_to(x, self.shape)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return sum_to(grad_outputs[0], self._in_shape)


@checks_arguments
def broadcast_to(x: Any, shape: Ints) -> Variable:
    """Broadcasts a variable to a given shape.

    Args:
        x: Variable or array.
        shape: Tuple of ints that ``x.shape`` broadcasts to.

    Returns:
        Variable of that shape and the dtype of ``x``; ``x`` itself if nothing is to do.

    Raises:
        InvalidType: ``x.shape`` does not broadcast to ``shape``.

    Gradient: summed back to the shape of ``x``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.broadcast_to.

    Example:
        >>> F.broadcast_to(np.array([1., 2.], 'f'), (2, 2)).array
        array([[1., 2.],
               [1., 2.]], dtype=float32)
    """
    shape = tuple(shape)
    variable = as_variable(x)
    if variable.shape == shape:
        return variable
    return BroadcastTo(shape).apply((variable,))[0]
