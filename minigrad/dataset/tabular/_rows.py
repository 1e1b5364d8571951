"""Row numbers and column numbers, as given by users and as handed to datasets.

A dataset is asked for rows by None (all), a slice, or a list of numbers from 0. Slices
of slices are slices of Python's ranges, so their arithmetic is Python's own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy

Rows = slice | list[int] | None


def as_range(rows: slice | None, n: int) -> range:
    """Returns the numbers that None or a slice means among ``n`` rows."""
    return range(n) if rows is None else range(n)[rows]


def as_slice(rows: range) -> slice:
    """Returns the slice that gives the rows of a range."""
    if not rows:
        return slice(0, 0, 1)
    # A range that runs down to row 0 stops at -1, which a slice would count from the end.
    return slice(rows.start, rows.stop if rows.stop >= 0 else None, rows.step)


def count(rows: Rows, n: int) -> int:
    """Returns how many rows are meant, among ``n``."""
    return len(rows) if isinstance(rows, list) else len(as_range(rows, n))


def numbers(rows: Rows, n: int) -> list[int]:
    """Returns the numbers of the rows, among ``n``."""
    return rows if isinstance(rows, list) else list(as_range(rows, n))


def chosen(rows: Any, n: int) -> slice | list[int]:
    """Checks the rows that a user chose.

    Args:
        rows: A slice, numbers (negative ones count from the end), or one bool per row.
            Among numbers, bools are the numbers 0 and 1, as in Chainer.
        n: Number of rows.

    Raises:
        IndexError: A number is out of range.
        ValueError: There are not as many bools as rows.
    """
    if isinstance(rows, slice):
        return rows
    rows = list(rows)
    if rows and all(isinstance(i, (bool, numpy.bool_)) for i in rows):
        if len(rows) != n:
            raise ValueError(
                f'slice: expected one bool for each of the {n} rows, got {len(rows)}'
            )
        return [i for i, wanted in enumerate(rows) if wanted]
    result = []
    for i in rows:
        number = int(i)
        if not -n <= number < n:
            raise IndexError(
                f'slice: row {i} is out of range: the dataset has {n} rows'
            )
        result.append(number % n)
    return result


def within(outer: slice | list[int], inner: Rows, n: int) -> slice | list[int]:
    """Returns the rows ``inner`` of the rows ``outer`` of ``n`` rows."""
    if inner is None:
        return outer
    if isinstance(outer, list):
        return outer[inner] if isinstance(inner, slice) else [outer[i] for i in inner]
    rows = as_range(outer, n)
    return (
        as_slice(rows[inner]) if isinstance(inner, slice) else [rows[i] for i in inner]
    )


def between(rows: range, first: int, last: int) -> range:
    """Returns the part of a range in ``[first, last)``, counted from ``first``."""
    rising = rows if rows.step > 0 else rows[::-1]
    part = rising[bisect_left(rising, first) : bisect_left(rising, last)]
    part = range(part.start - first, part.stop - first, part.step)
    return part if rows.step > 0 else part[::-1]


def columns(keys: Sequence[Any], names: tuple[str, ...]) -> tuple[int, ...]:
    """Returns the column numbers of names or numbers.

    Raises:
        IndexError: A number is out of range.
        KeyError: There is no column of that name, or a key is a list.
    """
    result = []
    for key in keys:
        if isinstance(key, str):
            if key not in names:
                raise KeyError(f'there is no column {key!r}; there are {names}')
            result.append(names.index(key))
        else:
            if isinstance(key, (list, tuple)):
                raise KeyError(
                    f'slice: expected names or numbers of columns, got {key!r}; several '
                    f'are a tuple, as dataset.slice[rows, {names!r}]'
                )
            if not -len(names) <= key < len(names):
                raise IndexError(
                    f'column {key} is out of range: there are {len(names)}, {names}'
                )
            result.append(int(key) % len(names))
    return tuple(result)
