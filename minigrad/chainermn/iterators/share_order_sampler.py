"""One shuffling for all processes, of which each takes its part."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.iterators import ShuffleOrderSampler
from minigrad.types import Array


class ShareOrderSampler(ShuffleOrderSampler):
    """Gives each process every N-th example of one shuffling of the whole dataset.

    N processes with batches of B then read, step by step, what one with batches of N * B
    reads, if N divides the number of examples. Otherwise some are read twice in a sweep,
    so that all make the same number of steps. Each process has the whole dataset.

    Args:
        comm: Communicator.
        seed: Seed of the shuffling; rank 0 draws one if None.

    Source: not in ChainerMN.

    Example:
        >>> from types import SimpleNamespace
        >>> from minigrad.chainermn.iterators import ShareOrderSampler
        >>> shares = []
        >>> for rank in range(2):
        ...     comm = SimpleNamespace(rank=rank, size=2)
        ...     shares.append(ShareOrderSampler(comm, seed=0)(np.arange(6), 0).tolist())
        >>> shares
        [[5, 1, 0], [2, 3, 4]]
    """

    def __init__(self, comm: Any, seed: int | None = None) -> None:
        if seed is None:
            drawn = numpy.random.randint(2**31) if comm.rank == 0 else None
            seed = comm.bcast_obj(drawn)
        super().__init__(numpy.random.RandomState(seed))
        self._rank, self._size = comm.rank, comm.size
        self._whole_size: int | None = None

    def __call__(self, current_order: Array, current_position: int) -> Array:
        """Returns the share of this process of a new permutation."""
        first = self._whole_size is None  # then the order is that of the dataset
        if self._whole_size is None:
            self._whole_size = len(current_order)
        order = self._random.permutation(self._whole_size)[self._rank :: self._size]
        length = -(-self._whole_size // self._size)
        # A sweep that was dealt anew from a snapshot may be an example longer.
        return numpy.resize(order, length if first else len(current_order))
