"""Broadcasting of several arrays to their common shape."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.math.sum_to import BroadcastTo as BroadcastTo
from minigrad.functions.math.sum_to import broadcast_to as broadcast_to
from minigrad.types import Array
from minigrad.variable import as_variable


class Broadcast(FunctionNode):
    broadcasting = True

    def check_type_forward(self, in_types: InputTypes) -> None:
        if not in_types:
            raise self.refuse('at least one input', 'none')
        shapes = [x.shape for x in in_types]
        try:
            numpy.broadcast_shapes(*shapes)
        except ValueError:
            got = ', '.join(map(str, shapes))
            raise self.refuse('shapes that broadcast', got) from None

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        xp = get_array_module(*inputs)
        shape = numpy.broadcast_shapes(*[x.shape for x in inputs])
        return tuple([xp.broadcast_to(x, shape) for x in inputs])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return grad_outputs


def broadcast(*args: Any) -> Any:
    """Broadcasts variables to their common shape.

    Args:
        args: Variables or arrays whose shapes broadcast.

    Returns:
        Tuple of Variables of one shape, or one Variable for one argument.

    Raises:
        InvalidType: The shapes do not broadcast.

    Gradient: summed back to the shape of each input.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.broadcast.

    Example:
        >>> x, y = F.broadcast(np.ones((2, 1)), np.ones(3))
        >>> x.shape, y.shape
        ((2, 3), (2, 3))
    """
    if len(args) == 1:
        return as_variable(args[0])
    return Broadcast().apply(args)
