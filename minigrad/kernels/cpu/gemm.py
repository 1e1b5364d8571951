"""Matrix products from the two blocks of ``simd.py``; arrays are flat."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.simd import (
    COLUMNS,
    DOT_COLUMNS,
    DOT_ROWS,
    ROWS,
    dot_block,
    outer_block,
)
from minigrad.types import Array

DEPTH = 256  # terms summed at a time: a panel of B, DEPTH x COLUMNS, stays in L1
DOT_DEPTH = 1024  # likewise for DOT_COLUMNS rows of B


@jit
def product(
    a: Array, a_row: int, a_step: int, b: Array, b_row: int, c: Array, c_row: int,
    rows: int, first: int, last: int, size: int, panel: Array,
) -> None:  # fmt: skip
    """Columns ``first ... last`` of ``C = A @ B`` with ``B`` stored row by row.

    ``A[i, k] = a[i * a_row + k * a_step]``, so ``A`` may be transposed. ``panel`` is
    work space of DEPTH * COLUMNS elements.
    """
    width = COLUMNS * 4 // a.itemsize
    # A panel that is used by several blocks of rows is copied together: rows that are
    # a power of two apart would fall into the same few sets of the cache.
    copies = rows > 2 * ROWS
    step = width if copies else b_row
    table = np.arange(DEPTH) * step
    for k0 in range(0, size, DEPTH):
        depth = min(DEPTH, size - k0)
        for j in range(first, last, width):
            columns = min(width, last - j)
            start = k0 * b_row + j
            if copies:
                for k in range(depth):
                    source = b[start + k * b_row : start + k * b_row + columns]
                    target = panel[k * width : k * width + columns]
                    for lane in range(columns):
                        target[lane] = source[lane]
            for i in range(0, rows, ROWS):
                block = min(ROWS, rows - i)
                a_start = i * a_row + k0 * a_step
                if copies:
                    outer_block(
                        a, a_start, a_row, a_step, panel, 0, table,
                        c, i * c_row + j, c_row, depth, block, columns, k0 > 0,
                    )  # fmt: skip
                else:
                    outer_block(
                        a, a_start, a_row, a_step, b, start, table,
                        c, i * c_row + j, c_row, depth, block, columns, k0 > 0,
                    )  # fmt: skip


@jit
def product_transposed(
    a: Array, a_row: int, b: Array, b_row: int, c: Array, c_row: int,
    rows: int, first: int, last: int, size: int,
) -> None:  # fmt: skip
    """Columns ``first ... last`` of ``C = A @ B.T``, both stored row by row."""
    table = np.arange(last - first) * b_row
    for k0 in range(0, size, DOT_DEPTH):
        depth = min(DOT_DEPTH, size - k0)
        for j in range(first, last, DOT_COLUMNS):
            columns = min(DOT_COLUMNS, last - j)
            for i in range(0, rows, DOT_ROWS):
                block = min(DOT_ROWS, rows - i)
                dot_block(
                    a, i * a_row + k0, a_row, b, first * b_row + k0, table, j - first,
                    c, i * c_row + j, c_row, depth, block, columns, k0 > 0,
                    1, 0, 0,
                )  # fmt: skip
