"""Snapshots in HDF5, as Chainer writes them: one group per link, one dataset per value.

Arrays that are written here have the checksum that HDF5 offers (Fletcher's, of 32 bits),
which every reader compares. Single values cannot have one, and neither do the files of
Chainer: a changed number in them cannot be noticed. h5py is imported when it is first
used.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import math
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy

from minigrad.named_arguments import checks_arguments
from minigrad.serializer import Deserializer, Serializer
from minigrad.serializers.atomic import atomic_write
from minigrad.serializers.compare import compare, missing
from minigrad.serializers.errors import DamagedFile, MissingEntry, SnapshotError
from minigrad.serializers.restore import check, restore, to_file
from minigrad.serializers.unchanged import unchanged_on_failure
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
        self._empty_ = _h5py().Empty('f')
        self.group = group
        self.compression = compression

    def __getitem__(self, key: str) -> HDF5Serializer:
        return HDF5Serializer(
            self.group.require_group(key.strip('/')), self.compression
        )

    def __call__(self, key: str, value: Any) -> Any:
        """Saves ``value`` and returns it; None becomes an empty dataset."""
        data: Any = self._empty_
        options: dict[str, Any] = {}
        if value is not None:
            data = to_file(value)
            if data.dtype.kind == 'U':
                text = _h5py().string_dtype()
                data = str(data) if data.shape == () else data.astype(text)
            if numpy.size(data) > 1:
                options['compression'] = self.compression
                if data.dtype.kind != 'O':  # texts of any length cannot have it
                    options['fletcher32'] = True
        self.group.create_dataset(key.lstrip('/'), data=data, **options)
        return value


@checks_arguments
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

    Example:
        >>> model, other = L.Linear(3, 2), L.Linear(3, 2)
        >>> with minigrad.utils.tempdir() as folder:
        ...     minigrad.serializers.save_hdf5(f'{folder}/model.h5', model)
        ...     minigrad.serializers.load_hdf5(f'{folder}/model.h5', other)
        >>> (model.W.array == other.W.array).all()
        np.True_
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

    def __getitem__(self, key: str) -> HDF5Deserializer:
        return HDF5Deserializer(_find(self.group, key), self.strict)

    def __call__(self, key: str, value: Any) -> Any:
        """Returns the entry ``key``: in ``value`` if that is an array."""
        key = key.lstrip('/')
        dataset = _find(self.group, key)
        if dataset is None:
            if not self.strict:
                return value
            there = {} if self.group is None else self.group
            file = 'the snapshot' if self.group is None else self.group.file.filename
            raise MissingEntry(missing(str(file), _texts(there), [key], ''))
        with _reading(dataset):
            if not isinstance(dataset, _h5py().Dataset):
                what = type(dataset).__name__.lower()
                raise ValueError(f'it is a {what}, expected an array')
            if dataset.shape is None:
                return None
            _check_storage(dataset)
            if dataset.dtype.kind != 'O':
                check(dataset.name, dataset.shape, dataset.dtype, value)
            return restore(dataset.name, _read(dataset), value)


def _find(group: Any, key: str) -> Any:
    """Returns what lies under a name in this very file, None if nothing does.

    Raises:
        DamagedFile: A link leads elsewhere.
    """
    for name in key.strip('/').split('/'):
        if group is None or not hasattr(group, 'keys'):
            return None
        with _reading(group):
            link = group.get(name, getlink=True)
            if link is None:
                return None
            if not isinstance(link, _h5py().HardLink):
                raise ValueError(
                    f'{name!r} is a link to {getattr(link, "filename", "another name")}; '
                    'only what lies in the file itself is read'
                )
            group = group[name]
    return group


class _Outline(NamedTuple):
    """What `compare` asks of a dataset."""

    shape: tuple[int, ...] | None
    dtype: Any
    size: int | None

    @classmethod
    def of(cls, dataset: Any) -> _Outline:
        with _reading(dataset):
            return cls(dataset.shape, dataset.dtype, dataset.size)


def _text(name: str | bytes) -> str:
    """Returns a name that may be no text, which h5py gives as bytes."""
    return name if isinstance(name, str) else name.decode(errors='backslashreplace')


def _texts(group: Any) -> dict[str, None]:
    return dict.fromkeys([_text(name) for name in group])


@contextlib.contextmanager
def _reading(item: Any) -> Iterator[None]:
    """Turns the errors of h5py into one that says where it came up."""
    try:
        yield
    except SnapshotError:
        raise
    except Exception as error:  # h5py raises whatever the library says
        raise DamagedFile(
            f'{item.file.filename}: {item.name} is damaged ({error})'
        ) from error


def _check_storage(dataset: Any) -> None:
    """Refuses numbers that lie in another file, or that are not there at all."""
    if dataset.external is not None or dataset.is_virtual:
        raise ValueError('its numbers lie in another file, which is not read')
    size = math.prod(dataset.shape) * dataset.dtype.itemsize
    # A byte of deflated data unfolds to 1032 at most.
    if size > 1032 * dataset.id.get_storage_size():
        raise ValueError(
            f'shape {dataset.shape} takes {size} bytes, {dataset.id.get_storage_size()} '
            'are stored'
        )
    is_text = _h5py().check_string_dtype(dataset.dtype) is not None
    if dataset.dtype.kind not in 'biufcS' and not is_text:
        raise ValueError(f'it holds {dataset.dtype}, expected numbers or texts')


def _read(dataset: Any) -> Array:
    string = _h5py().check_string_dtype(dataset.dtype)
    if string is None:
        array = numpy.asarray(dataset[()])
        return array.astype(array.dtype.newbyteorder('='), copy=False)
    if string.length is None:  # texts, each of a length of its own
        return numpy.asarray(dataset.asstr()[()]).astype(str)
    return numpy.asarray(dataset[()])  # bytes


@checks_arguments
def load_hdf5(filename: str | os.PathLike[str], obj: Any) -> None:
    """Loads an object from a file in HDF5 format.

    As with `load_npz`, a damaged file or one of another model leaves the object as it
    was. Nothing is read that lies outside of the file. Arrays of `save_hdf5` have a
    checksum; a changed number in a single value, or in a file of Chainer, is not noticed.
    The HDF5 library itself has been seen to loop on damaged files: npz files are safer.

    Args:
        filename: Path.
        obj: Anything with ``serialize``.

    Raises:
        RuntimeError: h5py is not installed.
        FileNotFoundError: There is no such file.
        DamagedFile: The file is cut short, or no HDF5 file, or leads to other files.
        MissingEntry: Names are not there (also a KeyError).
        SnapshotMismatch: Arrays have other shapes (also a ValueError).

    Source: compatible with chainer.serializers.load_hdf5, whose files it reads.

    Example:
        >>> with minigrad.utils.tempdir() as folder:
        ...     minigrad.serializers.save_hdf5(f'{folder}/model.h5', L.Linear(3, 2))
        ...     minigrad.serializers.load_hdf5(f'{folder}/model.h5', L.Linear(3, 2))
    """
    h5py = _h5py()
    try:
        file = h5py.File(filename, 'r')
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # h5py raises whatever the library says
        raise DamagedFile(
            f'{filename}: not an HDF5 file, or cut short ({error})'
        ) from error
    with file:
        found: dict[str, Any] = {}
        with _reading(file):
            file.visititems(lambda name, item: found.__setitem__(_text(name), item))
        datasets = {
            name: _Outline.of(item)
            for name, item in found.items()
            if isinstance(item, h5py.Dataset)
        }
        compare(str(filename), datasets, obj)
        with unchanged_on_failure(str(filename), obj):
            HDF5Deserializer(file).load(obj)
