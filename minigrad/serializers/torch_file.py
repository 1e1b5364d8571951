"""Reading the tensors of a PyTorch file, without PyTorch and without executing anything.

A ``.pth`` file is a pickle beside raw numbers. A pickle is a small program, which may call
any function and change any object. So Python's unpickler is not used: the few instructions
that a state dict needs are followed here, one by one, and all others are refused. Whatever
lies on the stack was made in this file, out of plain dictionaries, lists, tuples, texts and
numbers; a tensor is a view into a storage that was read here, after a check in Python's
whole numbers, which do not overflow.

Formats: the zip archive of PyTorch 1.6 and later (``data.pkl`` and ``data/0``, ``data/1``,
...), and the older stream of five pickles followed by the storages.
"""

from __future__ import annotations

import io
import math
import os
import pickletools
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, Any

import numpy

from minigrad.serializers.errors import UnsafeFile
from minigrad.types import Array

_DTYPES = {
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


def read_torch_file(path: str | os.PathLike[str]) -> Any:
    """Returns what ``torch.save`` has put into a file, with arrays for tensors.

    What a damaged file can do is bounded: nothing outside of the file is read, and the
    numbers take no more memory than the file is long. A changed bit inside the numbers
    is found in the zip archive, which has a checksum, but not in the older format.

    Args:
        path: A ``.pth`` or ``.pt`` file that holds tensors, dictionaries, lists, texts
            and numbers, such as a state dict.

    Returns:
        The saved object. Arrays may share memory, as the tensors did.

    Raises:
        FileNotFoundError: There is no such file.
        UnsafeFile: The pickle asks for anything but ordered dictionaries, tensors and
            storages, or the file is damaged.
    """
    with open(path, 'rb') as file:
        try:
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    return _read_archive(archive, _Budget(file))
            file.seek(0)
            return _read_stream(_Stream(file), _Budget(file))
        except UnsafeFile as error:
            raise UnsafeFile(f'{os.fspath(path)}: {error}') from error
        except Exception as error:  # a file can be damaged in any way
            raise UnsafeFile(
                f'{os.fspath(path)}: damaged, or not a file of PyTorch '
                f'({type(error).__name__}: {error})'
            ) from error


class _Budget:
    """Counts the bytes of storages: they cannot be more than the file has."""

    def __init__(self, file: IO[bytes]) -> None:
        self._left = os.fstat(file.fileno()).st_size

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise UnsafeFile(f'a storage of {size} bytes is larger than the file')


class _Stream:
    """A file that makes no room for bytes that it does not have."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._size = os.fstat(file.fileno()).st_size
        self._file = file
        self.readline, self.tell, self.readinto = (
            file.readline,
            file.tell,
            file.readinto,
        )

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._size - self._file.tell()))


class _StorageType:
    """Stands for a class such as ``torch.FloatStorage``."""

    def __init__(self, name: str) -> None:
        self.dtype = numpy.dtype(_DTYPES[name])


class _Storage:
    """The numbers that tensors are views of: an array with one axis."""

    def __init__(self, array: Array) -> None:
        self.array = array


def _read_archive(archive: zipfile.ZipFile, budget: _Budget) -> Any:
    members = {info.filename: info for info in archive.infolist()}
    pickles = [name for name in members if name.endswith('/data.pkl')]
    if len(pickles) != 1:
        raise UnsafeFile(f'expected one data.pkl in the archive, found {len(pickles)}')
    folder = pickles[0].removesuffix('data.pkl')

    def read(name: str, expected: int | None = None) -> bytes:
        info = members.get(folder + name)
        if info is None:
            raise UnsafeFile(f'it has no {_shorten(name)}')
        if info.compress_type != zipfile.ZIP_STORED:
            # A small file could unfold to any size.
            raise UnsafeFile(
                f'{_shorten(name)} is compressed, which PyTorch never does\n'
                '  hint: torch.save(torch.load(path), path) writes it as PyTorch does'
            )
        if expected is not None and info.file_size != expected:
            raise UnsafeFile(
                f'{_shorten(name)}: expected a storage of {expected} bytes, got '
                f'{info.file_size} bytes'
            )
        budget.take(info.file_size)
        return archive.read(info)

    order: Any = '<'
    if f'{folder}byteorder' in members:
        order = {b'little': '<', b'big': '>'}[read('byteorder')]
    storages: dict[str, _Storage] = {}

    def load_storage(
        dtype: numpy.dtype[Any], key: str, size: int, rest: Any
    ) -> _Storage:
        if rest:
            raise UnsafeFile('a storage described by more than five items')
        if key not in storages:
            content = read(f'data/{key}', size * dtype.itemsize)
            array = numpy.frombuffer(content, dtype.newbyteorder(order))
            # A copy only where the file comes from a machine of the other byte order.
            storages[key] = _Storage(array.astype(dtype, copy=False))
        return storages[key]

    return _Machine(load_storage).run(io.BytesIO(read('data.pkl')))


def _read_stream(stream: _Stream, budget: _Budget) -> Any:
    def nothing(*_: Any) -> _Storage:
        raise UnsafeFile('a storage where none belongs')

    head = [_Machine(nothing).run(stream) for _ in range(3)]
    if head[:2] != [_LEGACY_MAGIC, _LEGACY_PROTOCOL] or type(head[2]) is not dict:
        raise UnsafeFile('neither a zip archive nor the older format of PyTorch')
    order = 'little' if head[2].get('little_endian', True) is True else 'big'
    storages: dict[str, _Storage] = {}

    def load_storage(
        dtype: numpy.dtype[Any], key: str, size: int, rest: Any
    ) -> _Storage:
        if rest != (None,):
            raise UnsafeFile('a view into a storage, of a PyTorch older than 0.4')
        if key not in storages:
            budget.take(size * dtype.itemsize)
            storages[key] = _Storage(numpy.zeros(size, dtype))
        return storages[key]

    content = _Machine(load_storage).run(stream)
    keys = _Machine(nothing).run(stream)
    if type(keys) is not list or sorted(keys) != sorted(storages):
        raise UnsafeFile('its list of storages does not fit its tensors')
    for key in keys:
        array = storages[key].array
        size = int.from_bytes(stream.read(8), order)  # type: ignore[arg-type]
        if size != array.size or stream.readinto(array) != array.nbytes:
            raise UnsafeFile(
                f'expected a storage of {array.size} numbers of {array.itemsize} bytes; '
                'the file is cut short or holds another one'
            )
        if order != sys.byteorder:
            array.byteswap(inplace=True)
    return content


class _Mark:
    """Where a list of arguments begins on the stack."""


def _is_key(value: Any) -> bool:
    # The hash of nested tuples recurses without bounds and would end the process.
    return value is None or type(value) in (str, int, float, bool, bytes)


class _Machine:
    """Follows the instructions of a pickle that build dictionaries, lists and tensors.

    Args:
        load_storage: Returns the storage of a dtype, a key, a number of elements, and
            what else the pickle says about it.
    """

    def __init__(self, load_storage: Callable[..., _Storage]) -> None:
        self._load_storage = load_storage
        self._stack: list[Any] = []
        self._memo: dict[Any, Any] = {}

    def run(self, file: Any) -> Any:
        """Returns what the pickle that begins here builds; reads up to its end."""
        for opcode, argument, _ in pickletools.genops(file):
            name = opcode.name
            if name in _PUSHED:
                self._stack.append(argument)
            elif name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name]())
            elif name in _TUPLES:
                size = _TUPLES[name]
                self._stack.append(tuple([self._take_() for _ in range(size)][::-1]))
            elif name in _PUTS:
                self._memo[len(self._memo) if argument is None else argument] = (
                    self._top()
                )
            elif name in _GETS:
                self._stack.append(self._memo[argument])
            elif name == 'STOP':
                return self._take_()
            elif name not in ('PROTO', 'FRAME'):
                method = getattr(self, f'_{name.lower()}', None)
                if method is None:
                    raise UnsafeFile(
                        f'refused: its pickle uses the instruction {name}, which '
                        'tensors do not need'
                    )
                method(argument)
        raise UnsafeFile('its pickle does not end')

    def _top(self) -> Any:
        value = self._stack[-1]
        if type(value) is _Mark:
            raise UnsafeFile('its pickle is damaged: a value is missing')
        return value

    def _take_(self) -> Any:
        value = self._top()
        del self._stack[-1]
        return value

    def _pop_to_mark(self) -> list[Any]:
        values = []
        while type(self._stack[-1]) is not _Mark:
            values.append(self._stack.pop())
        del self._stack[-1]
        return values[::-1]

    def _tuple(self, _: None) -> None:
        self._stack.append(tuple(self._pop_to_mark()))

    def _list(self, _: None) -> None:
        self._stack.append(self._pop_to_mark())

    def _dict(self, _: None) -> None:
        values = self._pop_to_mark()
        self._stack.append({})
        self._set_(values)

    def _append(self, _: None) -> None:
        self._extend([self._take_()])

    def _appends(self, _: None) -> None:
        self._extend(self._pop_to_mark())

    def _extend(self, values: list[Any]) -> None:
        if type(self._top()) is not list:
            raise UnsafeFile('refused: its pickle appends to what is no list')
        self._top().extend(values)

    def _setitem(self, _: None) -> None:
        value, key = self._take_(), self._take_()
        self._set_([key, value])

    def _setitems(self, _: None) -> None:
        self._set_(self._pop_to_mark())

    def _set_(self, values: list[Any]) -> None:
        target = self._top()
        if type(target) not in (dict, OrderedDict):
            raise UnsafeFile('refused: its pickle sets items of what is no dictionary')
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not _is_key(key):
                raise UnsafeFile(
                    f'refused: a key of type {type(key).__name__}, expected a text or a '
                    'number'
                )
            target[key] = value

    def _global(self, name: str) -> None:
        self._stack.append(_find(*name.split(' ', 1)))

    def _stack_global(self, _: None) -> None:
        name, module = self._take_(), self._take_()
        self._stack.append(_find(module, name))

    def _reduce(self, _: None) -> None:
        arguments, function = self._take_(), self._take_()
        # By identity: an array would answer `==` with an array.
        known = any(function is one for one in _FUNCTIONS.values())
        if type(arguments) is not tuple or not known:
            raise UnsafeFile(
                f'refused: its pickle calls a {type(function).__name__}, which is not '
                'callable here'
            )
        self._stack.append(function(*arguments))

    def _build(self, _: None) -> None:
        # The state of an ordered dictionary holds the versions of modules: of no use.
        state = self._take_()
        if type(self._top()) is not OrderedDict or type(state) is not dict:
            raise UnsafeFile(
                'refused: its pickle changes the state of what is no ordered dictionary'
            )

    def _binpersid(self, _: None) -> None:
        saved_id = self._take_()
        if type(saved_id) is not tuple or len(saved_id) < 5:
            raise UnsafeFile('refused: its pickle asks for what is no storage')
        kind, storage_type, key, _, size, *rest = saved_id
        if (
            kind != 'storage'
            or type(storage_type) is not _StorageType
            or type(key) is not str
            or type(size) is not int
            or size < 0
        ):
            raise UnsafeFile('refused: its pickle asks for what is no storage')
        storage = self._load_storage(storage_type.dtype, key, size, tuple(rest))
        self._stack.append(storage)


def _find(module: Any, name: Any) -> Any:
    """Looks a name up in a list; nothing is imported."""
    if type(module) is str and type(name) is str:
        if module == 'torch' and name in _DTYPES:
            return _StorageType(name)
        if (module, name) in _FUNCTIONS:
            return _FUNCTIONS[module, name]
    raise UnsafeFile(
        f'refused: its pickle asks for {_shorten(f"{module}.{name}")}, and only ordered '
        'dictionaries, tensors and storages are read\n'
        '  hint: save model.state_dict() of a model in float32, float64 or float16'
    )


def _make_ordered_dict(pairs: Any = ()) -> OrderedDict[Any, Any]:
    result: OrderedDict[Any, Any] = OrderedDict()
    if type(pairs) not in (list, tuple):
        raise UnsafeFile('refused: an ordered dictionary of what is no list')
    for pair in pairs:  # Python 2 wrote them all at once
        if type(pair) not in (list, tuple) or len(pair) != 2 or not _is_key(pair[0]):
            raise UnsafeFile('refused: an ordered dictionary of what are no pairs')
        result[pair[0]] = pair[1]
    return result


def _rebuild_tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, *_: Any
) -> Array:
    """Returns a view into a storage, after checking that it stays inside."""
    if (
        type(storage) is not _Storage
        or type(shape) is not tuple
        or type(strides) is not tuple
        or len(shape) > 64  # the most that NumPy has
        or not all(type(number) is int for number in (offset, *shape, *strides))
    ):
        raise UnsafeFile(
            'refused: a tensor is made of something else than a storage and whole numbers'
        )
    array = storage.array
    size = math.prod(shape)
    ends = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
    inside = min((offset, *shape, *strides)) >= 0 and (
        size == 0 or (offset + sum(ends) < array.size and size <= array.size)
    )
    if not inside:
        raise UnsafeFile(
            f'a tensor of shape {_shorten(shape)}, strides {_shorten(strides)} and offset '
            f'{_shorten(offset)} does not fit into its storage of {array.size} numbers'
        )
    if size == 0:
        return numpy.empty(shape, array.dtype)
    # Along an axis of one element any step is right; a huge one would not be stored.
    steps = [
        step * array.itemsize if n > 1 else array.itemsize
        for n, step in zip(shape, strides, strict=True)
    ]
    # This way to make a view checks the bounds once more.
    return numpy.ndarray(shape, array.dtype, array, offset * array.itemsize, steps)


def _rebuild_parameter(tensor: Any, *_: Any) -> Array:
    if type(tensor) is not numpy.ndarray:
        raise UnsafeFile('refused: a parameter is made of something else than a tensor')
    return tensor


def _shorten(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else f'{text[:100]}...'


_FUNCTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    ('collections', 'OrderedDict'): _make_ordered_dict,
    ('torch._utils', '_rebuild_tensor'): _rebuild_tensor,
    ('torch._utils', '_rebuild_tensor_v2'): _rebuild_tensor,
    ('torch._utils', '_rebuild_parameter'): _rebuild_parameter,
}
# What instructions push is their argument, which is a plain text or number.
_PUSHED = set(
    """
    INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING
    SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES
    SHORT_BINBYTES BINBYTES8
    """.split()  # noqa: SIM905 - easier to read than a list
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    'MARK': _Mark,
    'NONE': lambda: None,
    'NEWTRUE': lambda: True,
    'NEWFALSE': lambda: False,
    'EMPTY_LIST': list,
    'EMPTY_DICT': dict,
    'EMPTY_TUPLE': tuple,
}
_TUPLES = {'TUPLE1': 1, 'TUPLE2': 2, 'TUPLE3': 3}
_PUTS = ('PUT', 'BINPUT', 'LONG_BINPUT', 'MEMOIZE')
_GETS = ('GET', 'BINGET', 'LONG_BINGET')
