"""Reading of ``axis`` arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from minigrad.suggestions import shown

Axis = int | Sequence[int] | None
Axes = tuple[int, ...] | None


def is_int(value: object) -> bool:
    """Whether ``value`` is an integer, Python's or NumPy's."""
    return isinstance(value, (int, numpy.integer))


def read_axes(axis: Any, function: str) -> Axes:
    """Returns ``axis`` as a tuple, or None for all axes.

    Raises:
        TypeError: It is neither None, an int nor a tuple of ints.
        ValueError: An axis stands twice in the tuple.
    """
    if axis is None:
        return None
    if is_int(axis):
        return (axis,)
    if not (isinstance(axis, tuple) and all(is_int(a) for a in axis)):
        raise TypeError(
            f'{function}: axis must be None, an int or a tuple of ints, got {shown(axis)}'
        )
    if len(set(axis)) != len(axis):
        raise ValueError(f'{function}: duplicate value in axis: {axis}')
    return axis


def reduced_shape(shape: tuple[int, ...], axes: Axes) -> tuple[int, ...]:
    """Returns ``shape`` with 1 for the axes that were reduced."""
    if axes is None:
        return (1,) * len(shape)
    kept = list(shape)
    for axis in axes:
        kept[axis] = 1
    return tuple(kept)
