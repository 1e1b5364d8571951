"""Arrays to test converters with."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.types import Array


def shaped_range(*shape: int, dtype: Any = numpy.float32) -> Array:
    """Returns 0, 1, 2, ... in a shape; integers, whatever the dtype."""
    return numpy.arange(numpy.prod(shape)).reshape(shape)


def increasing(*shape: int, dtype: Any = numpy.float32) -> Array:
    """Returns increasing numbers around 0, floats in steps of a half.

    Args:
        *shape: Shape of the array.
        dtype: Its dtype.

    Source: compatible with onnx_chainer.testing.input_generator.increasing.

    Example:
        >>> from minigrad.onnx_chainer.testing.input_generator import increasing
        >>> increasing(4)
        array([-1. , -0.5,  0. ,  0.5], dtype=float32)
    """
    return _steps(shape, dtype, shaped_range(*shape).size // 2, 0)


def nonzero_increasing(
    *shape: int, dtype: Any = numpy.float32, bias: float = 1e-7
) -> Array:
    """Returns `increasing` numbers plus a little, none of them 0: for divisors.

    Args:
        *shape: Shape of the array.
        dtype: float32 or float64.
        bias: What is added.

    Raises:
        ValueError: The dtype is another one.
    """
    if dtype not in (numpy.float32, numpy.float64):
        raise ValueError(
            f'nonzero_increasing: expected float32 or float64, got {numpy.dtype(dtype)}'
        )
    return _steps(shape, dtype, shaped_range(*shape).size // 2, bias)


def positive_increasing(
    *shape: int, dtype: Any = numpy.float32, bias: float = 1e-7
) -> Array:
    """Returns increasing numbers that begin just above 0: for logarithms and roots.

    Args:
        *shape: Shape of the array.
        dtype: Its dtype.
        bias: The first number.
    """
    return _steps(shape, dtype, 0, bias)


def _steps(shape: Any, dtype: Any, below: int, bias: float) -> Array:
    numbers = shaped_range(*shape) - below
    halved = numbers * 0.5 if dtype in (numpy.float32, numpy.float64) else numbers
    return (halved + bias).astype(dtype)
