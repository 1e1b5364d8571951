"""The iterator that reads the next batches in processes while this one is used."""

from __future__ import annotations

import multiprocessing
import warnings
import weakref
import zlib
from typing import Any

from minigrad.iterators._epoch_iterator import EpochIterator, Plan
from minigrad.iterators._statemachine import IteratorState
from minigrad.iterators._worker_pool import WorkerDied, WorkerPool
from minigrad.types import Array


class MultiprocessIterator(EpochIterator):
    """Reads the examples of a dataset in processes, some batches ahead.

    The order of examples is that of `SerialIterator`, whatever the number of processes.
    What a dataset draws from ``numpy.random`` or ``random`` depends on the order, the
    sweep and the position of an example alone, so it does not change with the number of
    processes, nor when training resumes.

    Processes are started afresh ("spawn"), by the first batch: a script needs
    ``if __name__ == '__main__':`` around what it runs. They are forked, with a warning,
    if the dataset cannot be pickled; where that is not possible, it must be picklable.
    Arrays come back through shared memory. A worker that raises or dies raises here.

    Args:
        dataset: Anything with ``len`` and indexing. The processes share the memory of
            its arrays, so it must not change them.
        batch_size: Number of examples in a batch.
        repeat: Whether a sweep follows the sweep, without end.
        shuffle: Whether each sweep has a new random order; None means True, unless an
            ``order_sampler`` is given.
        n_processes: Number of processes; None takes one per core.
        n_prefetch: Number of batches to read ahead, 1 or more.
        shared_mem: Bytes of shared memory per example; None measures what is needed, 0
            uses none. Examples that need more are sent without it.
        order_sampler: Gives the order of the next sweep; with ``shuffle=None`` only.
        dataset_timeout: Seconds to wait for a batch before a `TimeoutWarning`; None
            waits in silence.
        maxtasksperchild: Number of parts of batches after which a process is replaced
            by a new one; None keeps it.

    Raises:
        ValueError: Both ``shuffle`` and ``order_sampler`` are given.

    Source: compatible with chainer.iterators.MultiprocessIterator.

    Example:
        >>> with minigrad.iterators.MultiprocessIterator(
        ...         [1, 2, 3], 2, repeat=False, shuffle=False, n_processes=1) as it:
        ...     list(it)
        [[1, 2], [3]]
    """

    class TimeoutWarning(RuntimeWarning):
        """A batch takes longer than ``dataset_timeout``."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        repeat: bool = True,
        shuffle: bool | None = None,
        n_processes: int | None = None,
        n_prefetch: int = 1,
        shared_mem: int | None = None,
        order_sampler: Any = None,
        dataset_timeout: float | None = 30.0,
        maxtasksperchild: int | None = None,
    ) -> None:
        self._pool_: WorkerPool | None = None
        self._is_finalized_ = False
        self._hashed_: tuple[Array | None, int] = (None, 0)
        self.n_processes = (
            multiprocessing.cpu_count() if n_processes is None else n_processes
        )
        self.n_prefetch = max(n_prefetch, 1)
        self._n_prefetch_ = self.n_prefetch
        self.shared_mem = shared_mem
        self.dataset_timeout = dataset_timeout
        self._maxtasksperchild = maxtasksperchild
        super().__init__(dataset, batch_size, repeat, shuffle, order_sampler)

    def _start_(self, before: IteratorState, indexes: Array) -> Any:
        if self._is_finalized_:
            raise RuntimeError('MultiprocessIterator: it was finalized; make a new one')
        if self._pool_ is None:
            self._pool_ = WorkerPool(
                self.dataset,
                self.n_processes,
                self.n_prefetch + 1,
                self.shared_mem,
                self._maxtasksperchild,
            )
            # Ends the processes when the program ends without finalize().
            self._closing_ = weakref.finalize(self, self._pool_.close)
        position, epoch, _, order = before
        return self._pool_.submit(indexes, (self._hash_(order), epoch, position))

    def _hash_(self, order: Array | None) -> int:
        if order is not None and self._hashed_[0] is not order:
            self._hashed_ = (order, zlib.crc32(order.tobytes()))
        return 0 if order is None else self._hashed_[1]

    def _finish(self, plan: Plan) -> list[Any]:
        pool = self._pool_
        if pool is None:
            raise RuntimeError('MultiprocessIterator: it was finalized; make a new one')
        try:
            pool.wait_until_ready()
            while True:
                batch = pool.wait(plan.ticket, self.dataset_timeout)
                if batch is not None:
                    return batch
                self._warn_()
        except WorkerDied:
            # What was planned is lost with the processes; the next batch starts new.
            self._close_pool_()
            self._ahead_.popleft()
            self._forget_plans_()
            raise

    def _warn_(self) -> None:
        warnings.warn(
            'Stalled dataset is detected: a batch takes longer than dataset_timeout = '
            f'{self.dataset_timeout} seconds. Reading an example may wait for a lock, a '
            'network or a disk; dataset_timeout=None waits in silence.',
            self.TimeoutWarning,
            stacklevel=4,
        )

    def _forget_plans_(self) -> None:
        if self._pool_ is not None:
            for plan in self._ahead_:
                if plan.ticket is not None:
                    self._pool_.forget(plan.ticket)
        super()._forget_plans_()

    def reset(self) -> None:
        """Goes back to the beginning, with a new order if there is an order.

        Raises:
            NotImplementedError: The iterator was finalized.
        """
        if self._is_finalized_:
            raise NotImplementedError(
                'Reset of finalized MultiprocessIterator is currently not supported.'
            )
        self._forget_plans_()
        super().reset()

    def finalize(self) -> None:
        """Ends the processes; no batch can be had any more."""
        if self.__dict__.get('_is_finalized_', True):
            return
        self._is_finalized_ = True
        super().finalize()
        self._close_pool_()

    def _close_pool_(self) -> None:
        if self._pool_ is not None:
            self._closing_.detach()
            self._pool_.close()
            self._pool_ = None

    def __copy__(self) -> MultiprocessIterator:
        other = object.__new__(type(self))
        other.__dict__.update(self.__getstate__())
        return other

    def __getstate__(self) -> dict[str, Any]:
        state = {**super().__getstate__(), '_pool_': None, '_is_finalized_': False}
        state.pop('_closing_', None)
        return state
