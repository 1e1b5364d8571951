"""Choices by a mask: both sides are read, so that no branch has to be guessed."""

from __future__ import annotations

from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.team import offer, pieces
from minigrad.types import Array


@jit
def where(
    team: int, size: int, number: int, mask: Array, x: Array, y: Array, out: Array
) -> None:
    """Fills ``out`` with ``x`` where ``mask`` is True and ``y`` elsewhere, all flat."""
    offer(team)
    for _, first, last in pieces(team, size, number):
        masks, xs, ys = mask[first:last], x[first:last], y[first:last]
        result = out[first:last]
        for i in range(result.size):
            a, b = xs[i], ys[i]
            result[i] = a if masks[i] else b


@jit
def masked(
    team: int, size: int, number: int, mask: Array, x: Array, out: Array
) -> None:
    """Fills ``out`` with ``x`` where ``mask`` is True and 0 elsewhere, all flat."""
    offer(team)
    zero = x.dtype.type(0)
    for _, first, last in pieces(team, size, number):
        masks, xs, result = mask[first:last], x[first:last], out[first:last]
        for i in range(result.size):
            a = xs[i]
            result[i] = a if masks[i] else zero
