"""Indexing for datasets that can make one example at a time."""

from __future__ import annotations

from typing import Any

import numpy


class DatasetMixin:
    """Gives a dataset slices and lists of indexes; it defines only two methods.

    Example:
        >>> class Squares(minigrad.dataset.DatasetMixin):
        ...     def __len__(self):
        ...         return 6
        ...     def get_example(self, i):
        ...         return i * i
        >>> squares = Squares()
        >>> squares[2], squares[1:4], squares[[5, 0]]
        (4, [1, 4, 9], [25, 0])
    """

    def __getitem__(self, index: Any) -> Any:
        """Returns an example, or a list of them for a slice, list or array."""
        if isinstance(index, slice):
            return [self.get_example(i) for i in range(*index.indices(len(self)))]
        if isinstance(index, (list, numpy.ndarray)):
            return [self.get_example(i) for i in index]
        return self.get_example(index)

    def __len__(self) -> int:
        """Returns the number of examples."""
        raise NotImplementedError

    def get_example(self, i: int) -> Any:
        """Returns example number ``i``; raises IndexError if there is none."""
        raise NotImplementedError
