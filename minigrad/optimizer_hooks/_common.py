"""What several hooks need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.variable import Parameter


def loss_scale(param: Parameter) -> float:
    """Returns the factor by which the parameter's gradient is too large."""
    scale = param._loss_scale
    return 1.0 if scale is None else scale


def squared_norm(array: Array) -> Array:
    """Returns the sum of the squares, a scalar on the array's device."""
    flat = array.ravel()
    if flat.dtype == np.float16:
        flat = flat.astype(np.float32)  # squares above 65504 are common
    return flat.dot(flat)
