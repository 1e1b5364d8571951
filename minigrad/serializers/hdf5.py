"""Snapshots in HDF5, as Chainer writes them: one group per link, one dataset per value.

h5py is imported when it is first used.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

import numpy

from minigrad import backend
from minigrad.serializer import Deserializer, Serializer
from minigrad.serializers.atomic import atomic_write
from minigrad.serializers.compare import Undo, compare, missing, undoing
from minigrad.serializers.errors import DamagedFile, MissingEntry
from minigrad.serializers.restore import restore, to_file
from minigrad.types import Array

_available = importlib.util.find_spec('h5py') is not None


def _h5py() -> Any:
    if not _available:
        raise RuntimeError(
            'HDF5 files need h5py, which is not installed\n'
            '  hint: pip install h5py, or use save_npz and load_npz'
        )
    return importlib.import_module('h5py')


class HDF5Serializer(Serializer):
    """Saves objects into a group of an HDF5 file.

    Args:
        group: An ``h5py.Group``, such as an ``h5py.File`` opened for writing.
        compression: Level of gzip, 0 to 9; arrays of one element stay as they are.

    Raises:
        RuntimeError: h5py is not installed.
    """

    def __init__(self, group: Any, compression: int | None = 4) -> None:
        self._empty = _h5py().Empty('f')
        self.group = group
        self.compression = compression

    def __getitem__(self, key: str) -> HDF5Serializer:
        return HDF5Serializer(
            self.group.require_group(key.strip('/')), self.compression
        )

    def __call__(self, key: str, value: Any) -> Any:
        """Saves ``value`` and returns it; None becomes an empty dataset."""
        data: Any = self._empty
        compression = None
        if isinstance(value, str):
            data = value
        elif value is not None:
            data = to_file(value)
            data = str(data) if data.dtype.kind == 'U' and data.shape == () else data
            compression = None if numpy.size(data) <= 1 else self.compression
        self.group.create_dataset(key.lstrip('/'), data=data, compression=compression)
        return value


def save_hdf5(
    filename: str | os.PathLike[str], obj: Any, compression: int | None = 4
) -> None:
    """Saves an object to a file in HDF5 format, atomically.

    Args:
        filename: Path.
        obj: Anything with ``serialize``, or a dictionary of arrays.
        compression: Level of gzip, 0 to 9.

    Raises:
        RuntimeError: h5py is not installed.

    Source: compatible with chainer.serializers.save_hdf5; Chainer loads the file.
    """
    h5py = _h5py()
    with atomic_write(filename) as opened, h5py.File(opened, 'w') as file:
        serializer = HDF5Serializer(file, compression)
        if isinstance(obj, dict):
            for key, value in obj.items():
                array = numpy.asarray(value)
                is_none = array.dtype == object and array.shape == ()
                serializer(key, array[()] if is_none else array)
        else:
            serializer.save(obj)


class HDF5Deserializer(Deserializer):
    """Loads objects from a group of an HDF5 file.

    Args:
        group: An ``h5py.Group``, or None for one that is not there.
        strict: Whether a name that is not there raises; otherwise it is passed over.

    Raises:
        RuntimeError: h5py is not installed.
    """

    def __init__(self, group: Any, strict: bool = True) -> None:
        _h5py()
        self.group = group
        self.strict = strict
        self._undo: Undo | None = None

    def __getitem__(self, key: str) -> HDF5Deserializer:
        group = None if self.group is None else self.group.get(key.strip('/'))
        child = HDF5Deserializer(group, self.strict)
        child._undo = self._undo
        return child

    def __call__(self, key: str, value: Any) -> Any:
        """Returns the entry ``key``: in ``value`` if that is an array."""
        key = key.lstrip('/')
        if self.group is None or key not in self.group:
            if not self.strict:
                return value
            there = {} if self.group is None else self.group
            file = 'the snapshot' if self.group is None else self.group.file.filename
            raise MissingEntry(missing(str(file), there, [key], ''))
        dataset = self.group[key]
        if dataset.shape is None:
            return None
        if self._undo is not None and backend.is_array(value):
            self._undo.append((value, value.copy()))
        return restore(dataset.name, _read(dataset), value)


def _read(dataset: Any) -> Array:
    is_text = _h5py().check_string_dtype(dataset.dtype) is not None
    return numpy.asarray(dataset.asstr()[()] if is_text else dataset[()])


def load_hdf5(filename: str | os.PathLike[str], obj: Any) -> None:
    """Loads an object from a file in HDF5 format.

    As with `load_npz`, a damaged file or one of another model leaves the arrays of the
    object as they were.

    Args:
        filename: Path.
        obj: Anything with ``serialize``.

    Raises:
        RuntimeError: h5py is not installed.
        FileNotFoundError: There is no such file.
        DamagedFile: The file is cut short, or no HDF5 file.
        MissingEntry: Names are not there (also a KeyError).
        SnapshotMismatch: Arrays have other shapes (also a ValueError).

    Source: compatible with chainer.serializers.load_hdf5, whose files it reads.
    """
    h5py = _h5py()
    try:
        file = h5py.File(filename, 'r')
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedFile(
            f'{filename}: not an HDF5 file, or cut short ({error})'
        ) from error
    with file, undoing() as undo:
        datasets: dict[str, Any] = {}
        file.visititems(
            lambda name, item: (
                datasets.__setitem__(name, item) if hasattr(item, 'dtype') else None
            )
        )
        compare(str(filename), datasets, obj)
        deserializer = HDF5Deserializer(file)
        deserializer._undo = undo
        deserializer.load(obj)
