"""Several datasets side by side, as dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigrad.named_arguments import NamedArguments


class DictDataset(NamedArguments):
    """Joins datasets of equal length: example ``i`` maps each name to its example ``i``.

    Args:
        datasets: Arrays, lists or datasets, by name.

    Raises:
        ValueError: There are none, or their lengths differ.

    Example:
        >>> d = minigrad.datasets.DictDataset(x=[1, 2], y=['a', 'b'])
        >>> d[0]
        {'x': 1, 'y': 'a'}
    """

    def __init__(self, **datasets: Any) -> None:
        if not datasets:
            raise ValueError('no datasets are given')
        length = len(next(iter(datasets.values())))
        for name, dataset in datasets.items():
            if len(dataset) != length:
                raise ValueError(
                    f'dataset length conflicts at "{name}": {len(dataset)}, where the '
                    f'first has {length}'
                )
        self._datasets = datasets
        self._length = length

    def __getitem__(self, index: Any) -> Any:
        """Returns a dictionary, or a list of them for a slice."""
        columns = {name: dataset[index] for name, dataset in self._datasets.items()}
        if isinstance(index, slice):
            return [
                dict(zip(columns, row, strict=True))
                for row in zip(*columns.values(), strict=True)
            ]
        return columns

    def __iter__(self) -> Iterator[Any]:
        """Yields the examples, as many as there are."""
        return (self[i] for i in range(self._length))

    def __repr__(self) -> str:
        return f'<DictDataset: {len(self)} examples of {", ".join(self._datasets)}>'

    def __len__(self) -> int:
        return self._length
