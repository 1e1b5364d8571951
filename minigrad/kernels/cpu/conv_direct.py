"""Convolution as products with shifted views of the image: no columns are built.

An image with a margin of zeros is laid out flat, row after row. Then the pixels under
one tap of the window, for all outputs, are one contiguous run: the flat image, shifted.
So ``y = W @ B`` where row (c, ky, kx) of ``B`` is such a run, and the blocks of
``simd.py`` read it in place. A run also contains the pixels between the end of one
output row and the start of the next; those few sums are computed and dropped.

With a stride, the image is first split into ``sy * sx`` phases (every sy-th row, every
sx-th column), within which taps are contiguous again. All shapes, strides, pads,
dilations and groups take this path.
"""

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

DEPTH = 512  # taps summed at a time: their overlapping runs stay in L1


@jit
def split_phases(
    x: Array, flat: Array, QH: int, QW: int,
    sy: int, sx: int, ph: int, pw: int,
) -> None:  # fmt: skip
    """Copies ``x`` (C, H, W) to ``flat`` (C, sy, sx, QH, QW) with its margin."""
    C, H, W = x.shape
    for c in range(C):
        for a in range(sy):
            for b in range(sx):
                # Columns of this phase that lie inside the image.
                first = max(0, (pw - b + sx - 1) // sx)
                last = max(first, min(QW, (W + pw - b + sx - 1) // sx))
                base = ((c * sy + a) * sx + b) * QH * QW
                for i in range(QH):
                    row = i * sy + a - ph
                    target = flat[base + i * QW : base + (i + 1) * QW]
                    if row < 0 or row >= H:
                        target[:] = 0
                        continue
                    target[:first] = 0
                    target[last:] = 0
                    start = first * sx + b - pw
                    source = x[c, row]
                    if sx == 1:
                        target[first:last] = source[start : start + last - first]
                    else:
                        for j in range(last - first):
                            target[first + j] = source[start + j * sx]


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
    x: Array, W: Array, bias: Array, y: Array, flat: Array, sums: Array,
    first: int, last: int, groups: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills images ``first ... last`` of ``y``; ``W`` is flat, ``bias`` may be empty."""
    C = x.shape[1] // groups
    OC, OH, OW = y.shape[1] // groups, y.shape[2], y.shape[3]
    QH, QW = OH + (KH - 1) * dy // sy, OW + (KW - 1) * dx // sx
    taps = C * KH * KW
    run = (OH - 1) * QW + OW
    offsets = tap_offsets(C, KH, KW, sy, sx, dy, dx, QH, QW)
    width = COLUMNS * 4 // x.itemsize
    group_size = C * sy * sx * QH * QW
    for image in range(first, last):
        split_phases(x[image], flat, QH, QW, sy, sx, ph, pw)
        for g in range(groups):
            for k0 in range(0, taps, DEPTH):
                depth = min(DEPTH, taps - k0)
                for j in range(0, run, width):
                    for i in range(0, OC, ROWS):
                        outer_block(
                            W, (g * OC + i) * taps + k0, taps, 1,
                            flat, g * group_size + j, offsets[k0:],
                            sums, i * run + j, run, depth,
                            min(ROWS, OC - i), min(width, run - j), k0 > 0,
                        )  # fmt: skip
            for o in range(OC):
                shift = x.dtype.type(0)
                if bias.size > 0:
                    shift = bias[g * OC + o]
                for i in range(OH):
                    source = sums[o * run + i * QW : o * run + i * QW + OW]
                    target = y[image, g * OC + o, i]
                    for j in range(OW):
                        target[j] = source[j] + shift


@jit
def grad_w(
    x: Array, gy: Array, gW: Array, flat: Array, spread: Array,
    first: int, last: int, groups: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``gW``, flat, with the sum over images ``first ... last``."""
    C = x.shape[1] // groups
    OC, OH, OW = gy.shape[1] // groups, gy.shape[2], gy.shape[3]
    QH, QW = OH + (KH - 1) * dy // sy, OW + (KW - 1) * dx // sx
    taps = C * KH * KW
    run = (OH - 1) * QW + OW
    offsets = tap_offsets(C, KH, KW, sy, sx, dy, dx, QH, QW)
    group_size = C * sy * sx * QH * QW
    spread[: OC * run] = 0  # also between the rows, where it must not count
    for image in range(first, last):
        split_phases(x[image], flat, QH, QW, sy, sx, ph, pw)
        for g in range(groups):
            for o in range(OC):
                for i in range(OH):
                    start = o * run + i * QW
                    spread[start : start + OW] = gy[image, g * OC + o, i]
            for j in range(0, taps, DOT_COLUMNS):
                for i in range(0, OC, DOT_ROWS):
                    dot_block(
                        spread, i * run, run,
                        flat, g * group_size, offsets, j,
                        gW, (g * OC + i) * taps + j, taps, run,
                        min(DOT_ROWS, OC - i), min(DOT_COLUMNS, taps - j),
                        image > first,
                    )  # fmt: skip


@jit
def grad_x(
    W: Array, gy: Array, gx: Array, flat: Array, sums: Array, turned: Array,
    first: int, last: int, groups: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills images ``first ... last`` of ``gx``, phase by phase.

    ``W`` is (OC, C / groups, KH, KW). A pixel of one phase only meets the taps of that
    phase; for these it is a convolution of ``gy`` with stride 1.
    """
    C, H, WI = gx.shape[1] // groups, gx.shape[2], gx.shape[3]
    OC = gy.shape[1] // groups
    top, left = (KH - 1) * dy // sy, (KW - 1) * dx // sx
    width = COLUMNS * 4 // gx.itemsize
    # Rows and columns of a phase, of the image with its margin.
    AH, AW = (H + 2 * ph + sy - 1) // sy, (WI + 2 * pw + sx - 1) // sx
    QH, QW = AH + top, AW + left
    plane = QH * QW
    run = (AH - 1) * QW + AW
    offsets = np.empty(OC * KH * KW, np.int64)
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
                            turned[taps * C + c] = W[g * OC + o, c, ky, kx]
                        taps += 1
        y_first = max(0, (ph - a + sy - 1) // sy)
        y_last = min(AH, (H + ph - a + sy - 1) // sy)
        x_first = max(0, (pw - b + sx - 1) // sx)
        x_last = max(x_first, min(AW, (WI + pw - b + sx - 1) // sx))
        for image in range(first, last):
            part = gy[image, g * OC : (g + 1) * OC]
            split_phases(part, flat, QH, QW, 1, 1, top, left)
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
                for i in range(y_first, y_last):
                    row = c * run + i * QW
                    source = sums[row + x_first : row + x_last]
                    start = x_first * sx + b - pw
                    target = gx[image, g * C + c, i * sy + a - ph, start:]
                    for j in range(source.size):
                        target[j * sx] = source[j]
