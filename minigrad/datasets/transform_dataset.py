"""A dataset seen through a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.dataset import DatasetMixin


class TransformDataset(DatasetMixin):
    """Applies a function to every example when it is asked for.

    Args:
        dataset: The base dataset.
        transform: Takes an example, returns the new one. It must not change the arrays
            it is given: they belong to the base dataset (write ``x = x - 1``, never
            ``x -= 1``).

    Example:
        >>> d = minigrad.datasets.TransformDataset([1, 2, 3], lambda x: x * 10)
        >>> d[:]
        [10, 20, 30]
    """

    def __init__(self, dataset: Any, transform: Callable[[Any], Any]) -> None:
        self._dataset = dataset
        self._transform = transform

    def __len__(self) -> int:
        return len(self._dataset)

    def get_example(self, i: int) -> Any:
        """Returns example ``i`` of the base dataset, transformed."""
        return self._transform(self._dataset[i])
