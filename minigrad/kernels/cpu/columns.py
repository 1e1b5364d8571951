"""Windows as columns and back, and resizing, plane by plane."""

from __future__ import annotations

from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.team import offer, pieces
from minigrad.types import Array


@jit
def im2col(
    team: int, planes: int, number: int,
    x: Array, col: Array,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``col`` (N, C, KH, KW, OH, OW), which may be a transposed view."""
    offer(team)
    C, H, W = x.shape[1:]
    KH, KW, OH, OW = col.shape[2:]
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            n, c = plane // C, plane % C
            for ky in range(KH):
                for kx in range(KW):
                    shift = kx * dx - pw
                    j_first = min(OW, max(0, (sx - 1 - shift) // sx))
                    j_last = max(j_first, min(OW, (W - shift + sx - 1) // sx))
                    for i in range(OH):
                        target = col[n, c, ky, kx, i]
                        row = i * sy + ky * dy - ph
                        if row < 0 or row >= H:
                            target[:] = 0
                            continue
                        source = x[n, c, row]
                        target[:j_first] = 0
                        target[j_last:] = 0
                        for j in range(j_first, j_last):
                            target[j] = source[j * sx + shift]


@jit
def col2im(
    team: int, planes: int, number: int,
    col: Array, x: Array,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``x`` (N, C, H, W) with the sums of their windows."""
    offer(team)
    C, H, W = x.shape[1:]
    KH, KW, OH, OW = col.shape[2:]
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            n, c = plane // C, plane % C
            x[n, c] = 0
            for ky in range(KH):
                for kx in range(KW):
                    shift = kx * dx - pw
                    j_first = min(OW, max(0, (sx - 1 - shift) // sx))
                    j_last = max(j_first, min(OW, (W - shift + sx - 1) // sx))
                    for i in range(OH):
                        row = i * sy + ky * dy - ph
                        if 0 <= row < H:
                            source, target = col[n, c, ky, kx, i], x[n, c, row]
                            for j in range(j_first, j_last):
                                target[j * sx + shift] += source[j]


@jit
def resize(
    team: int, planes: int, number: int,
    x: Array, y: Array,
    y0: Array, y1: Array, wy: Array, x0: Array, x1: Array, wx: Array,
) -> None:  # fmt: skip
    """Fills ``y``: two neighbours each way, weighted."""
    offer(team)
    OH, OW = y.shape[1:]
    one = x.dtype.type(1)
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            for i in range(OH):
                top, bottom, down = x[plane, y0[i]], x[plane, y1[i]], wy[i]
                for j in range(OW):
                    left, right, across = x0[j], x1[j], wx[j]
                    first_value = top[left] * (one - down) + bottom[left] * down
                    second_value = top[right] * (one - down) + bottom[right] * down
                    y[plane, i, j] = (
                        first_value * (one - across) + second_value * across
                    )


@jit
def resize_grad(
    team: int, planes: int, number: int,
    gy: Array, gx: Array,
    y0: Array, y1: Array, wy: Array, x0: Array, x1: Array, wx: Array,
) -> None:  # fmt: skip
    """Fills ``gx``: `resize` turned round."""
    offer(team)
    OH, OW = gy.shape[1:]
    one = gy.dtype.type(1)
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            gx[plane] = 0
            for i in range(OH):
                top, bottom, down = gx[plane, y0[i]], gx[plane, y1[i]], wy[i]
                for j in range(OW):
                    left, right, across = x0[j], x1[j], wx[j]
                    upper = gy[plane, i, j] * (one - down)
                    lower = gy[plane, i, j] * down
                    top[left] += upper * (one - across)
                    top[right] += upper * across
                    bottom[left] += lower * (one - across)
                    bottom[right] += lower * across
