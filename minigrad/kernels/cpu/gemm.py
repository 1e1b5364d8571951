"""Matrix products from the blocks of ``blocks.py``; arrays are flat."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.blocks import dot_block, outer_block
from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.team import offer, pieces, rank
from minigrad.kernels.cpu.vectors import COLUMNS, DOT_COLUMNS, DOT_ROWS, ROWS
from minigrad.types import Array

DEPTH = 256  # terms summed at a time: a panel of B, DEPTH x COLUMNS, stays in L1
DOT_DEPTH = 1024  # likewise for DOT_COLUMNS rows of B


@jit
def product(
    team: int, size: int, number: int, by_rows: bool,
    a: Array, a_row: int, a_step: int, b: Array, b_row: int, c: Array, c_row: int,
    rows: int, columns: int, depth: int, panels: Array,
) -> None:  # fmt: skip
    """``C = A @ B`` with ``B`` stored row by row, cut into rows or into panels.

    ``A[i, k] = a[i * a_row + k * a_step]``, so ``A`` may be transposed. A panel is as
    many columns as fit a block; ``panels`` is work space of DEPTH * COLUMNS
    elements for each thread.
    """
    offer(team)
    panel = panels[rank(team)]
    width = COLUMNS * 4 // a.itemsize
    table = np.empty(DEPTH, np.int64)
    for _, first, last in pieces(team, size, number):
        top, bottom, left, right = 0, rows, first * width, min(columns, last * width)
        if by_rows:
            top, bottom, left, right = first, last, 0, columns
        # A panel that is used by several blocks of rows is copied together: rows that
        # are a power of two apart would fall into the same few sets of the cache.
        copies = bottom - top > 2 * ROWS
        step = width if copies else b_row
        for k in range(DEPTH):
            table[k] = k * step
        for k0 in range(0, depth, DEPTH):
            terms = min(DEPTH, depth - k0)
            for j in range(left, right, width):
                block = min(width, right - j)
                start = k0 * b_row + j
                if copies:
                    for k in range(terms):
                        source = b[start + k * b_row : start + k * b_row + block]
                        target = panel[k * width : k * width + block]
                        for lane in range(block):
                            target[lane] = source[lane]
                for i in range(top, bottom, ROWS):
                    height = min(ROWS, bottom - i)
                    a_start = i * a_row + k0 * a_step
                    if copies:
                        outer_block(
                            a, a_start, a_row, a_step, panel, 0, table,
                            c, i * c_row + j, c_row, terms, height, block, k0 > 0,
                        )  # fmt: skip
                    else:
                        outer_block(
                            a, a_start, a_row, a_step, b, start, table,
                            c, i * c_row + j, c_row, terms, height, block, k0 > 0,
                        )  # fmt: skip


@jit
def product_transposed(
    team: int, columns: int, number: int,
    a: Array, a_row: int, b: Array, b_row: int, c: Array, c_row: int,
    rows: int, size: int,
) -> None:  # fmt: skip
    """``C = A @ B.T``, both stored row by row, cut into columns."""
    offer(team)
    table = np.arange(columns) * b_row
    for _, first, last in pieces(team, columns, number):
        for k0 in range(0, size, DOT_DEPTH):
            depth = min(DOT_DEPTH, size - k0)
            for j in range(first, last, DOT_COLUMNS):
                width = min(DOT_COLUMNS, last - j)
                for i in range(0, rows, DOT_ROWS):
                    block = min(DOT_ROWS, rows - i)
                    dot_block(
                        a, i * a_row + k0, a_row, b, k0, table, j,
                        c, i * c_row + j, c_row, depth, block, width, k0 > 0,
                        1, 0, 0,
                    )  # fmt: skip
