"""What all reductions over axes share."""

from __future__ import annotations

import math
from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import read_axes, reduced_shape
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.variable import Variable


class Reduction(FunctionNode):
    """A float array reduced over some or all of its axes."""

    arg_names = ('x',)

    def __init__(self, axis: Any = None, keepdims: bool = False) -> None:
        self.axis = read_axes(axis, self.public_name)
        self.keepdims = keepdims

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        for axis in self.axis or ():
            if not -x.ndim <= axis < x.ndim:
                raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', axis)

    def count(self, shape: tuple[int, ...]) -> int:
        """Returns how many elements of an array of that shape make one output."""
        if self.axis is None:
            return math.prod(shape)
        return math.prod([shape[axis] for axis in self.axis])

    def spread(self, y: Any, shape: tuple[int, ...]) -> Any:
        """Broadcasts what has the shape of the output, a Variable or an array.

        The result has the shape of the input.
        """
        if self.axis is not None and not self.keepdims:
            y = y.reshape(reduced_shape(shape, self.axis))
        if isinstance(y, Variable):
            return broadcast_to(y, shape)
        return get_array_module(y).broadcast_to(y, shape)
