"""Convolution of each channel by itself: sums of shifted planes, without products.

Planes are laid out as in ``conv_direct.py``, so that the pixels under one tap are one
contiguous run: ``y`` is the sum of the runs, each times its weight; ``gx`` the sum
of ``gy`` shifted the other way; a weight's gradient is the dot product of its run and ``gy``.
A group has one input channel and M output channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.cpu.conv_direct import split_phases, tap_offsets
from minigrad.kernels.cpu.jit import jit, jit_reordered
from minigrad.kernels.cpu.pixel_rows import copy_rows
from minigrad.kernels.cpu.team import offer, pieces, rank
from minigrad.types import Array


@jit_reordered
def _add_runs(
    flat: Array, offsets: Array, W: Array, start: int, taps: int, sums: Array
) -> None:
    """Adds the weighted runs to ``sums``, three at a time."""
    run = sums.size
    for k in range(0, taps - taps % 3, 3):
        u, v, w = W[start + k], W[start + k + 1], W[start + k + 2]
        a = flat[offsets[k] : offsets[k] + run]
        b = flat[offsets[k + 1] : offsets[k + 1] + run]
        c = flat[offsets[k + 2] : offsets[k + 2] + run]
        for j in range(run):
            sums[j] += u * a[j] + v * b[j] + w * c[j]
    for k in range(taps - taps % 3, taps):
        u = W[start + k]
        a = flat[offsets[k] : offsets[k] + run]
        for j in range(run):
            sums[j] += u * a[j]


@jit_reordered
def _dot(a: Array, b: Array) -> Any:
    total = a.dtype.type(0)
    for j in range(b.size):
        total += a[j] * b[j]
    return total


@jit
def _join_phases(
    flat: Array, x: Array, start: int, H: int, W: int,
    QH: int, QW: int, sy: int, sx: int, ph: int, pw: int,
) -> None:  # fmt: skip
    """Fills a plane (H, W) of ``x``: `split_phases` turned round."""
    for i in range(H):
        a, row = (i + ph) % sy, (i + ph) // sy
        for b in range(sx):
            first = (b - pw) % sx
            source = ((a * sx + b) * QH + row) * QW + (first + pw) // sx
            columns = min((W - first + sx - 1) // sx, QW - (first + pw) // sx)
            for j in range(columns if row < QH else 0):
                x[start + i * W + first + j * sx] = flat[source + j]


@jit
def forward(
    team: int, planes: int, number: int,
    x: Array, W: Array, bias: Array, y: Array, flats: Array, all_sums: Array,
    groups: int, C: int, H: int, WI: int,
    M: int, OH: int, OW: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``y``; ``bias`` may be empty. C is 1."""
    offer(team)
    QH, QW = OH + (KH - 1) * dy // sy, OW + (KW - 1) * dx // sx
    flat = flats[rank(team)]
    sums = all_sums[rank(team), : (OH - 1) * QW + OW]
    taps = KH * KW
    offsets = tap_offsets(C, KH, KW, sy, sx, dy, dx, QH, QW)
    flat[: sy * sx * QH * QW] = 0
    shift = x.dtype.type(0)
    origin: Any = 0
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            split_phases(
                x, plane * H * WI, C, H, WI, flat, origin, QH, QW, sy, sx, ph, pw
            )
            for m in range(M):
                o = plane % groups * M + m
                sums[:] = 0
                _add_runs(flat, offsets, W, o * taps, taps, sums)
                if bias.size > 0:
                    shift = bias[o]
                target = (plane * M + m) * OH * OW
                copy_rows(sums, origin, QW, y, target, OW, OH, OW, shift)


@jit
def grad_x(
    team: int, planes: int, number: int,
    W: Array, gy: Array, gx: Array, flats: Array, spreads: Array,
    groups: int, C: int, H: int, WI: int,
    M: int, OH: int, OW: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``gx``, which holds zeros.

    A pixel of a phase is the sum of that phase's taps, each times the ``gy`` that lies
    as far before the pixel as the tap behind the window's corner.
    """
    offer(team)
    QH, QW = OH + (KH - 1) * dy // sy, OW + (KW - 1) * dx // sx
    size = QH * QW
    flat = flats[rank(team), : sy * sx * size]
    spread = spreads[rank(team), : 2 * size]
    taps = KH * KW
    offsets = tap_offsets(C, KH, KW, sy, sx, dy, dx, QH, QW)
    back, weights = np.empty(taps, np.int64), np.empty(taps, W.dtype)
    spread[:] = 0
    zero = gx.dtype.type(0)
    for _, first, last in pieces(team, planes, number):
        for plane in range(first, last):
            flat[:] = 0
            for m in range(M):
                source = (plane * M + m) * OH * OW
                copy_rows(gy, source, OW, spread, size, QW, OH, OW, zero)
                start = (plane % groups * M + m) * taps
                for phase in range(sy * sx):
                    found = 0
                    for k in range(taps):
                        if offsets[k] // size == phase:
                            back[found] = size - offsets[k] % size
                            weights[found] = W[start + k]
                            found += 1
                    target = flat[phase * size : (phase + 1) * size]
                    _add_runs(spread, back, weights, 0, found, target)
            _join_phases(flat, gx, plane * H * WI, H, WI, QH, QW, sy, sx, ph, pw)


@jit
def grad_w(
    team: int, planes: int, number: int,
    x: Array, gy: Array, parts: Array, flats: Array, spreads: Array,
    groups: int, C: int, H: int, WI: int,
    M: int, OH: int, OW: int, KH: int, KW: int,
    sy: int, sx: int, ph: int, pw: int, dy: int, dx: int,
) -> None:  # fmt: skip
    """Fills ``parts[i]`` with the sum over the planes of piece ``i``."""
    offer(team)
    QH, QW = OH + (KH - 1) * dy // sy, OW + (KW - 1) * dx // sx
    flat = flats[rank(team)]
    run = (OH - 1) * QW + OW
    spread = spreads[rank(team), :run]
    taps = KH * KW
    offsets = tap_offsets(C, KH, KW, sy, sx, dy, dx, QH, QW)
    flat[: sy * sx * QH * QW] = 0
    spread[:] = 0
    zero = x.dtype.type(0)
    origin: Any = 0
    for piece, first, last in pieces(team, planes, number):
        gW = parts[piece]
        gW[:] = 0
        for plane in range(first, last):
            split_phases(
                x, plane * H * WI, C, H, WI, flat, origin, QH, QW, sy, sx, ph, pw
            )
            for m in range(M):
                source = (plane * M + m) * OH * OW
                copy_rows(gy, source, OW, spread, origin, QW, OH, OW, zero)
                start = (plane % groups * M + m) * taps
                for k in range(taps):
                    gW[start + k] += _dot(flat[offsets[k] : offsets[k] + run], spread)
