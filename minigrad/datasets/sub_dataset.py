"""Parts of a dataset: training and validation splits, folds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy

from minigrad.dataset import DatasetMixin
from minigrad.named_arguments import checks_arguments
from minigrad.utils.argument import parse_kwargs

Order: TypeAlias = 'Sequence[int] | numpy.ndarray[Any, Any] | None'


class SubDataset(DatasetMixin):
    """The examples ``start`` to ``finish`` of a dataset, after a permutation if given.

    Args:
        dataset: The base dataset.
        start: Position of the first example.
        finish: Position behind the last one.
        order: A permutation of the indexes of the base dataset; ``start`` and
            ``finish`` are positions in it.

    Raises:
        ValueError: The positions are outside, or ``order`` has another length.

    Example:
        >>> d = minigrad.datasets.SubDataset([10, 11, 12, 13], 1, 3, order=[3, 2, 1, 0])
        >>> d[:]
        [12, 11]
    """

    def __init__(
        self, dataset: Any, start: int, finish: int, order: Order = None
    ) -> None:
        size = len(dataset)
        if start < 0 or finish > size:
            raise ValueError(
                f'subset overruns the base dataset: {start} to {finish} of {size}'
            )
        if start > finish:
            raise ValueError(
                f'a subset must not end before it starts: {start} to {finish}'
            )
        if order is not None and len(order) != size:
            raise ValueError(
                'order option must have the same length as the base dataset: '
                f'len(order) = {len(order)} while len(dataset) = {size}'
            )
        self._dataset = dataset
        self._start_ = start
        self._finish = finish
        self._order = order

    def __len__(self) -> int:
        return self._finish - self._start_

    def get_example(self, i: int) -> Any:
        """Returns example ``i``; a negative ``i`` counts from the end."""
        if not -len(self) <= i < len(self):
            raise IndexError('dataset index out of range')
        position = i + (self._start_ if i >= 0 else self._finish)
        index = position if self._order is None else self._order[position]
        return self._dataset[index]


@checks_arguments
def split_dataset(
    dataset: Any, split_at: int, order: Order = None
) -> tuple[SubDataset, SubDataset]:
    """Splits a dataset into two.

    Args:
        dataset: What to split.
        split_at: Number of examples of the first part.
        order: A permutation of the indexes to split after.

    Raises:
        TypeError: ``split_at`` is no whole number.
        ValueError: ``split_at`` is negative, or more than there are examples.

    Example:
        >>> train, test = minigrad.datasets.split_dataset([1, 2, 3, 4, 5], 3)
        >>> train[:], test[:]
        ([1, 2, 3], [4, 5])
    """
    size = len(dataset)
    if not isinstance(split_at, (int, numpy.integer)):
        raise TypeError(f'split_at must be int, got {type(split_at)} instead')
    if split_at < 0:
        raise ValueError(f'split_at must be non-negative, got {split_at}')
    if split_at > size:
        raise ValueError(f'split_at exceeds the dataset size: {split_at} > {size}')
    return (
        SubDataset(dataset, 0, split_at, order),
        SubDataset(dataset, split_at, size, order),
    )


@checks_arguments
def split_dataset_random(
    dataset: Any, first_size: int, seed: int | None = None
) -> tuple[SubDataset, SubDataset]:
    """Splits a dataset into two at random.

    Args:
        dataset: What to split.
        first_size: Number of examples of the first part.
        seed: Equal seeds give equal splits; None a new one each time.

    Example:
        >>> a, b = minigrad.datasets.split_dataset_random([1, 2, 3, 4], 3, seed=0)
        >>> sorted(a[:] + b[:])
        [1, 2, 3, 4]
    """
    return split_dataset(dataset, first_size, _random_order(dataset, seed))


@checks_arguments
def split_dataset_n(dataset: Any, n: int, order: Order = None) -> list[SubDataset]:
    """Splits a dataset into ``n`` parts of ``len(dataset) // n`` examples.

    Args:
        dataset: What to split. Examples that are left over belong to no part.
        n: Number of parts.
        order: A permutation of the indexes to split after.

    Raises:
        ValueError: ``n`` is smaller than 1.

    Example:
        >>> [d[:] for d in minigrad.datasets.split_dataset_n([1, 2, 3, 4, 5], 2)]
        [[1, 2], [3, 4]]
    """
    if n < 1:
        raise ValueError(f'split_dataset_n: n must be at least 1, got {n}')
    size = len(dataset) // n
    return [SubDataset(dataset, size * i, size * (i + 1), order) for i in range(n)]


@checks_arguments
def split_dataset_n_random(
    dataset: Any, n: int, seed: int | None = None
) -> list[SubDataset]:
    """Splits a dataset into ``n`` parts at random; see `split_dataset_n`.

    Example:
        >>> parts = minigrad.datasets.split_dataset_n_random(range(6), 2, seed=0)
        >>> [len(part) for part in parts], sorted([*parts[0], *parts[1]])
        ([3, 3], [0, 1, 2, 3, 4, 5])
    """
    return split_dataset_n(dataset, n, _random_order(dataset, seed))


@checks_arguments
def get_cross_validation_datasets(
    dataset: Any, n_folds: int | None = None, order: Order = None, **kwargs: Any
) -> list[tuple[SubDataset, SubDataset]]:
    """Returns the splits of a cross validation.

    Args:
        dataset: What to split.
        n_folds: Number of splits. The test parts share no example and cover the
            dataset; their sizes differ by at most 1.
        order: A permutation of the indexes to split after.
        **kwargs: ``n_fold``, the deprecated name of ``n_folds``.

    Returns:
        ``n_folds`` pairs of a training and a test part.

    Example:
        >>> folds = minigrad.datasets.get_cross_validation_datasets([1, 2, 3, 4], 2)
        >>> [(train[:], test[:]) for train, test in folds]
        [([1, 2], [3, 4]), ([3, 4], [1, 2])]
    """
    n_folds = _fold_count(n_folds, kwargs)
    parse_kwargs(kwargs)
    size = len(dataset)
    indexes = numpy.arange(size) if order is None else numpy.array(order)
    borders = [size * i // n_folds for i in range(n_folds + 1)]
    splits = []
    for i in reversed(range(n_folds)):
        test_size = borders[i + 1] - borders[i]
        splits.append(split_dataset(dataset, size - test_size, indexes))
        indexes = numpy.roll(indexes, test_size)  # the test part moves to the front
    return splits


@checks_arguments
def get_cross_validation_datasets_random(
    dataset: Any, n_folds: int | None = None, seed: int | None = None, **kwargs: Any
) -> list[tuple[SubDataset, SubDataset]]:
    """Returns the splits of a cross validation after a random permutation.

    Args:
        dataset: What to split.
        n_folds: Number of splits.
        seed: Equal seeds give equal splits; None a new one each time.
        **kwargs: ``n_fold``, the deprecated name of ``n_folds``.

    Example:
        >>> splits = minigrad.datasets.get_cross_validation_datasets_random(range(6), 3, seed=0)
        >>> [(len(train), len(test)) for train, test in splits]
        [(4, 2), (4, 2), (4, 2)]
    """
    n_folds = _fold_count(n_folds, kwargs)
    parse_kwargs(kwargs)
    return get_cross_validation_datasets(dataset, n_folds, _random_order(dataset, seed))


def _random_order(dataset: Any, seed: int | None) -> numpy.ndarray[Any, Any]:
    return numpy.random.RandomState(seed).permutation(len(dataset))


def _fold_count(n_folds: int | None, kwargs: dict[str, Any]) -> int:
    if 'n_fold' in kwargs:
        warnings.warn(
            'Argument `n_fold` is deprecated. Please use `n_folds` instead',
            DeprecationWarning,
            stacklevel=3,
        )
        n_folds = kwargs.pop('n_fold')
    if n_folds is None:
        raise TypeError('n_folds is missing: the number of splits')
    if n_folds < 1:
        raise ValueError(f'n_folds must be at least 1, got {n_folds}')
    return n_folds
