"""Convolution as products with shifted views of the image: no columns are built.

An image with a margin of zeros is laid out flat, row after row. Then the pixels under
one tap of the window, for all outputs, are one contiguous run: the flat image, shifted.
So ``y = W @ B`` where row (c, ky, kx) of ``B`` is such a run, and the blocks of
``blocks.py`` read it in place. A run also contains the pixels between the end of one
output row and the start of the next; those few sums are computed and dropped.

With a stride, the image is first split into ``sy * sx`` phases (every sy-th row, every
sx-th column), within which taps are contiguous again. All shapes, strides, pads,
dilations and groups take this path. All arrays are flat here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.cpu.blocks import dot_block, low_block, outer_block
from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.pixel_rows import copy_rows, transpose_block
from minigrad.kernels.cpu.team import offer, pieces, rank
from minigrad.kernels.cpu.vectors import (
    COLUMNS,
    DOT_COLUMNS,
    DOT_ROWS,
    LOW_ROWS,
    LOW_VECTORS,
    ROWS,
    VECTOR_BYTES,
)
from minigrad.types import Array

DEPTH = 512  # taps summed at a time: their overlapping runs stay in L1


@jit
def split_phases(
    x: Array, start: int, C: int, H: int, W: int, flat: Array, base: int,
    QH: int, QW: int, sy: int, sx: int, ph: int, pw: int,
) -> None:  # fmt: skip
    """Copies an image (C, H, W) into (C, sy, sx, QH, QW), but for the margin."""
    zero = x.dtype.type(0)
    for c in range(C):
        for a in range(sy):
            top = max(0, (ph - a + sy - 1) // sy)
            rows = min(QH, (H + ph - a + sy - 1) // sy) - top
            for b in range(sx):
                left = max(0, (pw - b + sx - 1) // sx)
                columns = min(QW, (W + pw - b + sx - 1) // sx) - left
                if rows <= 0 or columns <= 0:
                    continue
                source = start + (c * H + top * sy + a - ph) * W + left * sx + b - pw
                target = base + (((c * sy + a) * sx + b) * QH + top) * QW + left
                if sx == 1:
                    copy_rows(x, source, sy * W, flat, target, QW, rows, columns, zero)
                    continue
                for i in range(rows):
                    for j in range(columns):
                        place = source + i * sy * W + j * sx
                        flat[target + i * QW + j] = x[place]


@jit
def tap_offsets(
    C: int, KH: int, KW: int, sy: int, sx: int, dy: int, dx: int, QH: int, QW: int
) -> Array:
    """Returns where the run of tap (c, ky, kx) starts in the flat phases."""
    offsets = np.empty(C * KH * KW, np.int64)
    k = 0
    for c in range(C):
        for ky in range(KH):
            for kx in range(KW):
                y, x = ky * dy, kx * dx
                phase = (c * sy + y % sy) * sx + x % sx
                offsets[k] = (phase * QH + y // sy) * QW + x // sx
                k += 1
    return offsets


@jit
def forward(
    team: int, N: int, number: int,
    x: Array, W: Array, bias: Array, y: Array, flats: Array, all_sums: Array,
    groups: int, C: int, H: int, WI: int,
    OC: int, OH: int, OW: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``y``; ``bias`` may be empty.

    ``C`` and ``OC`` are channels per group.
    """
    offer(team)
    flat, sums = flats[rank(team)], all_sums[rank(team)]
    QH, QW = OH + (KH - 1) * dy // sy, OW + (KW - 1) * dx // sx
    taps = C * KH * KW
    run = (OH - 1) * QW + OW
    offsets = tap_offsets(C, KH, KW, sy, sx, dy, dx, QH, QW)
    width = COLUMNS * 4 // x.itemsize
    size = C * sy * sx * QH * QW
    flat[: groups * size] = 0
    shift = x.dtype.type(0)
    origin: Any = np.int64(0)  # a literal 0 is a type of its own
    for _, first, last in pieces(team, N, number):
        for image in range(first, last):
            split_phases(
                x, image * groups * C * H * WI, groups * C, H, WI, flat, origin,
                QH, QW, sy, sx, ph, pw,
            )  # fmt: skip
            for g in range(groups):
                for k0 in range(0, taps, DEPTH):
                    depth = min(DEPTH, taps - k0)
                    for j in range(0, run, width):
                        for i in range(0, OC, ROWS):
                            outer_block(
                                W, (g * OC + i) * taps + k0, taps, 1,
                                flat, g * size + j, offsets[k0:],
                                sums, i * run + j, run, depth,
                                min(ROWS, OC - i), min(width, run - j), k0 > 0,
                            )  # fmt: skip
                for o in range(g * OC, (g + 1) * OC):
                    if bias.size > 0:
                        shift = bias[o]
                    copy_rows(
                        sums, (o - g * OC) * run, QW,
                        y, (image * groups * OC + o) * OH * OW, OW, OH, OW, shift,
                    )  # fmt: skip


@jit
def grad_w(
    team: int, N: int, number: int,
    x: Array, gy: Array, parts: Array, flats: Array, spreads: Array, block: int,
    groups: int, C: int, H: int, WI: int,
    OC: int, OH: int, OW: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``parts[i]`` with the sum over the images of piece ``i``, in blocks."""
    offer(team)
    flat, spread = flats[rank(team)], spreads[rank(team)]
    QH, QW = OH + (KH - 1) * dy // sy, OW + (KW - 1) * dx // sx
    taps = C * KH * KW
    run = (OH - 1) * QW + OW
    offsets = tap_offsets(C, KH, KW, sy, sx, dy, dx, QH, QW)
    size, all_size = C * sy * sx * QH * QW, groups * C * sy * sx * QH * QW
    flat[: block * all_size] = 0
    spread[: block * groups * OC * run] = 0  # between the rows nothing must count
    zero = x.dtype.type(0)
    for piece, first, last in pieces(team, N, number):
        gW = parts[piece]
        for start in range(first, last, block):
            images = min(block, last - start)
            for index in range(images):
                image = start + index
                split_phases(
                    x, image * groups * C * H * WI, groups * C, H, WI,
                    flat, index * all_size, QH, QW, sy, sx, ph, pw,
                )  # fmt: skip
                for o in range(groups * OC):
                    copy_rows(
                        gy, (image * groups * OC + o) * OH * OW, OW,
                        spread, (index * groups * OC + o) * run, QW, OH, OW, zero,
                    )  # fmt: skip
            for g in range(groups):
                for i in range(0, OC, DOT_ROWS):  # these rows of gy stay in L1
                    for j in range(0, taps, DOT_COLUMNS):
                        dot_block(
                            spread, (g * OC + i) * run, run, flat, g * size, offsets, j,
                            gW, (g * OC + i) * taps + j, taps, run,
                            min(DOT_ROWS, OC - i), min(DOT_COLUMNS, taps - j),
                            start > first, images, groups * OC * run, all_size,
                        )  # fmt: skip


@jit
def grad_x(
    team: int, N: int, number: int,
    W: Array, gy: Array, gx: Array, flats: Array, all_sums: Array, all_turned: Array,
    groups: int, C: int, H: int, WI: int,
    OC: int, OH: int, OW: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``gx``, phase by phase.

    A pixel of one phase only meets the taps of that phase; for these it is a
    convolution of ``gy`` with stride 1.
    """
    offer(team)
    flat, sums = flats[rank(team)], all_sums[rank(team)]
    turned = all_turned[rank(team)]
    top, left = (KH - 1) * dy // sy, (KW - 1) * dx // sx
    width = COLUMNS * 4 // gx.itemsize
    # Rows and columns of a phase, of the image with its margin.
    AH, AW = (H + 2 * ph + sy - 1) // sy, (WI + 2 * pw + sx - 1) // sx
    QH, QW = AH + top, AW + left
    plane = QH * QW
    run = (AH - 1) * QW + AW
    offsets = np.empty(OC * KH * KW, np.int64)
    flat[: OC * plane] = 0
    zero = gx.dtype.type(0)
    for _, first, last in pieces(team, N, number):
        for phase in range(groups * sy * sx):
            g, a, b = phase // (sy * sx), phase // sx % sy, phase % sx
            taps = 0  # of this phase; W is turned to (taps, C)
            for o in range(OC):
                for ky in range(KH):
                    for kx in range(KW):
                        if ky * dy % sy == a and kx * dx % sx == b:
                            up, back = ky * dy // sy, kx * dx // sx
                            offsets[taps] = o * plane + (top - up) * QW + left - back
                            for c in range(C):
                                place = ((g * OC + o) * C + c) * KH * KW + ky * KW + kx
                                turned[taps * C + c] = W[place]
                            taps += 1
            y_first = max(0, (ph - a + sy - 1) // sy)
            y_last = min(AH, (H + ph - a + sy - 1) // sy)
            x_first = max(0, (pw - b + sx - 1) // sx)
            x_last = min(AW, (WI + pw - b + sx - 1) // sx)
            rows, columns = max(0, y_last - y_first), max(0, x_last - x_first)
            for image in range(first, last):
                split_phases(
                    gy, (image * groups + g) * OC * OH * OW, OC, OH, OW, flat, 0,
                    QH, QW, 1, 1, top, left,
                )  # fmt: skip
                for k0 in range(0, max(taps, 1), DEPTH):
                    depth = min(DEPTH, taps - k0)
                    for j in range(0, run, width):
                        for i in range(0, C, ROWS):
                            outer_block(
                                turned, k0 * C + i, 1, C, flat, j, offsets[k0:],
                                sums, i * run + j, run, depth,
                                min(ROWS, C - i), min(width, run - j), k0 > 0,
                            )  # fmt: skip
                for c in range(C):
                    source = c * run + y_first * QW + x_first
                    target = ((image * groups + g) * C + c) * H + y_first * sy + a - ph
                    target = target * WI + x_first * sx + b - pw
                    if sx == 1:
                        copy_rows(
                            sums, source, QW, gx, target, sy * WI, rows, columns, zero
                        )
                        continue
                    for i in range(rows):
                        for j in range(columns):
                            place = target + i * sy * WI + j * sx
                            gx[place] = sums[source + i * QW + j]


@jit
def grad_x_small(
    team: int, size: int, number: int,
    W: Array, gy: Array, gx: Array, all_gy: Array, all_gx: Array,
    N: int, groups: int, C: int, H: int, WI: int,
    OC: int, OH: int, OW: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """As `grad_x` for stride 1 and small images: each lane holds its own image.

    A row of pixels is then long enough for whole vectors, and no tap is wasted on a
    margin: every tap adds rows of ``gy`` to shifted rows of ``gx``.
    """
    offer(team)
    gy_lanes, gx_lanes = all_gy[rank(team)], all_gx[rank(team)]
    lanes = VECTOR_BYTES // gx.itemsize
    width = LOW_VECTORS * lanes
    # Planes an odd number of vectors apart fall into different sets of the cache.
    plane_x, plane_y = (H * WI | 1) * lanes, (OH * OW | 1) * lanes
    offsets = np.arange(OC) * plane_y
    for _, first, last in pieces(team, size, number):
        for start in range(first * lanes, min(N, last * lanes), lanes):
            images = min(lanes, N - start)
            for o in range(groups * OC):
                for place in range(0, OH * OW, lanes):
                    transpose_block(
                        gy, (start * groups * OC + o) * OH * OW + place,
                        groups * OC * OH * OW, gy_lanes, o * plane_y + place * lanes,
                        lanes, images, min(lanes, OH * OW - place),
                    )  # fmt: skip
            gx_lanes[: groups * C * plane_x] = 0
            # All taps of one row of gy together: what they read and add to stays in L1.
            for strip in range(groups * OH):
                g, row = strip // OH, strip % OH
                for tap in range(KH * KW):
                    ky, kx = tap // KW, tap % KW
                    y, shift = row + ky * dy - ph, kx * dx - pw
                    left = max(0, -shift)
                    columns = (min(OW, WI - shift) - left) * lanes
                    if y < 0 or y >= H:
                        continue
                    source = g * OC * plane_y + (row * OW + left) * lanes
                    target = g * C * plane_x + (y * WI + left + shift) * lanes
                    for i in range(0, C, LOW_ROWS):
                        for j in range(0, columns, width):
                            low_block(
                                W, (g * OC * C + i) * KH * KW + tap, KH * KW,
                                C * KH * KW, gy_lanes, source + j, offsets,
                                gx_lanes, target + i * plane_x + j, plane_x, OC,
                                min(LOW_ROWS, C - i), min(width, columns - j), True,
                            )  # fmt: skip
            for c in range(groups * C):
                for place in range(0, H * WI, lanes):
                    transpose_block(
                        gx_lanes, c * plane_x + place * lanes, lanes,
                        gx, (start * groups * C + c) * H * WI + place,
                        groups * C * H * WI, min(lanes, H * WI - place), images,
                    )  # fmt: skip
