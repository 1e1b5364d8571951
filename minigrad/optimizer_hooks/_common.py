"""What several hooks need."""

from __future__ import annotations

import numpy as np

from minigrad.types import Array


def squared_norm(array: Array) -> Array:
    """Returns the sum of the squares, a scalar on the array's device."""
    flat = array.ravel()
    if flat.dtype == np.float16:
        flat = flat.astype(np.float32)  # squares above 65504 are common
    return flat.dot(flat)
