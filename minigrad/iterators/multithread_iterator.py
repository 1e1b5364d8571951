"""The iterator that reads the next batch in threads while this one is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from minigrad.iterators._epoch_iterator import EpochIterator, Plan
from minigrad.iterators._statemachine import IteratorState
from minigrad.types import Array

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


class MultithreadIterator(EpochIterator):
    """Reads the examples of a dataset in threads, one batch ahead.

    It helps where reading waits for a disk or runs outside of the interpreter, as
    decoding images does. The order of examples is that of `SerialIterator`. A dataset
    that draws random numbers shares NumPy's generator with all threads, so its results
    depend on timing; use `MultiprocessIterator` where they must not.

    Args:
        dataset: Anything with ``len`` and indexing; indexing must be safe in threads.
        batch_size: Number of examples in a batch.
        repeat: Whether a sweep follows the sweep, without end.
        shuffle: Whether each sweep has a new random order; None means True, unless an
            ``order_sampler`` is given.
        n_threads: Number of threads.
        order_sampler: Gives the order of the next sweep; with ``shuffle=None`` only.

    Raises:
        ValueError: Both ``shuffle`` and ``order_sampler`` are given.

    Source: compatible with chainer.iterators.MultithreadIterator.

    Example:
        >>> with minigrad.iterators.MultithreadIterator(
        ...         [1, 2, 3], 2, repeat=False, shuffle=False, n_threads=2) as it:
        ...     list(it)
        [[1, 2], [3]]
    """

    _n_prefetch_ = 1
    _order_key_ = '_order'  # Chainer's name in this iterator

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        repeat: bool = True,
        shuffle: bool | None = None,
        n_threads: int = 1,
        order_sampler: Any = None,
    ) -> None:
        self.n_threads = n_threads
        self._pool_: ThreadPoolExecutor | None = None
        super().__init__(dataset, batch_size, repeat, shuffle, order_sampler)

    def _start_(self, before: IteratorState, indexes: Array) -> Any:
        if self._pool_ is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool_ = ThreadPoolExecutor(
                self.n_threads, thread_name_prefix='MultithreadIterator'
            )
        # Four pieces a thread even out examples that take unequal time.
        n_pieces = min(len(indexes), 4 * self.n_threads)
        return [
            self._pool_.submit(_read, self.dataset, piece)
            for piece in numpy.array_split(indexes, max(n_pieces, 1))
        ]

    def _finish(self, plan: Plan) -> list[Any]:
        return [example for future in plan.ticket for example in future.result()]

    def finalize(self) -> None:
        """Ends the threads; the next batch starts new ones."""
        super().finalize()
        pool = self.__dict__.get('_pool_')
        self._pool_ = None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), '_pool_': None}


def _read(dataset: Any, indexes: Array) -> list[Any]:
    return [dataset[i] for i in indexes]
