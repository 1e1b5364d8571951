"""Arrays from what NumPy returns, and their shapes."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.types import Array, Shape


def force_array(x: Any, dtype: Any = None) -> Array:
    """Returns ``x`` as an array: arithmetic on 0-d arrays gives scalars.

    Args:
        x: Array or scalar.
        dtype: Dtype of the result; None keeps that of ``x``.

    Example:
        >>> minigrad.utils.force_array(np.array(1.) + 1)
        array(2.)
    """
    if numpy.isscalar(x):
        return numpy.array(x, dtype)
    return x if dtype is None else x.astype(dtype, copy=False)


def force_type(dtype: Any, value: Any) -> Any:
    """Returns ``value``, an array or a scalar, in a dtype.

    Example:
        >>> minigrad.utils.force_type(np.dtype('f'), 2)
        np.float32(2.0)
    """
    dtype = numpy.dtype(dtype)
    if numpy.isscalar(value):
        return dtype.type(value)
    return value.astype(dtype, copy=False)


def size_of_shape(shape: Shape) -> int:
    """Returns the number of elements of an array of that shape.

    Example:
        >>> minigrad.utils.size_of_shape((2, 3))
        6
    """
    return math.prod(shape)


def sum_to(x: Array, shape: tuple[int, ...]) -> Array:
    """Returns an array summed over the axes along which ``shape`` was broadcast to it.

    Raises:
        TypeError: ``x`` is a Variable; ``minigrad.functions.sum_to`` takes those.

    Example:
        >>> minigrad.utils.sum_to(np.ones((2, 3)), (1, 3))
        array([[2., 2., 2.]])
    """
    if hasattr(x, 'creator_node'):
        raise TypeError(
            'minigrad.utils.sum_to takes arrays; use minigrad.functions.sum_to'
        )
    if x.shape == tuple(shape):
        return x
    lead = x.ndim - len(shape)
    axes = tuple(i for i in range(x.ndim) if i < lead or shape[i - lead] == 1)
    return x.sum(axis=axes, keepdims=True).reshape(shape)


def check_padding(function: str, padding: Any, dtype: Any) -> None:
    """Refuses numbers to pad with that a dtype cannot hold.

    A NumPy array would be filled with another number, such as 255 for -1 in uint8.

    Args:
        function: Who pads, for the message.
        padding: The number, or an array of numbers.
        dtype: Dtype of what is padded.

    Raises:
        ValueError: The dtype has no such number; what it rounds is no such case.

    Example:
        >>> from minigrad.utils.array import check_padding
        >>> check_padding('pad_sequence', -1, np.dtype('uint8'))
        Traceback (most recent call last):
        ValueError: pad_sequence: expected a padding that uint8 can hold, got -1
          hint: cast the arrays to a dtype that holds it, or pad with another number
    """
    dtype = numpy.dtype(dtype)
    given = get_array_module(padding).asarray(padding)
    if dtype.kind not in 'biuf' or given.dtype.kind not in 'biuf':
        return
    with numpy.errstate(all='ignore'):
        held = given.astype(dtype)
    if dtype.kind == 'f':
        fits = numpy.isinf(held) == numpy.isinf(given)
    else:
        fits = held == given
    if not fits.all():
        raise ValueError(
            f'{function}: expected a padding that {dtype} can hold, got {padding}\n'
            '  hint: cast the arrays to a dtype that holds it, or pad with another number'
        )


def _deprecated(name: str, instead: str) -> None:
    warnings.warn(
        f'minigrad.utils.array.{name} is deprecated; use {instead}',
        DeprecationWarning,
        stacklevel=3,
    )


def as_vec(x: Array) -> Array:
    """Returns ``x.ravel()``; deprecated."""
    _deprecated('as_vec', 'x.ravel()')
    return x.ravel()


def as_mat(x: Array) -> Array:
    """Returns ``x`` with all axes after the first in one; deprecated."""
    _deprecated('as_mat', 'x.reshape(len(x), -1)')
    return x if x.ndim == 2 else x.reshape(len(x), -1)


def empty_like(x: Array) -> Array:
    """Returns an array like ``x`` without values; deprecated."""
    _deprecated('empty_like', 'xp.empty_like(x)')
    return get_array_module(x).empty_like(x)
