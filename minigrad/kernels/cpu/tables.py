"""Rows of a table, such as word vectors, by their numbers."""

from __future__ import annotations

from minigrad.kernels.cpu.jit import jit
from minigrad.types import Array


@jit
def add_rows(total: Array, rows: Array, values: Array) -> None:
    """``total[rows[i]] += values[i]`` for matrices; a row counts from the end below 0."""
    for i in range(rows.size):
        target, value = total[rows[i]], values[i]
        for j in range(value.size):
            target[j] += value[j]
