"""Indexing for datasets that can make one example at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy

from minigrad.named_arguments import NamedArguments


class DatasetMixin(NamedArguments):
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

    def __repr__(self) -> str:
        try:
            return f'<{type(self).__name__}: {len(self)} examples>'
        except Exception:  # a subclass that is not ready yet, or has no length
            return super().__repr__()

    def __getitem__(self, index: Any) -> Any:
        """Returns an example, or a list of them for a slice, list, array or mask.

        Negative numbers count from the end; a dataset without ``__len__`` is given what
        came.

        Raises:
            IndexError: There is no such example.
        """
        if isinstance(index, slice):
            return [self.get_example(i) for i in range(*index.indices(len(self)))]
        if isinstance(index, list) or (
            isinstance(index, numpy.ndarray) and index.ndim > 0
        ):
            if _is_mask(index):
                index = _selected(self, numpy.asarray(index))
            return [self.get_example(_within(self, i)) for i in index]
        return self.get_example(_within(self, index))

    def __iter__(self) -> Iterator[Any]:
        """Yields the examples, up to ``len``, or to the first IndexError without one."""
        try:
            size = len(self)
        except NotImplementedError:
            yield from _until_index_error(self)
        else:
            for i in range(size):
                yield self[i]

    def __len__(self) -> int:
        """Returns the number of examples."""
        raise NotImplementedError

    def get_example(self, i: int) -> Any:
        """Returns example number ``i``; raises IndexError if there is none."""
        raise NotImplementedError


# Functions, not methods: a dataset may have attributes of any name.


def _within(dataset: DatasetMixin, i: Any) -> Any:
    if not isinstance(i, (int, numpy.integer)):
        return i
    try:
        size = len(dataset)
    except NotImplementedError:
        return i
    if not -size <= i < size:
        raise IndexError(
            f'{type(dataset).__name__}: there is no example {i}; expected '
            f'{-size} <= index < {size}'
        )
    return i if i >= 0 else i + size


def _selected(dataset: DatasetMixin, mask: Any) -> Any:
    if mask.shape != (len(dataset),):
        raise IndexError(
            f'{type(dataset).__name__}: a mask of shape {mask.shape} was given for '
            f'{len(dataset)} examples'
        )
    return numpy.flatnonzero(mask)


def _is_mask(index: Any) -> bool:
    if isinstance(index, numpy.ndarray):
        return bool(index.dtype == bool)
    return len(index) > 0 and all(isinstance(i, (bool, numpy.bool)) for i in index)


def _until_index_error(dataset: DatasetMixin) -> Iterator[Any]:
    for i in itertools.count():
        try:
            example = dataset[i]
        except IndexError:
            return
        yield example
