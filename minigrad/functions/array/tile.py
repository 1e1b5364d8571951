"""Repetition of the whole array."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode
from minigrad.functions._axis import is_int
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.sum import sum as sum_of
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable


class Tile(FunctionNode):
    arg_names = ('x',)

    def __init__(self, reps: tuple[int, ...]) -> None:
        self.reps = reps

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        return get_array_module(x).tile(x, self.reps)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        shape, reps = self._in_shape, self.reps
        shape = (1,) * (len(reps) - len(shape)) + shape
        reps = (1,) * (len(shape) - len(reps)) + reps
        # Two axes for each: the copies, and the elements of one copy.
        apart = [n for pair in zip(reps, shape, strict=True) for n in pair]
        gx = sum_of(reshape(gy, apart), tuple(range(0, len(apart), 2)))
        return reshape(gx, self._in_shape)


@checks_arguments
def tile(x: Any, reps: Ints) -> Variable:
    """Lays copies of an array side by side.

    Args:
        x: Variable or array.
        reps: How many copies along each axis, an int or a tuple of ints; they count from
            the last axis.

    Returns:
        Variable.

    Raises:
        TypeError: ``reps`` is of another type.
        ValueError: A number is negative.

    Gradient: the sum of ``gy`` over the copies.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.tile.

    Example:
        >>> F.tile(np.array([1., 2.]), 2).array
        array([1., 2., 1., 2.])
    """
    if is_int(reps):
        reps = (reps,)
    elif not (isinstance(reps, tuple) and all(is_int(r) for r in reps)):
        raise TypeError(f'tile: reps must be an int or a tuple of ints, got {reps!r}')
    if any(r < 0 for r in reps):
        raise ValueError(f'tile: reps must not be negative, got {reps}')
    return Tile(reps).apply((x,))[0]
