"""What every iterator over a dataset offers."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from minigrad.serializer import AbstractSerializer


class Iterator:
    """Base class of iterators: they give minibatches, lists of examples.

    A subclass has ``batch_size``; ``epoch``, the number of finished sweeps;
    ``epoch_detail``, the same with the fraction of the running sweep;
    ``previous_epoch_detail``, its value one batch earlier (None before the first); and
    ``is_new_epoch``, whether the last batch finished a sweep.

    Example:
        >>> batches = minigrad.iterators.SerialIterator(range(5), 2, shuffle=False)
        >>> isinstance(batches, minigrad.dataset.Iterator), next(batches), batches.epoch_detail
        (True, [0, 1], 0.4)
    """

    def __del__(self) -> None:
        self.finalize()

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        """Returns the next minibatch."""
        raise NotImplementedError

    def next(self) -> Any:
        """Returns the next minibatch, as ``next(iterator)`` does."""
        return self.__next__()

    def finalize(self) -> None:
        """Frees what the iterator holds, such as processes; may be called twice."""

    def __enter__(self) -> Iterator:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finalize()

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the state that changes from batch to batch."""
