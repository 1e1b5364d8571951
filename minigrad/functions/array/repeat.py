"""Repetition of each element."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.functions.array.get_item import GetItemGrad
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.sum import sum as sum_of
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable, as_variable


class Repeat(FunctionNode):
    """Repetition along one axis; ``axis=None`` is flattened by the caller."""

    arg_names = ('x',)

    def __init__(self, repeats: tuple[int, ...], axis: int) -> None:
        self.repeats = repeats
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if not -x.ndim <= self.axis < x.ndim:
            raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', self.axis)
        n = x.shape[self.axis]
        if len(self.repeats) not in (1, n):
            raise ValueError(
                f'repeat: repeats must be one number or {n}, one for each element of '
                f'axis {self.axis}, got {len(self.repeats)}'
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        repeats: Any = self.repeats
        if len(repeats) == 1:
            repeats = int(repeats[0])
        return get_array_module(x).repeat(x, repeats, self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        shape = self._in_shape
        axis = self.axis % len(shape)
        if len(self.repeats) == 1:
            apart = (*shape[: axis + 1], int(self.repeats[0]), *shape[axis + 1 :])
            return sum_of(reshape(gy, apart), axis + 1)
        origin = numpy.repeat(numpy.arange(shape[axis]), self.repeats)
        index = (*[slice(None)] * axis, gy.xp.asarray(origin))
        return GetItemGrad(index, shape).apply(grad_outputs)


@checks_arguments
def repeat(x: Any, repeats: Ints, axis: int | None = None) -> Variable:
    """Repeats each element along an axis.

    Args:
        x: Variable or array.
        repeats: How often, an int or a tuple of ints, one for each element.
        axis: An int, or None to flatten ``x`` first.

    Returns:
        Variable.

    Raises:
        InvalidType: ``x`` has no such axis.
        TypeError: ``repeats`` or ``axis`` is of another type.
        ValueError: A number is negative, or their count does not fit.

    Gradient: the sum of ``gy`` over the repetitions.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.repeat.

    Example:
        >>> F.repeat(np.array([1., 2.]), (2, 1)).array
        array([1., 1., 2.])
    """
    if is_int(repeats):
        repeats = (repeats,)
    elif not (isinstance(repeats, tuple) and all(is_int(r) for r in repeats)):
        raise TypeError(
            f'repeat: repeats must be an int or a tuple of ints, got {repeats!r}'
        )
    if any(r < 0 for r in repeats):
        raise ValueError(f'repeat: repeats must not be negative, got {repeats}')
    if axis is None:
        x = as_variable(x)
        return Repeat(repeats, 0).apply((reshape(x, (x.size,)),))[0]
    if not is_int(axis) or isinstance(axis, bool):
        raise TypeError(f'repeat: axis must be None or an int, got {axis!r}')
    return Repeat(repeats, axis).apply((x,))[0]
