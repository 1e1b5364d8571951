"""What the intrinsics of this folder compute, in NumPy.

With NUMBA_DISABLE_JIT=1 these run in their place, for tests and for coverage. Arguments
are those of the intrinsics.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.cpu.vectors import DOT_COLUMNS, DOT_ROWS, VECTOR_BYTES


def outer_block(block_rows: int, block_vectors: int) -> Any:
    def block(
        a: Any, a_start: int, a_row: int, a_step: int, b: Any, b_start: int,
        b_offsets: Any, c: Any, c_start: int, c_row: int, size: int, rows: int,
        columns: int, add: bool,
    ) -> None:  # fmt: skip
        columns = min(columns, block_vectors * VECTOR_BYTES // a.itemsize)
        i, j = np.arange(min(rows, block_rows))[:, None], np.arange(columns)
        k = np.arange(size)
        A = a[a_start + i * a_row + k * a_step]
        B = b[b_start + np.asarray(b_offsets[:size])[:, None] + j]
        place = c_start + i * c_row + j
        c[place] = A @ B + (c[place] if add else 0)

    return block


def transpose_block(
    source: Any, source_start: int, source_row: int, target: Any,
    target_start: int, target_row: int, rows: int, columns: int,
) -> None:  # fmt: skip
    i, j = np.arange(rows)[:, None], np.arange(columns)
    value = source[source_start + i * source_row + j]
    target[target_start + j * target_row + i] = value


def dot_block(
    a: Any, a_start: int, a_row: int, b: Any, b_start: int, b_offsets: Any,
    b_first: int, c: Any, c_start: int, c_row: int, size: int, rows: int,
    columns: int, add: bool, repeats: int, a_jump: int, b_jump: int,
) -> None:  # fmt: skip
    columns = min(columns, DOT_COLUMNS)
    i, p = np.arange(min(rows, DOT_ROWS))[:, None], np.arange(size)
    offsets = np.asarray(b_offsets[b_first : b_first + columns])[:, None]
    place = c_start + i * c_row + np.arange(columns)
    total = c[place] if add else 0
    for step in range(repeats):
        A = a[a_start + step * a_jump + i * a_row + p]
        B = b[b_start + step * b_jump + offsets + p]
        total = total + A @ B.T
    c[place] = total


def copy_rows(
    source: Any, source_start: int, source_row: int, target: Any,
    target_start: int, target_row: int, rows: int, columns: int, shift: float,
) -> None:  # fmt: skip
    i, j = np.arange(rows)[:, None], np.arange(columns)
    value = source[source_start + i * source_row + j] + shift
    target[target_start + i * target_row + j] = value


def max_row(stride: int) -> Any:
    def max_row(
        x: Any, x_start: int, x_row: int, first: int, last: int, KW: int,
        y: Any, arg: Any, y_start: int, count: int,
    ) -> None:  # fmt: skip
        k, m = np.arange(first, last)[:, None], np.arange(KW)
        for j in range(count):
            taps = x[x_start + j * stride + k * x_row + m].ravel()
            place = int(taps.argmax()) if taps.size else 0  # the first NaN wins
            y[y_start + j] = taps[place] if taps.size else -np.inf
            arg[y_start + j] = first * KW + place

    return max_row


def scatter_row(
    gy: Any, arg: Any, start: int, gx: Any, gx_start: int, gx_row: int, count: int
) -> None:
    value, place = gy[start : start + count], arg[start : start + count]
    for k in range(2):
        for m in range(2):
            target = gx_start + k * gx_row + m + 2 * np.arange(count)
            gx[target] = np.where(place == 2 * k + m, value, 0)


def max_quarter_rows(
    x: Any, x_start: int, y: Any, arg: Any, y_start: int, rows: int, columns: int
) -> None:
    size = rows * columns
    windows = x[x_start : x_start + 4 * size].reshape(rows, 2, columns, 2)
    taps = windows.transpose(0, 2, 1, 3).reshape(size, 4)
    place = taps.argmax(axis=1)  # the first NaN wins
    y[y_start : y_start + size] = taps[np.arange(size), place]
    arg[y_start : y_start + size] = place
