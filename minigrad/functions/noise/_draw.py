"""Where random numbers are drawn: from ``numpy.random`` or ``cupy.random``."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.kernels import kernels_for
from minigrad.types import Array


def uniform_like(x: Array) -> Array:
    """Draws from [0, 1), one number for each element of ``x``.

    NumPy's global generator has float64 only; 1,000,000 of them take 3 ms.
    """
    xp = get_array_module(x)
    if xp is numpy:
        return numpy.random.random_sample(x.shape)
    kernels: Any = kernels_for(x)
    if getattr(kernels, 'is_recording', False):  # CuPy's generator cannot be recorded
        return kernels.uniform(x.shape)
    return xp.random.random_sample(x.shape, dtype=numpy.float32)


def normal_like(x: Array) -> Array:
    """Draws from the standard normal distribution, in the dtype of ``x``."""
    xp = get_array_module(x)
    dtype: dict[str, Any] = {}
    if xp is not numpy:
        dtype = {'dtype': numpy.promote_types(x.dtype, numpy.float32)}
    return xp.asarray(xp.random.standard_normal(x.shape, **dtype), dtype=x.dtype)
