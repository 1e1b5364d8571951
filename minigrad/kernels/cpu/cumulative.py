"""Running sums and products.

Each term needs the one before, four cycles earlier. So four rows are taken at a time, or
as many columns as a vector has lanes, whose chains run beside each other. Arrays are
(rows, n), or (blocks, n, columns) of which a thread takes COLUMNS at a time.
"""

from __future__ import annotations

from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.team import offer, pieces, rank
from minigrad.types import Array

ROWS = 4
COLUMNS = 256


@jit
def _joined(product: bool, a: float, b: float) -> float:
    return a * b if product else a + b


@jit
def cumulate_rows(
    team: int, size: int, number: int,
    x: Array, y: Array, product: bool, backwards: bool,
) -> None:  # fmt: skip
    """Fills ``y`` (rows, n), ROWS at a time; ``size`` counts those."""
    offer(team)
    rows, n = x.shape
    step = -1 if backwards else 1
    start = n - 1 if backwards else 0
    for _, first, last in pieces(team, size, number):
        row = first * ROWS
        end = min(rows, last * ROWS)
        while row + ROWS <= end:
            x0, x1, x2, x3 = x[row], x[row + 1], x[row + 2], x[row + 3]
            y0, y1, y2, y3 = y[row], y[row + 1], y[row + 2], y[row + 3]
            a, b, c, d = x0[start], x1[start], x2[start], x3[start]
            y0[start], y1[start], y2[start], y3[start] = a, b, c, d
            j = start
            for _ in range(n - 1):
                j += step
                a = _joined(product, a, x0[j])
                b = _joined(product, b, x1[j])
                c = _joined(product, c, x2[j])
                d = _joined(product, d, x3[j])
                y0[j], y1[j], y2[j], y3[j] = a, b, c, d
            row += ROWS
        for rest in range(row, end):
            a = x[rest, start]
            y[rest, start] = a
            j = start
            for _ in range(n - 1):
                j += step
                a = _joined(product, a, x[rest, j])
                y[rest, j] = a


@jit
def prod_rows(team: int, size: int, number: int, x: Array, y: Array) -> None:
    """Fills ``y`` (rows,) with products, in the order of the elements."""
    offer(team)
    rows, n = x.shape
    one = x.dtype.type(1)
    for _, first, last in pieces(team, size, number):
        row = first * ROWS
        end = min(rows, last * ROWS)
        while row + ROWS <= end:
            x0, x1, x2, x3 = x[row], x[row + 1], x[row + 2], x[row + 3]
            a, b, c, d = one, one, one, one
            for j in range(n):
                a, b, c, d = a * x0[j], b * x1[j], c * x2[j], d * x3[j]
            y[row], y[row + 1], y[row + 2], y[row + 3] = a, b, c, d
            row += ROWS
        for rest in range(row, end):
            a = one
            for j in range(n):
                a *= x[rest, j]
            y[rest] = a


@jit
def cumulate_columns(
    team: int, size: int, number: int,
    x: Array, y: Array, product: bool, backwards: bool,
) -> None:  # fmt: skip
    """Fills ``y`` (blocks, n, columns); ``size`` counts stretches of COLUMNS."""
    offer(team)
    n, columns = x.shape[1:]
    stretches = -(-columns // COLUMNS)
    step = -1 if backwards else 1
    start = n - 1 if backwards else 0
    for _, first, last in pieces(team, size, number):
        for item in range(first, last):
            left = item % stretches * COLUMNS
            right = min(columns, left + COLUMNS)
            xs = x[item // stretches, :, left:right]
            ys = y[item // stretches, :, left:right]
            ys[start] = xs[start]
            j = start
            for _ in range(n - 1):
                former, given, result = ys[j], xs[j + step], ys[j + step]
                if product:
                    for i in range(right - left):
                        result[i] = former[i] * given[i]
                else:
                    for i in range(right - left):
                        result[i] = former[i] + given[i]
                j += step


@jit
def cumprod_grad_rows(
    team: int, size: int, number: int, x: Array, gy: Array, gx: Array
) -> None:
    """Fills ``gx`` (rows, n); a ``gy`` (rows, 1) stands for (0, ..., 0, gy)."""
    offer(team)
    rows, n = x.shape
    zero, one = x.dtype.type(0), x.dtype.type(1)
    m = gy.shape[1]
    summed = m == n
    for _, first, last in pieces(team, size, number):
        row = first * ROWS
        end = min(rows, last * ROWS)
        while row + ROWS <= end:
            x0, x1, x2, x3 = x[row], x[row + 1], x[row + 2], x[row + 3]
            z0, z1, z2, z3 = gx[row], gx[row + 1], gx[row + 2], gx[row + 3]
            g0, g1, g2, g3 = gy[row], gy[row + 1], gy[row + 2], gy[row + 3]
            a, b, c, d = one, one, one, one
            for j in range(n):
                z0[j], z1[j], z2[j], z3[j] = a, b, c, d
                a, b, c, d = a * x0[j], b * x1[j], c * x2[j], d * x3[j]
            a, b, c, d = g0[m - 1], g1[m - 1], g2[m - 1], g3[m - 1]
            for j in range(n - 1, -1, -1):
                z0[j] *= a
                z1[j] *= b
                z2[j] *= c
                z3[j] *= d
                a, b, c, d = a * x0[j], b * x1[j], c * x2[j], d * x3[j]
                if summed and j > 0:
                    a, b = a + g0[j - 1], b + g1[j - 1]
                    c, d = c + g2[j - 1], d + g3[j - 1]
            row += ROWS
        for rest in range(row, end):
            a = one
            for j in range(n):
                gx[rest, j] = a
                a *= x[rest, j]
            a = gy[rest, m - 1]
            for j in range(n - 1, -1, -1):
                gx[rest, j] *= a
                a = a * x[rest, j] + (gy[rest, j - 1] if summed and j > 0 else zero)


@jit
def cumprod_grad_columns(
    team: int, size: int, number: int, x: Array, gy: Array, gx: Array, work: Array
) -> None:
    """Fills ``gx`` (blocks, n, columns), as `cumprod_grad_rows` does."""
    offer(team)
    n, columns = x.shape[1:]
    stretches = -(-columns // COLUMNS)
    m = gy.shape[1]
    summed = m == n
    for _, first, last in pieces(team, size, number):
        for item in range(first, last):
            left = item % stretches * COLUMNS
            width = min(columns, left + COLUMNS) - left
            xs = x[item // stretches, :, left : left + width]
            gs = gy[item // stretches, :, left : left + width]
            zs = gx[item // stretches, :, left : left + width]
            zs[0] = 1
            for j in range(1, n):
                former, given, result = zs[j - 1], xs[j - 1], zs[j]
                for i in range(width):
                    result[i] = former[i] * given[i]
            s = work[rank(team), :width]
            s[:] = gs[m - 1]
            for j in range(n - 1, -1, -1):
                given, result = xs[j], zs[j]
                for i in range(width):
                    result[i] *= s[i]
                    s[i] *= given[i]
                if summed and j > 0:
                    added = gs[j - 1]
                    for i in range(width):
                        s[i] += added[i]
