"""Snapshots in NumPy's ``.npz`` format, with Chainer's names inside.

An object becomes a flat dictionary of arrays, such as ``'predictor/conv1/W'``. Nothing
is ever pickled or unpickled, and a file on disk is replaced as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, TypeAlias

import numpy

from minigrad.named_arguments import checks_arguments
from minigrad.serializer import Deserializer, Serializer
from minigrad.serializers.atomic import atomic_write
from minigrad.serializers.compare import compare, missing
from minigrad.serializers.errors import MissingEntry
from minigrad.serializers.npz_archive import NpzArchive, write_npz
from minigrad.serializers.restore import check, restore, to_file
from minigrad.serializers.unchanged import unchanged_on_failure
from minigrad.types import Array

File: TypeAlias = 'str | os.PathLike[str] | IO[bytes]'
IgnoreNames: TypeAlias = (
    'str | Callable[[str], bool] | Sequence[str | Callable[[str], bool]] | None'
)


class DictionarySerializer(Serializer):
    """Saves objects into a flat dictionary of NumPy arrays.

    Args:
        target: The dictionary to fill; a new one when None.
        path: What all names begin with, such as ``'model/'``.

    Attributes:
        target: The dictionary. None is kept as a 0-d object array, as in Chainer.

    Example:
        >>> s = minigrad.serializers.DictionarySerializer()
        >>> _ = s['conv1']('W', np.ones((2, 2), 'f'))
        >>> list(s.target)
        ['conv1/W']
    """

    def __init__(self, target: dict[str, Array] | None = None, path: str = '') -> None:
        self.target = {} if target is None else target
        self.path = path

    def __getitem__(self, key: str) -> DictionarySerializer:
        return DictionarySerializer(self.target, f'{self.path}{key.strip("/")}/')

    def __call__(self, key: str, value: Any) -> Any:
        """Keeps a copy-free NumPy array of ``value`` and returns ``value``."""
        name = self.path + key.lstrip('/')
        self.target[name] = numpy.asarray(None) if value is None else to_file(value)
        return value


def serialize(obj: Any) -> dict[str, Array]:
    """Returns an object as a flat dictionary of NumPy arrays.

    Example:
        >>> sorted(minigrad.serializers.serialize(L.Linear(3, 2)))
        ['W', 'b']
    """
    serializer = DictionarySerializer()
    serializer.save(obj)
    return serializer.target


@checks_arguments
def save_npz(file: File, obj: Any, compression: bool = True) -> None:
    """Saves an object to a file in NPZ format.

    A path is written atomically: an interrupted save leaves the older file as it was.

    Args:
        file: Path, or a binary file object.
        obj: Anything with ``serialize``, or a dictionary of arrays.
        compression: Whether to compress.

    Raises:
        WrongEntryType: A value is an array of Python objects.

    Source: compatible with chainer.serializers.save_npz; Chainer loads the file.

    Example:
        >>> import io
        >>> f = io.BytesIO()
        >>> minigrad.serializers.save_npz(f, {'W': np.ones(2, 'f')})
        >>> with np.load(io.BytesIO(f.getvalue())) as npz:
        ...     npz['W']
        array([1., 1.], dtype=float32)
    """
    arrays = obj if isinstance(obj, dict) else serialize(obj)
    if isinstance(file, (str, os.PathLike)):
        with atomic_write(file) as opened:
            write_npz(opened, arrays, compression)
    else:
        write_npz(file, arrays, compression)


class NpzDeserializer(Deserializer):
    """Loads objects from an opened npz file or from a dictionary of arrays.

    Args:
        npz: What ``numpy.load`` returns, or the dictionary of a
            `DictionarySerializer`.
        path: What all names begin with, such as ``'updater/model:main/'``.
        strict: Whether a name that is not there raises; otherwise it is passed over.
        ignore_names: Names to pass over: a name, a function that is True for a name, or
            a list of both.

    Example:
        >>> d = minigrad.serializers.NpzDeserializer({'fc/W': np.ones(2)})
        >>> d['fc']('W', np.zeros(2))
        array([1., 1.])
    """

    def __init__(
        self,
        npz: Mapping[str, Array],
        path: str = '',
        strict: bool = True,
        ignore_names: IgnoreNames = None,
    ) -> None:
        self.npz = npz
        self.path = path
        self.strict = strict
        self.ignore_names = [] if ignore_names is None else ignore_names
        # What numpy.load has opened is read here, to the end of each entry.
        archive = getattr(npz, 'zip', None)
        self._source_ = npz
        if isinstance(archive, zipfile.ZipFile):
            self._source_ = NpzArchive.of(archive)

    def __getitem__(self, key: str) -> NpzDeserializer:
        path = f'{self.path}{key.strip("/")}/'
        child = NpzDeserializer({}, path, self.strict, self.ignore_names)
        child.npz, child._source_ = self.npz, self._source_
        return child

    def __call__(self, key: str, value: Any) -> Any:
        """Returns the entry ``key``: in ``value`` if that is an array."""
        name = self.path + key.lstrip('/')
        if (not self.strict and name not in self._source_) or self._is_ignored_(name):
            return value
        if name not in self._source_:
            file = getattr(self._source_, 'filename', 'the snapshot')
            raise MissingEntry(missing(file, self._source_, [name], self.path))
        if isinstance(self._source_, NpzArchive):
            header = self._source_.header(name)
            check(name, header.shape, header.dtype, value)
        data = numpy.asarray(self._source_[name])
        if data.dtype == object and data.shape == () and data[()] is None:
            return None
        return restore(name, data, value)

    def _is_ignored_(self, name: str) -> bool:
        rules = self.ignore_names
        for rule in rules if isinstance(rules, (tuple, list)) else (rules,):
            if isinstance(rule, str):
                if name == rule:
                    return True
            elif callable(rule):
                if rule(name):
                    return True
            else:
                raise ValueError(
                    'ignore_names: expected a name, a function or a list of them, got '
                    f'{type(rule).__name__}'
                )
        return False


@checks_arguments
def load_npz(
    file: File,
    obj: Any,
    path: str = '',
    strict: bool = True,
    ignore_names: IgnoreNames = None,
) -> None:
    """Loads an object from a file in NPZ format.

    When the file is damaged or holds another model, the object stays as it was. Files of
    minigrad have a checksum over the whole, so that any change is noticed; those of
    Chainer have one for each array.

    Args:
        file: Path, or a binary file object.
        obj: Anything with ``serialize``.
        path: What the names in the file begin with: ``'updater/model:main/'`` loads the
            model out of a snapshot of a Trainer.
        strict: Whether a name that is not there raises; otherwise it is passed over.
        ignore_names: Names to pass over: a name, a function that is True for a name, or
            a list of both.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedFile: The file is cut short, altered, or no npz file.
        MissingEntry: Names are not there (also a KeyError); all of them are listed.
        SnapshotMismatch: Arrays have other shapes (also a ValueError); all are listed.
        WrongEntryType: An entry holds a pickle, or a float where an int belongs.

    Source: compatible with chainer.serializers.load_npz, whose files it reads.

    Example:
        >>> import io
        >>> f = io.BytesIO()
        >>> model, other = L.Linear(3, 2), L.Linear(3, 2)
        >>> minigrad.serializers.save_npz(f, model)
        >>> minigrad.serializers.load_npz(io.BytesIO(f.getvalue()), other)
        >>> bool((model.W.array == other.W.array).all())
        True
    """
    with contextlib.ExitStack() as stack:
        if isinstance(file, (str, os.PathLike)):
            file = stack.enter_context(open(file, 'rb'))
        archive = NpzArchive(file)
        deserializer = NpzDeserializer(archive, path, strict, ignore_names)
        is_ignored = deserializer._is_ignored_
        compare(archive.filename, archive.headers, obj, path, strict, is_ignored)
        with unchanged_on_failure(archive.filename, obj):
            deserializer.load(obj)
