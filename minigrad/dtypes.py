"""Dtypes beyond NumPy's own: bfloat16, and mixed precision."""

from __future__ import annotations

from typing import Any

import numpy


class Mixed16:
    """The dtype specifier of mixed precision: float16 values, float32 parameters."""

    dtype = numpy.dtype(numpy.float16)

    def __repr__(self) -> str:
        return "dtype('mixed16')"


mixed16 = Mixed16()


def is_bfloat16(dtype: Any) -> bool:
    """Tells whether a dtype is ``ml_dtypes.bfloat16``.

    Example:
        >>> is_bfloat16(np.dtype('float32'))
        False
    """
    # Arrays of other libraries have dtypes of their own.
    return getattr(dtype, 'kind', '') == 'V' and dtype.name == 'bfloat16'


def is_float(dtype: Any) -> bool:
    """Tells whether gradients flow through values of a dtype.

    Example:
        >>> is_float(np.dtype('float32')), is_float(np.dtype('int32'))
        (True, False)
    """
    return bool(dtype.kind == 'f' or is_bfloat16(dtype))
