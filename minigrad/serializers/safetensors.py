"""Arrays in the safetensors format: a header and raw numbers, nothing to execute.

The format has no checksum. Files that are written here hold one in their metadata; in
those of others a changed number cannot be noticed. The safetensors package is imported
when it is first used.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from typing import Any

import numpy

from minigrad.named_arguments import checks_arguments
from minigrad.serializers.atomic import atomic_write
from minigrad.serializers.compare import compare
from minigrad.serializers.errors import DamagedFile, WrongEntryType
from minigrad.serializers.npz import IgnoreNames, NpzDeserializer, serialize
from minigrad.serializers.unchanged import unchanged_on_failure
from minigrad.types import Array

_NONE = 'none'
_CHECKSUM = 'minigrad_sha256'


def _safetensors() -> Any:
    try:
        return importlib.import_module('safetensors')
    except ImportError as error:
        raise RuntimeError(
            'safetensors files need the safetensors package, which is not installed\n'
            '  hint: pip install safetensors, or use save_npz and load_npz'
        ) from error


@checks_arguments
def save_safetensors(
    file: str | os.PathLike[str],
    obj: Any,
    metadata: dict[str, str] | None = None,
) -> None:
    """Saves an object to a safetensors file, atomically.

    Args:
        file: Path.
        obj: Anything with ``serialize``, or a dictionary of arrays. Names are those of
            `save_npz`; entries that are None are listed in the metadata.
        metadata: Texts to keep beside the arrays; ``'minigrad_sha256'`` is added, a
            checksum over everything.

    Raises:
        RuntimeError: safetensors is not installed.
        WrongEntryType: A value is neither a number nor None; texts go into an npz file.

    Example:
        >>> with minigrad.utils.tempdir() as folder:
        ...     minigrad.serializers.save_safetensors(f'{folder}/model', L.Linear(3, 2))
        ...     arrays = minigrad.serializers.read_safetensors(f'{folder}/model')
        >>> {name: array.shape for name, array in sorted(arrays.items())}
        {'W': (2, 3), 'b': (2,)}
    """
    _safetensors()
    numpy_format = importlib.import_module('safetensors.numpy')
    arrays = obj if isinstance(obj, dict) else serialize(obj)
    tensors: dict[str, Array] = {}
    absent: list[str] = []
    for name, value in arrays.items():
        array = numpy.asarray(value)
        if array.dtype == object and array.shape == () and array[()] is None:
            absent.append(name)
        elif array.dtype.kind in 'biuf':
            tensors[name] = numpy.array(array, order='C')
        else:
            raise WrongEntryType(
                f'save_safetensors: {name!r} is of type {array.dtype}, expected numbers'
                '\n  hint: save_npz keeps texts and complex numbers'
            )
    notes = {} if metadata is None else dict(metadata)
    if absent:
        notes[_NONE] = '\n'.join(absent)
    notes[_CHECKSUM] = _checksum(tensors, notes)
    content = numpy_format.save(tensors, metadata=notes)
    with atomic_write(file) as opened:
        opened.write(content)


def _checksum(arrays: dict[str, Array], notes: dict[str, str]) -> str:
    """Returns the SHA-256 of arrays with their names, shapes and types, and of texts."""
    texts = sorted((k, v) for k, v in notes.items() if k != _CHECKSUM)
    digest = hashlib.sha256(json.dumps(texts).encode())
    for name in sorted(arrays):
        array = arrays[name]
        what = [name, array.shape, array.dtype.newbyteorder('<').str]
        digest.update(json.dumps(what).encode())
        raw = numpy.ascontiguousarray(array, array.dtype.newbyteorder('<'))
        digest.update(raw.data)
    return digest.hexdigest()


def read_safetensors(file: str | os.PathLike[str]) -> dict[str, Array]:
    """Returns the arrays of a safetensors file by name.

    Files of `save_safetensors` have a checksum over everything. The format itself has
    none: in a file of another program a changed number is not noticed.

    Raises:
        RuntimeError: safetensors is not installed.
        FileNotFoundError: There is no such file.
        DamagedFile: The file is cut short, or no safetensors file.

    Example:
        >>> with minigrad.utils.tempdir() as folder:
        ...     minigrad.serializers.save_safetensors(f'{folder}/arrays', {'a': np.arange(3)})
        ...     minigrad.serializers.read_safetensors(f'{folder}/arrays')
        {'a': array([0, 1, 2])}
    """
    module = _safetensors()
    if not os.path.exists(file):
        raise FileNotFoundError(f'{os.fspath(file)}: no such file')
    path = os.fspath(file)
    try:
        with module.safe_open(path, framework='numpy') as opened:
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            notes = opened.metadata() or {}
    except OSError:
        raise
    except Exception as error:  # also TypeError, for a dtype that NumPy has not
        raise DamagedFile(
            f'{path}: not a safetensors file, or cut short ({error})'
        ) from error
    if _CHECKSUM in notes and notes[_CHECKSUM] != _checksum(arrays, notes):
        raise DamagedFile(
            f'{path}: damaged: its checksum is not that of its contents\n'
            '  hint: it was altered after it was written; use another copy'
        )
    for name in notes.get(_NONE, '').splitlines():
        arrays[name] = numpy.asarray(None)
    return arrays


@checks_arguments
def load_safetensors(
    file: str | os.PathLike[str],
    obj: Any,
    path: str = '',
    strict: bool = True,
    ignore_names: IgnoreNames = None,
) -> None:
    """Loads an object from a safetensors file; arguments and errors of `load_npz`.

    See `read_safetensors` for what damage is noticed.

    Raises:
        RuntimeError: safetensors is not installed.
        FileNotFoundError: There is no such file.
        DamagedFile: The file is cut short, or no safetensors file.
        MissingEntry: Names are not there (also a KeyError).
        SnapshotMismatch: Arrays have other shapes (also a ValueError).

    Example:
        >>> model, other = L.Linear(3, 2), L.Linear(3, 2)
        >>> with minigrad.utils.tempdir() as folder:
        ...     minigrad.serializers.save_safetensors(f'{folder}/model', model)
        ...     minigrad.serializers.load_safetensors(f'{folder}/model', other)
        >>> (model.W.array == other.W.array).all()
        np.True_
    """
    contents = read_safetensors(file)
    deserializer = NpzDeserializer(contents, path, strict, ignore_names)
    compare(os.fspath(file), contents, obj, path, strict, deserializer._is_ignored_)
    with unchanged_on_failure(os.fspath(file), obj):
        deserializer.load(obj)
