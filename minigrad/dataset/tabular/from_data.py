"""Tabular datasets from arrays, lists and functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad import backend
from minigrad.dataset.tabular import _rows
from minigrad.dataset.tabular._rows import Rows
from minigrad.dataset.tabular.tabular_dataset import Columns, TabularDataset


def from_data(data: Any, *, size: int | None = None) -> TabularDataset:
    """Makes a dataset of columns.

    Args:
        data: A column without a name (an array or a list), or a pair of name and
            column, or a tuple of these, or a dictionary of names and columns. A column
            may be a function of the row number; a function of several names returns a
            tuple or dictionary of values.
        size: Number of rows, needed where all columns are functions.

    Returns:
        A `TabularDataset`. Its examples are bare values for a single column, tuples for
        a tuple, and dictionaries for a dictionary.

    Raises:
        TypeError: A column is no array, list or function.
        ValueError: A function has no name, or no size is known; columns differ in length;
            there is no column.

    Source: compatible with chainer.dataset.tabular.from_data.

    Example:
        >>> from minigrad.dataset import tabular
        >>> tabular.from_data([5, 7])[1]
        7
        >>> tabular.from_data(([5, 7], [6, 8]))[1]
        (7, 8)
        >>> tabular.from_data({'x': [5, 7], 'square': lambda i: i * i})[1]
        {'x': 7, 'square': 1}
    """
    if isinstance(data, dict):
        return _joined(list(data.items()), size).asdict()
    if not isinstance(data, tuple):
        return _column(None, data, size)
    if len(data) == 2 and _is_name(data[0]):
        return _column(data[0], data[1], size)
    pairs = [column if isinstance(column, tuple) else (None, column) for column in data]
    return _joined(pairs, size).astuple()


def _is_name(key: Any) -> bool:
    if isinstance(key, tuple):
        return all(isinstance(k, str) for k in key)
    return isinstance(key, str)


def _joined(pairs: list[tuple[Any, Any]], size: int | None) -> TabularDataset:
    if size is None:
        lengths = [len(column) for _, column in pairs if not callable(column)]
        size = lengths[0] if lengths else None
    if not pairs:
        raise ValueError('from_data: expected a column or more, got none')
    first, *others = [_column(key, column, size) for key, column in pairs]
    return first.join(*others)


def _column(key: Any, data: Any, size: int | None) -> TabularDataset:
    if backend.is_array(data) or isinstance(data, list):
        return _Column(f'_{id(data)}' if key is None else key, data)
    if not callable(data):
        raise TypeError(
            'from_data: expected an array, a list or a function as a column, got '
            f'{type(data).__name__}'
        )
    if key is None:
        raise ValueError('from_data: key(s) must be specified for callable')
    if size is None:
        raise ValueError('from_data: size must be specified for callable')
    return _RowNumbers(size).transform(key, data)


class _OneColumn(TabularDataset):
    mode: Any = None
    keys: Any = ()

    def _rows(self, indices: Rows) -> Any:
        raise NotImplementedError

    def get_examples(self, indices: Rows, key_indices: Columns) -> tuple[Any, ...]:
        return (self._rows(indices),) * (1 if key_indices is None else len(key_indices))


class _Column(_OneColumn):
    def __init__(self, key: str, data: Sequence[Any]) -> None:
        self.keys = (key,)
        self._data: Any = data

    def __len__(self) -> int:
        return len(self._data)

    def _rows(self, indices: Rows) -> Any:
        if indices is None:
            return self._data
        if isinstance(self._data, list) and isinstance(indices, list):
            return [self._data[i] for i in indices]
        return self._data[indices]


class _RowNumbers(_OneColumn):
    keys = ('index',)

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def _rows(self, indices: Rows) -> Any:
        return _rows.numbers(indices, self._size)
