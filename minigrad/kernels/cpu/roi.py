"""The place of the maximum in each bin of a region of interest."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.team import offer, pieces
from minigrad.types import Array


@jit
def argmax(
    team: int, regions: int, number: int,
    x: Array, places: Array, batch: Array,
    tops: Array, bottoms: Array, lefts: Array, rights: Array,
) -> None:  # fmt: skip
    """Fills ``places`` of all regions, flat indices into ``x``."""
    offer(team)
    C, H, W = x.shape[1:]
    for _, first, last in pieces(team, regions, number):
        for r in range(first, last):
            n = batch[r]
            for c in range(C):
                for p in range(tops.shape[1]):
                    for q in range(lefts.shape[1]):
                        best = -np.inf
                        place = -1
                        for i in range(tops[r, p], bottoms[r, p]):
                            for j in range(lefts[r, q], rights[r, q]):
                                value = x[n, c, i, j]
                                nan = value != value and best == best
                                if value > best or nan or place < 0:
                                    best = value
                                    place = ((n * C + c) * H + i) * W + j
                        places[r, c, p, q] = place
