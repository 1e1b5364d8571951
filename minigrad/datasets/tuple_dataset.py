"""Several datasets side by side, as tuples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigrad.named_arguments import NamedArguments


class TupleDataset(NamedArguments):
    """Joins datasets of equal length: example ``i`` is the tuple of their examples ``i``.

    Args:
        datasets: Arrays, lists or datasets.

    Raises:
        ValueError: There are none, or their lengths differ.

    Example:
        >>> d = minigrad.datasets.TupleDataset([8, 0, 5], ['a', 'b', 'c'])
        >>> d[1], d[1:]
        ((0, 'b'), [(0, 'b'), (5, 'c')])
    """

    def __init__(self, *datasets: Any) -> None:
        if not datasets:
            raise ValueError('no datasets are given')
        lengths = [len(dataset) for dataset in datasets]
        for i, length in enumerate(lengths):
            if length != lengths[0]:
                raise ValueError(
                    f'dataset of the index {i} has a wrong length: {length}, where the '
                    f'first has {lengths[0]}'
                )
        self._datasets = datasets
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        """Returns a tuple, or a list of tuples for a slice."""
        columns = [dataset[index] for dataset in self._datasets]
        if isinstance(index, slice):
            return list(zip(*columns, strict=True))
        return tuple(columns)

    def __iter__(self) -> Iterator[Any]:
        """Yields the examples, as many as there are."""
        return (self[i] for i in range(self._length))

    def __repr__(self) -> str:
        columns = ', '.join([_column(dataset) for dataset in self._datasets])
        return f'<TupleDataset: {len(self)} examples of ({columns})>'

    def __len__(self) -> int:
        return self._length


def _column(dataset: Any) -> str:
    """Says what the examples of a column are, without making one."""
    if hasattr(dataset, 'dtype') and hasattr(dataset, 'shape'):
        return f'{dataset.dtype} {tuple(dataset.shape[1:])}'
    return type(dataset).__name__
