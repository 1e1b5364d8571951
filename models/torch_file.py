"""Reads the tensors of a PyTorch file without PyTorch, and without executing anything.

A ``.pth`` file is a pickle beside raw numbers, and a pickle may name any function to be
called. Here a name is looked up in a short list, and whatever is not on it is refused:
ordered dictionaries, tensors and storages are all that a state dict needs.

Formats: the zip archive of PyTorch 1.6 and later (``data.pkl`` and ``data/0``, ``data/1``,
...), and the older stream of five pickles followed by the storages.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, Any

import numpy as np

DTYPES = {
    'DoubleStorage': 'f8',
    'FloatStorage': 'f4',
    'HalfStorage': 'f2',
    'LongStorage': 'i8',
    'IntStorage': 'i4',
    'ShortStorage': 'i2',
    'CharStorage': 'i1',
    'ByteStorage': 'u1',
    'BoolStorage': '?',
}
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001


class UnsafeFile(ValueError):
    """The file is damaged, or asks for something that tensors do not need."""


def read_torch_file(path: str | os.PathLike[str]) -> Any:
    """Returns what ``torch.save`` has put into a file, with arrays for tensors.

    Args:
        path: A ``.pth`` or ``.pt`` file that holds tensors, dictionaries, lists, texts
            and numbers, such as a state dict.

    Returns:
        The saved object. Arrays may share memory, as the tensors did.

    Raises:
        FileNotFoundError: There is no such file.
        UnsafeFile: The pickle names anything but ordered dictionaries, tensors and
            storages, or the file is damaged.
    """
    with open(path, 'rb') as file:
        try:
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    return _read_archive(archive)
            file.seek(0)
            return _read_stream(file)
        except UnsafeFile as error:
            raise UnsafeFile(f'{os.fspath(path)}: {error}') from error
        except Exception as error:  # a pickle can be damaged in any way
            raise UnsafeFile(
                f'{os.fspath(path)}: damaged, or not a file of PyTorch '
                f'({type(error).__name__}: {error})'
            ) from error


def _read_archive(archive: zipfile.ZipFile) -> Any:
    (pickled,) = [name for name in archive.namelist() if name.endswith('/data.pkl')]
    folder = pickled.removesuffix('data.pkl')
    order = '<'
    if f'{folder}byteorder' in archive.namelist():
        order = {b'little': '<', b'big': '>'}[archive.read(f'{folder}byteorder')]
    storages: dict[str, Any] = {}

    def load_storage(saved_id: Any) -> Any:
        _, dtype, key, _, size = saved_id
        if key not in storages:
            content = archive.read(f'{folder}data/{key}')
            storages[key] = _as_array(content, np.dtype(order + dtype), size)
        return storages[key]

    with archive.open(pickled) as file:
        return _Unpickler(file, load_storage).load()


def _read_stream(file: IO[bytes]) -> Any:
    def nothing(saved_id: Any) -> Any:
        raise UnsafeFile('a storage where none belongs')

    head = [_Unpickler(file, nothing).load() for _ in range(3)]
    if head[:2] != [_LEGACY_MAGIC, _LEGACY_PROTOCOL]:
        raise UnsafeFile('neither a zip archive nor the older format of PyTorch')
    order = '<' if head[2].get('little_endian', True) else '>'
    storages: dict[str, Any] = {}

    def load_storage(saved_id: Any) -> Any:
        _, dtype, key, _, size, view = saved_id
        if view is not None:
            raise UnsafeFile('a view into a storage, of a PyTorch older than 0.4')
        if key not in storages:
            _check_size(file, dtype, size)
            storages[key] = np.empty(size, order + dtype)
        return storages[key]

    content = _Unpickler(file, load_storage).load()
    for key in _Unpickler(file, nothing).load():
        storage = storages[key]
        size = int.from_bytes(file.read(8), 'little' if order == '<' else 'big')
        raw = file.read(storage.nbytes)
        storage[...] = _as_array(raw, storage.dtype, size)
    return content


def _check_size(file: IO[bytes], dtype: str, size: int) -> None:
    """Refuses to make room for more than the file can hold."""
    if size * np.dtype(dtype).itemsize > os.fstat(file.fileno()).st_size:
        raise UnsafeFile(f'a storage of {size} numbers is larger than the file')


def _as_array(content: bytes, dtype: np.dtype[Any], size: int) -> Any:
    if len(content) != size * dtype.itemsize:
        raise UnsafeFile(
            f'expected a storage of {size} numbers of {dtype.itemsize} bytes, got '
            f'{len(content)} bytes'
        )
    return np.frombuffer(content, dtype)


class _StorageType:
    """Stands for a class such as ``torch.FloatStorage``; cannot be called."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Unpickler(pickle.Unpickler):
    """Looks names up in a list, and imports nothing."""

    def __init__(self, file: IO[bytes], load_storage: Callable[[Any], Any]) -> None:
        super().__init__(file, encoding='utf-8')
        self._load_storage = load_storage

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ('collections', 'OrderedDict'):
            return OrderedDict
        if (module, name) == ('torch._utils', '_rebuild_tensor_v2'):
            return _rebuild_tensor
        if module == 'torch' and name in DTYPES:
            return _StorageType(name)
        raise UnsafeFile(
            f'refused: its pickle asks for {module}.{name}, and only ordered '
            'dictionaries, tensors and storages are read\n'
            '  hint: save model.state_dict() of a model in float32, float64 or float16'
        )

    def persistent_load(self, saved_id: Any) -> Any:
        kind, storage_type, *rest = saved_id
        if kind != 'storage' or not isinstance(storage_type, _StorageType):
            raise UnsafeFile(f'refused: its pickle asks for a {kind!r}')
        return self._load_storage((kind, DTYPES[storage_type.name], *rest))


def _rebuild_tensor(
    storage: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> Any:
    """Returns a view into a storage, after checking that it stays inside."""
    ends = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
    size = int(np.prod(shape, dtype=object))
    inside = min((offset, *shape, *strides)) >= 0 and (
        size == 0 or (offset + sum(ends) < storage.size and size <= storage.size)
    )
    if not inside:
        raise UnsafeFile(
            f'a tensor of shape {shape}, strides {strides} and offset {offset} does not '
            f'fit into its storage of {storage.size} numbers'
        )
    steps = [step * storage.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)
