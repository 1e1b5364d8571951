"""The same batches in all processes, because all shuffle alike."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.dataset.iterator import Iterator
from minigrad.iterators import ShuffleOrderSampler


class _SynchronizedIterator(Iterator):
    """Stands for an iterator: everything it does not know itself is asked of that."""

    actual_iterator: Any
    communicator: Any

    def __init__(self, actual_iterator: Any, communicator: Any) -> None:
        self.__dict__['actual_iterator'] = actual_iterator
        self.__dict__['communicator'] = communicator
        seed = numpy.random.randint(0, 2**32 - 1) if communicator.rank == 0 else None
        generator = numpy.random.RandomState(communicator.bcast_obj(seed))
        actual_iterator.order_sampler = ShuffleOrderSampler(generator)
        actual_iterator.reset()

    def __getattr__(self, attr_name: str) -> Any:
        return getattr(self.__dict__['actual_iterator'], attr_name)

    def __setattr__(self, attr_name: str, value: Any) -> None:
        setattr(self.actual_iterator, attr_name, value)

    def __next__(self) -> Any:
        return self.actual_iterator.__next__()

    def finalize(self) -> None:
        self.actual_iterator.finalize()

    def serialize(self, serializer: Any) -> None:
        self.actual_iterator.serialize(serializer)


def create_synchronized_iterator(
    actual_iterator: Any, communicator: Any
) -> _SynchronizedIterator:
    """Makes the iterators of all processes shuffle alike.

    For models that are cut over processes which all need the same batch, where each has
    the whole dataset: nothing but a seed is sent.

    Args:
        actual_iterator: Iterator with an ``order_sampler``, over the whole dataset.
        communicator: Communicator.

    Returns:
        The iterator.

    Raises:
        ValueError: The iterator has no order sampler.

    Source: compatible with chainermn.iterators.create_synchronized_iterator.
    """
    if not hasattr(actual_iterator, 'order_sampler'):
        raise ValueError(
            'actual_iterator must have order_sampler, as SerialIterator and '
            f'MultiprocessIterator have, got {type(actual_iterator).__name__}'
        )
    return _SynchronizedIterator(actual_iterator, communicator)
