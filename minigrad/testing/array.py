"""Comparing and making arrays in tests."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import (
    CpuDevice,
    get_array_module,
    get_device_from_array,
    using_device,
)
from minigrad.types import Array
from minigrad.variable import Variable


def assert_allclose(
    x: Any, y: Any, atol: float = 1e-5, rtol: float = 1e-4, verbose: bool = True
) -> None:
    """Raises if ``abs(x - y) <= atol + rtol * abs(y)`` does not hold everywhere.

    Args:
        x: Actual values: an array of any device, a Variable or a number.
        y: Expected values.
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        verbose: Whether the message shows the arrays.

    Raises:
        AssertionError: A shape or a value differs; the message has the worst element.

    Source: compatible with chainer.testing.assert_allclose.

    Example:
        >>> minigrad.testing.assert_allclose(np.array([1.0, 2.0]), [1.0, 2.00001])
    """
    x, y = _on_cpu(x), _on_cpu(y)
    try:
        numpy.testing.assert_allclose(x, y, atol=atol, rtol=rtol, verbose=verbose)
    except AssertionError as error:
        if x.shape == y.shape and x.size:
            error.add_note(_worst(x, y, atol, rtol))
        error.add_note(f'x  {x.dtype} {x.shape}\ny  {y.dtype} {y.shape}')
        raise


def _on_cpu(x: Any) -> Array:
    array = x.array if isinstance(x, Variable) else x
    return numpy.asarray(CpuDevice().send(array))


def _worst(x: Array, y: Array, atol: float, rtol: float) -> str:
    wide = numpy.result_type(x, y, numpy.float64)
    error = numpy.abs(x.astype(wide) - y.astype(wide))
    tolerance = atol + rtol * numpy.abs(y.astype(wide))
    excess = numpy.where(numpy.isnan(error), numpy.inf, error - tolerance)
    i = numpy.unravel_index(numpy.argmax(excess), x.shape)
    index = ', '.join(str(int(n)) for n in i)
    return (
        f'worst at [{index}]: x {x[i]}, y {y[i]},'
        f' error {error[i]:.3g}, tolerance {tolerance[i]:.3g}'
    )


def _as_noncontiguous_array(array: Any) -> Any:
    """Copies an array, or a list or tuple of arrays, with gaps and negative strides.

    None, and what has fewer than two elements, stays as it is.
    """
    if isinstance(array, list | tuple):
        return type(array)([_as_noncontiguous_array(a) for a in array])
    if array is None or array.size <= 1:
        return array
    with using_device(get_device_from_array(array)):
        xp = get_array_module(array)
        backwards = (slice(None, None, -2),) * array.ndim
        copy = xp.empty([2 * n for n in array.shape], array.dtype)[backwards]
        copy[...] = array
    return copy
