"""Max and average pooling over planes: arrays are (N * C, H, W)."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.team import offer, pieces
from minigrad.kernels.cpu.window_rows import (
    max_quarter_rows,
    max_row_1,
    max_row_2,
    scatter_row,
)
from minigrad.types import Array


@jit
def max_pool(
    team: int, planes: int, number: int,
    x: Array, y: Array, arg: Array,
    KH: int, KW: int, sy: int, sx: int, ph: int, pw: int,
) -> None:  # fmt: skip
    """Fills ``y`` and ``arg``, the place in the window."""
    offer(team)
    H, W = x.shape[1:]
    OH, OW = y.shape[1:]
    flat_x, flat_y, flat_arg = x.reshape(-1), y.reshape(-1), arg.reshape(-1)
    # In the middle of a row no tap lies in the padding.
    inner_first = min(OW, (pw + sx - 1) // sx)
    inner_last = max(inner_first, min(OW, (W - KW + pw) // sx + 1))
    if W + pw < KW:
        inner_last = inner_first
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            for i in range(OH):
                k_first = max(0, ph - i * sy)
                k_last = min(KH, H + ph - i * sy)
                if k_first >= k_last:  # a row of windows that lies in the padding
                    k_first = k_last = 0
                for part in range(2):  # the left and the right border
                    j_first = 0 if part == 0 else inner_last
                    j_last = inner_first if part == 0 else OW
                    for j in range(j_first, j_last):
                        m_first = max(0, pw - j * sx)
                        m_last = min(KW, W + pw - j * sx)
                        best = -np.inf
                        place = k_first * KW + m_first
                        if k_first >= k_last or m_first >= m_last:
                            place = 0
                        for k in range(k_first, k_last):
                            for m in range(m_first, m_last):
                                value = x[plane, i * sy - ph + k, j * sx - pw + m]
                                if value > best or (value != value and best == best):
                                    best = value
                                    place = k * KW + m
                        y[plane, i, j] = best
                        arg[plane, i, j] = place
                number = inner_last - inner_first
                if number <= 0:
                    continue
                source = (plane * H + i * sy - ph) * W + inner_first * sx - pw
                target = (plane * OH + i) * OW + inner_first
                if sx == 1:
                    max_row_1(
                        flat_x, source, W, k_first, k_last, KW,
                        flat_y, flat_arg, target, number,
                    )  # fmt: skip
                    continue
                if sx == 2:
                    max_row_2(
                        flat_x, source, W, k_first, k_last, KW,
                        flat_y, flat_arg, target, number,
                    )  # fmt: skip
                    continue
                for j in range(number):
                    best = -np.inf
                    place = k_first * KW
                    for k in range(k_first, k_last):
                        for m in range(KW):
                            value = flat_x[source + k * W + j * sx + m]
                            if value > best or (value != value and best == best):
                                best = value
                                place = k * KW + m
                    flat_y[target + j] = best
                    flat_arg[target + j] = place


@jit
def max_quarters(
    team: int, planes: int, number: int, x: Array, y: Array, arg: Array
) -> None:
    """As `max_pool` for 2x2 windows side by side that fill an image."""
    offer(team)
    OH, OW = y.shape[1:]
    for _, first, last in pieces(team, planes, number):
        start, rows = first * OH * OW, (last - first) * OH
        max_quarter_rows(
            x.reshape(-1), 4 * start, y.reshape(-1), arg.reshape(-1), start, rows, OW
        )


@jit
def scatter_quarters(
    team: int, planes: int, number: int, gy: Array, arg: Array, gx: Array
) -> None:
    """As `max_pool_scatter` for 2x2 windows side by side: each pixel is met once."""
    offer(team)
    H, W = gx.shape[1:]
    OH, OW = gy.shape[1:]
    rows, columns = min(OH, H // 2), min(OW, W // 2)
    flat_gy, flat_arg, flat_gx = gy.reshape(-1), arg.reshape(-1), gx.reshape(-1)
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            if 2 * rows < H or 2 * columns < W:
                gx[plane] = 0
            for i in range(rows):
                scatter_row(
                    flat_gy, flat_arg, (plane * OH + i) * OW,
                    flat_gx, (plane * H + 2 * i) * W, W, columns,
                )  # fmt: skip
            if rows == OH and columns == OW:
                continue
            for i in range(OH):  # windows that reach beyond the image
                for j in range(OW):
                    if i >= rows or j >= columns:
                        r = 2 * i + arg[plane, i, j] // 2
                        s = 2 * j + arg[plane, i, j] % 2
                        if r < H and s < W:
                            gx[plane, r, s] = gy[plane, i, j]


@jit
def max_pool_scatter(
    team: int, planes: int, number: int,
    gy: Array, arg: Array, gx: Array,
    KH: int, KW: int, sy: int, sx: int, ph: int, pw: int,
) -> None:  # fmt: skip
    """Adds every ``gy`` to the place of its maximum in ``gx``, which is filled."""
    offer(team)
    H, W = gx.shape[1:]
    OH, OW = gy.shape[1:]
    # y // KW by a table: a division costs as much as the rest.
    tap_y = np.empty(KH * KW, np.int64)
    tap_x = np.empty(KH * KW, np.int64)
    for place in range(KH * KW):
        tap_y[place] = place // KW
        tap_x[place] = place % KW
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            gx[plane] = 0
            for i in range(OH):
                for j in range(OW):
                    place = arg[plane, i, j]
                    r = i * sy - ph + tap_y[place]
                    s = j * sx - pw + tap_x[place]
                    if 0 <= r < H and 0 <= s < W:
                        gx[plane, r, s] += gy[plane, i, j]


@jit
def max_pool_gather(
    team: int, planes: int, number: int,
    ggx: Array, arg: Array, ggy: Array,
    KH: int, KW: int, sy: int, sx: int, ph: int, pw: int,
) -> None:  # fmt: skip
    """Reads ``ggx`` at the place of every maximum into ``ggy``."""
    offer(team)
    H, W = ggx.shape[1:]
    OH, OW = ggy.shape[1:]
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            for i in range(OH):
                for j in range(OW):
                    place = np.int64(arg[plane, i, j])
                    r = i * sy - ph + place // KW
                    s = j * sx - pw + place % KW
                    inside = 0 <= r < H and 0 <= s < W
                    ggy[plane, i, j] = ggx[plane, r, s] if inside else 0


@jit
def average_pool(
    team: int, planes: int, number: int,
    x: Array, y: Array,
    KH: int, KW: int, sy: int, sx: int, ph: int, pw: int, count_pad: bool,
) -> None:  # fmt: skip
    """Fills ``y`` with the mean of every window."""
    offer(team)
    H, W = x.shape[1:]
    OH, OW = y.shape[1:]
    zero = x.dtype.type(0)
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            for i in range(OH):
                k_first, k_last = max(0, ph - i * sy), min(KH, H + ph - i * sy)
                for j in range(OW):
                    m_first, m_last = max(0, pw - j * sx), min(KW, W + pw - j * sx)
                    total = zero
                    for k in range(k_first, k_last):
                        for m in range(m_first, m_last):
                            total += x[plane, i * sy - ph + k, j * sx - pw + m]
                    if count_pad:
                        count = KH * KW
                    else:
                        count = max(0, k_last - k_first) * max(0, m_last - m_first)
                    y[plane, i, j] = total / max(count, 1)


@jit
def average_pool_grad(
    team: int, planes: int, number: int,
    gy: Array, gx: Array,
    KH: int, KW: int, sy: int, sx: int, ph: int, pw: int, count_pad: bool,
) -> None:  # fmt: skip
    """Spreads every ``gy`` evenly over its window in ``gx``, which is filled."""
    offer(team)
    H, W = gx.shape[1:]
    OH, OW = gy.shape[1:]
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            gx[plane] = 0
            for i in range(OH):
                k_first, k_last = max(0, ph - i * sy), min(KH, H + ph - i * sy)
                for j in range(OW):
                    m_first, m_last = max(0, pw - j * sx), min(KW, W + pw - j * sx)
                    if count_pad:
                        count = KH * KW
                    else:
                        count = max(0, k_last - k_first) * max(0, m_last - m_first)
                    share = gy[plane, i, j] / gx.dtype.type(max(count, 1))
                    for k in range(k_first, k_last):
                        for m in range(m_first, m_last):
                            gx[plane, i * sy - ph + k, j * sx - pw + m] += share
