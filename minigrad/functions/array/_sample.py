"""Values of images between their pixels."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.functions.array.get_item import get_item
from minigrad.functions.array.pad import pad
from minigrad.functions.math.clip import clip
from minigrad.types import Array
from minigrad.variable import Variable, as_array, as_variable


def sample_images(x: Any, v: Any, u: Any) -> Variable:
    """Interpolates images bilinearly at real-valued places; zeros lie around them.

    Args:
        x: Images, shape ``(N, C, H, W)``.
        v: Rows, 0 for the first one, shape ``(N, P)`` and of the dtype of ``x``.
        u: Columns, in the same way.

    Returns:
        Variable, shape ``(N, C, P)``.
    """
    H, W = x.shape[2:]
    v0, v = _cell(v, H)
    u0, u = _cell(u, W)
    padded = pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), 'constant')
    top = _pixels(padded, v0, u0) * (1 - u) + _pixels(padded, v0, u0 + 1) * u
    below = _pixels(padded, v0 + 1, u0) * (1 - u) + _pixels(padded, v0 + 1, u0 + 1) * u
    value: Variable = top * (1 - v) + below * v
    return value


def _cell(place: Any, size: int) -> tuple[Array, Variable]:
    """Returns the pixel of the padded image before each place, and what is left."""
    place = clip(as_variable(place), -1.0, float(size))
    xp = place.xp
    first = xp.floor(as_array(place)).astype(numpy.int64)
    first = xp.clip(first, -1, size - 1)
    rest = place - first.astype(place.dtype)
    return first + 1, rest[:, None]  # (N, P) and (N, 1, P)


def _pixels(x: Variable, rows: Array, columns: Array) -> Variable:
    """Returns (N, C, P), the pixels at (N, P) places."""
    N, C, H, W = x.shape
    images = x.xp.arange(N * C).reshape(N, C, 1) * (H * W)
    index = images + (rows * W + columns)[:, None]
    # One flat index: scatters of gradients are fastest so.
    return get_item(x.reshape((-1,)), index.ravel()).reshape(index.shape)
