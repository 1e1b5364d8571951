"""Choice between two arrays, element by element."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class Where(FunctionNode):
    arg_names = ('x', 'y')
    broadcasting = True
    fresh_gradients = True

    def __init__(self, condition: Any) -> None:
        self.condition = condition

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, y = in_types
        condition = self.condition
        if numpy.isscalar(condition):
            condition = numpy.asarray(condition)
        if condition.dtype.kind != 'b':
            raise self.refuse(
                'a bool condition',
                condition.dtype,
                'compare it with a number first, as in x.array > 0',
            )
        if x.dtype != y.dtype:
            raise self.refuse(
                'x.dtype == y.dtype',
                f'{x.dtype} != {y.dtype}',
                'cast one of them with F.cast(x, dtype)',
            )
        shapes = (condition.shape, x.shape, y.shape)
        if not shapes[0] == shapes[1] == shapes[2]:
            try:
                numpy.broadcast_shapes(*shapes)
            except ValueError:
                got = f'{shapes[0]}, {shapes[1]} and {shapes[2]}'
                rule = 'condition, x and y whose shapes broadcast'
                raise self.refuse(rule, got) from None

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return kernels_for(inputs[0]).where(self.condition, *inputs)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (g,) = grad_outputs
        condition = self.condition
        if g.shape and getattr(condition, 'shape', ()) == g.shape:
            return (
                masked(g, condition) if 0 in indexes else None,
                masked(g, ~condition) if 1 in indexes else None,
            )
        zero = g.xp.zeros((), g.dtype)
        return (
            where(self.condition, g, zero) if 0 in indexes else None,
            where(self.condition, zero, g) if 1 in indexes else None,
        )


@checks_arguments
def where(condition: Any, x: Any, y: Any) -> Variable:
    """Takes elements of ``x`` where a condition holds, and of ``y`` elsewhere.

    Args:
        condition: Variable or array, bool; its shape broadcasts with the others.
        x: Variable or array.
        y: Variable or array, dtype of ``x``.

    Returns:
        Variable of the broadcast shape.

    Raises:
        InvalidType: ``condition`` is not bool, the dtypes differ, or the shapes do not
            broadcast.

    Gradient: ``gy`` to whichever of the two was taken, zero to the other.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.where.

    Example:
        >>> x = np.array([1., -2.])
        >>> F.where(x > 0, x, np.zeros(2)).array
        array([1., 0.])
    """
    return Where(as_array(condition)).apply((x, y))[0]
