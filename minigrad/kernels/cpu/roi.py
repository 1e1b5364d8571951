"""The place of the maximum in each bin of a region of interest."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.jit import jit
from minigrad.types import Array


@jit
def argmax(
    x: Array, places: Array, batch: Array,
    tops: Array, bottoms: Array, lefts: Array, rights: Array,
    first: int, last: int,
) -> None:  # fmt: skip
    """Fills regions ``first ... last`` of ``places``, flat indices into ``x``."""
    C, H, W = x.shape[1:]
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
