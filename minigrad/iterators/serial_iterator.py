"""The iterator that reads its batches when they are asked for."""

from __future__ import annotations

from typing import Any

from minigrad.iterators._epoch_iterator import EpochIterator, Plan


class SerialIterator(EpochIterator):
    """Reads the examples of a dataset one after another.

    Args:
        dataset: Anything with ``len`` and indexing.
        batch_size: Number of examples in a batch. If the iterator repeats, a batch runs
            on into the next sweep; if not, the last one may be smaller.
        repeat: Whether a sweep follows the sweep, without end.
        shuffle: Whether each sweep has a new random order. None means True, unless an
            ``order_sampler`` is given.
        order_sampler: A function of the current order and position that gives the order
            of the next sweep (see `OrderSampler`); with ``shuffle=None`` only.

    Raises:
        ValueError: Both ``shuffle`` and ``order_sampler`` are given.

    Source: compatible with chainer.iterators.SerialIterator.

    Example:
        >>> it = minigrad.iterators.SerialIterator([1, 2, 3], 2, shuffle=False)
        >>> next(it), it.epoch, it.is_new_epoch
        ([1, 2], 0, False)
        >>> next(it), it.epoch, it.is_new_epoch
        ([3, 1], 1, True)
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        repeat: bool = True,
        shuffle: bool | None = None,
        order_sampler: Any = None,
    ) -> None:
        super().__init__(dataset, batch_size, repeat, shuffle, order_sampler)

    def _finish(self, plan: Plan) -> list[Any]:
        dataset, indexes = self.dataset, plan.indexes
        return [] if indexes is None else [dataset[i] for i in indexes]
