"""The rest of an epoch, dealt to another number of processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy

from minigrad.chainermn.datasets.scatter import ScatteredDataset
from minigrad.chainermn.iterators.share_order_sampler import ShareOrderSampler
from minigrad.types import Array


class Share(NamedTuple):
    """What one process had of a dataset when it was saved."""

    examples: Array  # numbers in the whole dataset, in the order of the running epoch
    position: int  # how many of them were taken


class ScatteredIterator(NamedTuple):
    """An iterator over a share of a dataset."""

    path: str  # of its entries in a snapshot
    iterator: Any
    dataset: ScatteredDataset | None  # None: its order names examples of the whole

    def share(self) -> Share:
        """Returns what it has taken and will take in this epoch."""
        order = self.iterator._state.order
        examples = order
        if self.dataset is not None:
            examples = self.dataset.indexes if order is None else self.indexes[order]
        return Share(examples, int(self.iterator.current_position))

    @property
    def indexes(self) -> Array:
        """Numbers of the examples of the share; none if the share is the order."""
        if self.dataset is None:
            return numpy.zeros(0, int)
        return self.dataset.indexes


def scattered_iterators(target: Any) -> Iterator[ScatteredIterator]:
    """Yields the iterators over shares: of `scatter_dataset`, or `ShareOrderSampler`'s.

    Args:
        target: Trainer or updater; anything else has none.
    """
    updater = getattr(target, 'updater', target)
    prefix = '' if updater is target else 'updater/'
    iterators = getattr(updater, '_iterators', None)
    if not isinstance(iterators, dict):
        return
    for name, iterator in iterators.items():
        dataset = getattr(iterator, 'dataset', None)
        while not isinstance(dataset, ScatteredDataset):
            inner: Any = getattr(dataset, '_dataset', None)  # a TransformDataset, say
            if inner is None or len(inner) != len(dataset):  # type: ignore[arg-type]
                break
            dataset = inner
        path = f'{prefix}iterator:{name}/'
        if isinstance(dataset, ScatteredDataset):
            yield ScatteredIterator(path, iterator, dataset)
        elif isinstance(getattr(iterator, 'order_sampler', None), ShareOrderSampler):
            yield ScatteredIterator(path, iterator, None)


def deal(shares: list[Share], size: int) -> list[Share]:
    """Deals the examples of some processes to others.

    What was not taken yet in this epoch is spread evenly, and so is what was. Each share
    begins with examples that were taken, so that an iterator at that position goes on
    with the rest. To make the shares equal, some examples stand in two.

    Args:
        shares: One for each process that there was.
        size: Number of processes that there are.

    Returns:
        One share for each.

    Example:
        >>> from minigrad.chainermn.extensions._shares import Share, deal
        >>> old = [Share(np.array([0, 1, 2]), 2), Share(np.array([3, 4, 5]), 2)]
        >>> [share.examples.tolist() for share in deal(old, 1)], deal(old, 1)[0].position
        ([[0, 1, 3, 4, 2, 5]], 4)
    """
    taken = _unique(numpy.concatenate([s.examples[: s.position] for s in shares]))
    left = _unique(numpy.concatenate([s.examples[s.position :] for s in shares]))
    left = left[~numpy.isin(left, taken)]
    begins, rests = _spread(taken, size), _spread(left, size)
    return [
        Share(numpy.concatenate([begin, rest]), len(begin))
        for begin, rest in zip(begins, rests, strict=True)
    ]


def _unique(examples: Array) -> Array:
    _, first = numpy.unique(examples, return_index=True)
    return examples[numpy.sort(first)]


def _spread(examples: Array, size: int) -> list[Array]:
    """Cuts into parts of one length, beginning again at the first if need be."""
    length = -(-len(examples) // size)
    filled = numpy.resize(examples, length * size)
    return [filled[i::size] for i in range(size)]
