"""Softmax cross entropy, dropout and ReLU, each in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.cpu.exponential import exp
from minigrad.kernels.cpu.jit import jit, jit_reordered
from minigrad.kernels.cpu.team import offer, pieces
from minigrad.types import Array

LANES = 16


@jit
def _maximum(row: Array, tops: Array) -> Any:
    """Returns the maximum; where there is a NaN, any number or NaN.

    ``tops`` is work space for LANES maxima that are followed side by side.
    """
    whole = row.size // LANES * LANES
    if whole == 0:
        top = row[0]
    else:
        for lane in range(LANES):
            tops[lane] = row[lane]
        for start in range(LANES, whole, LANES):
            for lane in range(LANES):
                value = row[start + lane]
                tops[lane] = value if value > tops[lane] else tops[lane]
        top = tops[0]
        for lane in range(1, LANES):
            top = tops[lane] if tops[lane] > top else top
    for c in range(whole, row.size):
        top = row[c] if row[c] > top else top
    return top


@jit_reordered
def log_softmax_rows(team: int, rows: int, number: int, x: Array, y: Array) -> None:
    """Fills ``y``; arrays are (rows, classes). A NaN makes all of its row NaN."""
    offer(team)
    C = x.shape[1]
    tops = np.empty(LANES, x.dtype)
    for _, first, last in pieces(team, rows, number):
        for n in range(first, last):
            row, out = x[n], y[n]
            top = _maximum(row, tops)
            total = x.dtype.type(0)
            for c in range(C):
                out[c] = row[c] - top
                total += exp(out[c])
            # Not beside `top`, which may be so large that the logarithm is lost.
            shift = np.log(total)
            for c in range(C):
                out[c] -= shift


@jit
def pick_losses(log_y: Array, t: Array, loss: Array, ignore_label: int) -> None:
    """``loss[n] = -log_y[n, t[n]]``, zero where ignored; a label may count from -1."""
    for n in range(t.size):
        label = t[n]
        if label == ignore_label:
            loss[n] = 0
        else:
            loss[n] = -log_y[n, label]


@jit
def cross_entropy_grad_rows(
    team: int, rows: int, number: int,
    log_y: Array, t: Array, coeff: Array, gx: Array, ignore_label: int,
) -> None:  # fmt: skip
    """Fills ``gx``; ``coeff`` has one element or one each."""
    offer(team)
    C = log_y.shape[1]
    for _, first, last in pieces(team, rows, number):
        for n in range(first, last):
            out = gx[n]
            if t[n] == ignore_label:
                out[:] = 0
                continue
            factor = coeff[n] if coeff.size > 1 else coeff[0]
            row = log_y[n]
            for c in range(C):
                out[c] = exp(row[c]) * factor
            out[t[n]] -= factor


@jit
def dropout(
    team: int,
    size: int,
    number: int,
    x: Array,
    u: Array,
    y: Array,
    mask: Array,
    ratio: float,
) -> None:
    """Fills ``y`` and ``mask``; arrays are flat."""
    offer(team)
    scale = x.dtype.type(1 / (1 - ratio))
    zero = x.dtype.type(0)
    for _, first, last in pieces(team, size, number):
        xs, us, ys, masks = (
            x[first:last],
            u[first:last],
            y[first:last],
            mask[first:last],
        )
        for i in range(xs.size):
            stays = us[i] >= ratio
            masks[i] = scale if stays else zero
            ys[i] = xs[i] * scale if stays else zero


@jit
def relu(team: int, size: int, number: int, x: Array, y: Array) -> None:
    """Fills ``y``; NaN stays NaN."""
    offer(team)
    zero = x.dtype.type(0)
    for _, first, last in pieces(team, size, number):
        xs, ys = x[first:last], y[first:last]
        for i in range(xs.size):
            ys[i] = zero if xs[i] <= zero else xs[i]


@jit
def relu_grad(
    team: int, size: int, number: int, y: Array, gy: Array, gx: Array
) -> None:
    """Fills ``gx``."""
    offer(team)
    zero = gy.dtype.type(0)
    for _, first, last in pieces(team, size, number):
        ys, gs, out = y[first:last], gy[first:last], gx[first:last]
        for i in range(ys.size):
            out[i] = gs[i] if ys[i] > zero else zero
