"""Several datasets one after another."""

from __future__ import annotations

from typing import Any

from minigrad.dataset import DatasetMixin


class ConcatenatedDataset(DatasetMixin):
    """Joins datasets end to end.

    Args:
        datasets: Arrays, lists or datasets.

    Example:
        >>> d = minigrad.datasets.ConcatenatedDataset([1, 2], [3, 4, 5])
        >>> len(d), d[1:4]
        (5, [2, 3, 4])
    """

    def __init__(self, *datasets: Any) -> None:
        self._datasets = datasets

    def __len__(self) -> int:
        return sum([len(dataset) for dataset in self._datasets])

    def get_example(self, i: int) -> Any:
        """Returns example ``i`` of the whole."""
        position = i
        if position >= 0:
            for dataset in self._datasets:
                if position < len(dataset):
                    return dataset[position]
                position -= len(dataset)
        raise IndexError(f'dataset index {i} is out of range: {len(self)} examples')
