"""Tabular datasets from files of comma-separated values."""

from __future__ import annotations

import csv
import os
from typing import Any

import numpy

from minigrad.dataset.download import DatasetError
from minigrad.dataset.tabular.from_data import from_data
from minigrad.dataset.tabular.tabular_dataset import TabularDataset
from minigrad.types import Array


def from_csv(path: str | os.PathLike[str], *, delimiter: str = ',') -> TabularDataset:
    r"""Reads a file whose first line names the columns.

    A column whose values are all integers becomes int32 (int64 where they are larger),
    one of numbers float32, and any other a list of strings. Quoted values may hold
    delimiters and line ends. An empty number is NaN.

    Args:
        path: The file, UTF-8.
        delimiter: What stands between the values of a row.

    Returns:
        A `TabularDataset` whose examples are tuples.

    Raises:
        DatasetError: The file is no text, has no row, names a column twice, or a row
            has too few or too many values.
        OSError: It cannot be read.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), 'iris.csv')
        >>> _ = path.write_text('length,width,kind\n5.1,3.5,0\n6.2,2.9,1\n')
        >>> flowers = minigrad.dataset.tabular.from_csv(path)
        >>> flowers.keys
        ('length', 'width', 'kind')
        >>> flowers.slice[:, 'kind'].fetch()
        array([0, 1], dtype=int32)
    """
    rows = []
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            reader = csv.reader(file, delimiter=delimiter)
            names = next(reader, [])
            if not names or len(set(names)) != len(names):
                raise DatasetError(
                    f'{path}: line 1: expected different names of columns, got {names}'
                )
            for row in reader:
                if not row:
                    continue  # an empty line
                if len(row) != len(names):
                    raise DatasetError(
                        f'{path}: line {reader.line_num}: expected {len(names)} values, '
                        f'one for each of {names}, got {len(row)}'
                    )
                rows.append(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f'{path}: not a text file of values ({error})') from error
    if not rows:
        raise DatasetError(f'{path}: there is no row below the names {names}')
    columns = [_column(values) for values in zip(*rows, strict=True)]
    return from_data(tuple(zip(names, columns, strict=True)))


def _column(values: tuple[str, ...]) -> Array | list[str]:
    try:
        integers = [int(value) for value in values]
    except ValueError:
        pass
    else:
        wide = max(map(abs, integers)) > numpy.iinfo(numpy.int32).max
        if max(map(abs, integers)) <= numpy.iinfo(numpy.int64).max:
            return numpy.array(integers, numpy.int64 if wide else numpy.int32)
    try:
        numbers: list[Any] = [
            float(value) if value.strip() else numpy.nan for value in values
        ]
    except ValueError:
        return list(values)
    return numpy.array(numbers, numpy.float32)
