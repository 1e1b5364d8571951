"""Arrays in messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def _format_array_props(arrays: Sequence[Any]) -> str:
    # Chainer's name for: shapes and dtypes in one line.
    return ', '.join([f'{a.shape}:{a.dtype.name}' for a in arrays if a is not None])
