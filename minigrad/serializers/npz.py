"""Snapshots in NumPy's ``.npz`` format, with Chainer's names inside.

An object becomes a flat dictionary of arrays, such as ``'predictor/conv1/W'``. Nothing
is ever pickled or unpickled, and a file on disk is replaced as a whole or not at all.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, TypeAlias

import numpy

from minigrad import backend
from minigrad.serializer import Deserializer, Serializer
from minigrad.serializers.atomic import atomic_write
from minigrad.serializers.compare import Undo, compare, missing, undoing
from minigrad.serializers.errors import DamagedFile, MissingEntry, WrongEntryType
from minigrad.serializers.none_entry import NONE_ENTRY, is_none_entry
from minigrad.serializers.restore import restore, to_file
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
            _write_npz(opened, arrays, compression)
    else:
        _write_npz(file, arrays, compression)


def _write_npz(file: IO[bytes], arrays: Mapping[str, Any], compression: bool) -> None:
    with zipfile.ZipFile(file, 'w') as archive:
        for name, value in arrays.items():
            # ZipInfo's fixed date makes equal contents equal files.
            member = zipfile.ZipInfo(f'{name}.npy')
            member.compress_type = (
                zipfile.ZIP_DEFLATED if compression else zipfile.ZIP_STORED
            )
            with archive.open(member, 'w', force_zip64=True) as entry:
                _write_entry(entry, name, value)


def _write_entry(entry: IO[bytes], name: str, value: Any) -> None:
    array = numpy.asanyarray(value)
    if array.dtype != object:
        numpy.lib.format.write_array(entry, array, allow_pickle=False)
    elif array.shape == () and array[()] is None:
        entry.write(NONE_ENTRY)
    else:
        raise WrongEntryType(
            f'save_npz: {name!r} is an array of Python objects, which only a pickle '
            'could hold\n  hint: save numbers, strings or None'
        )


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
        self._undo: Undo | None = None

    def __getitem__(self, key: str) -> NpzDeserializer:
        child = NpzDeserializer(
            self.npz, f'{self.path}{key.strip("/")}/', self.strict, self.ignore_names
        )
        child._undo = self._undo
        return child

    def __call__(self, key: str, value: Any) -> Any:
        """Returns the entry ``key``: in ``value`` if that is an array."""
        name = self.path + key.lstrip('/')
        if (not self.strict and name not in self.npz) or self._is_ignored(name):
            return value
        data = self._read(name)
        if data is None:
            return None
        if self._undo is not None and backend.is_array(value):
            self._undo.append((value, value.copy()))
        return restore(name, data, value)

    def _is_ignored(self, name: str) -> bool:
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

    def _read(self, name: str) -> Array | None:
        if name not in self.npz:
            raise MissingEntry(missing(_file_of(self.npz), self.npz, [name], self.path))
        array = read_entry(self.npz, name)
        return None if array.dtype == object and array[()] is None else array


def read_entry(npz: Mapping[str, Array], name: str) -> Array:
    """Returns one entry of an opened npz file; None as a 0-d object array.

    Raises:
        DamagedFile: Its bytes are not those that were written.
        WrongEntryType: It holds a pickle, which is never executed.
    """
    try:
        return numpy.asarray(npz[name])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DamagedFile(f'{_file_of(npz)}: {name!r} is damaged ({error})') from error
    except ValueError as error:
        archive = getattr(npz, 'zip', None)
        if archive is None:
            raise
        member = name if name in archive.namelist() else f'{name}.npy'
        content = archive.read(member)
        if is_none_entry(content):
            return numpy.asarray(None)
        if b"'|O'" not in content[:128]:
            raise DamagedFile(
                f'{_file_of(npz)}: {name!r} is damaged ({error})'
            ) from error
        raise WrongEntryType(
            f'{_file_of(npz)}: {name!r} holds a pickle of Python objects; minigrad does '
            'not execute pickles\n  hint: load the file where it comes from and save '
            'the values as arrays'
        ) from error


def _file_of(npz: Mapping[str, Array]) -> str:
    archive = getattr(npz, 'zip', None)
    return str(getattr(archive, 'filename', None) or 'the snapshot')


class _Contents(dict[str, Array]):
    """All wanted entries of a file, read and checked before any object is touched."""

    def __init__(self, file: IO[bytes], path: str) -> None:
        super().__init__()
        self.filename = str(getattr(file, 'name', 'the snapshot'))
        with self._open(file) as opened:
            for name in opened.files:
                if name.startswith(path):
                    self[name] = read_entry(opened, name)

    def _open(self, file: IO[bytes]) -> numpy.lib.npyio.NpzFile:
        try:
            opened = numpy.load(file, allow_pickle=False)
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            # NumPy takes unknown bytes for a pickle and advises to execute it.
            reason = 'unknown first bytes' if 'pickle' in str(error) else error
            raise DamagedFile(
                f'{self.filename}: not an npz file, or cut short ({reason})\n'
                '  hint: the write was interrupted, or the file is of another kind; use '
                'an older snapshot'
            ) from error
        if not isinstance(opened, numpy.lib.npyio.NpzFile):
            raise DamagedFile(
                f'{self.filename}: a single array (.npy), expected an .npz file'
            )
        return opened

    @property
    def zip(self) -> _Contents:
        return self  # so that messages find the file name where an NpzFile has it


def load_npz(
    file: File,
    obj: Any,
    path: str = '',
    strict: bool = True,
    ignore_names: IgnoreNames = None,
) -> None:
    """Loads an object from a file in NPZ format.

    The file is read and compared with the object first: when it is damaged or holds
    another model, the arrays of the object stay as they were.

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
    if isinstance(file, (str, os.PathLike)):
        with open(file, 'rb') as opened:
            contents = _Contents(opened, path)
    else:
        contents = _Contents(file, path)
    deserializer = NpzDeserializer(contents, path, strict, ignore_names)
    compare(_file_of(contents), contents, obj, path, strict, deserializer._is_ignored)
    with undoing() as undo:
        deserializer._undo = undo
        deserializer.load(obj)
