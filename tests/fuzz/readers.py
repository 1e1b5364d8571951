"""What is fuzzed: each reader, its whole files, and the errors that it promises."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from minigrad import serializers
from tests import torch_files


class Reader(NamedTuple):
    """A reader under test.

    Attributes:
        name: What the command line calls it.
        suffix: Ending of its files.
        make: Returns whole files, as bytes.
        read: Takes a path; returns the value, or raises.
        errors: What it may raise; their text must hold the name of the file.
        is_checked: Whether the format has a checksum over everything that is read: what
            is read of a damaged file must then be the value of a whole one.
    """

    name: str
    suffix: str
    make: Callable[[Path], Sequence[bytes]]
    read: Callable[[Path], Any]
    errors: tuple[type[Exception], ...]
    is_checked: bool = False


def _arrays() -> list[numpy.ndarray]:
    return [numpy.arange(12, dtype='f4'), numpy.arange(5), numpy.zeros(0, 'f2')]


def _torch_samples(folder: Path) -> list[bytes]:
    floats, longs, halves = _arrays()
    path = folder / 'a.pth'
    content = {
        'a.weight': torch_files.tensor('FloatStorage', '0', 12, 0, (3, 4), (4, 1)),
        'a.bias': torch_files.tensor('FloatStorage', '0', 12, 5, (2,), (2,)),
        'steps': torch_files.tensor('LongStorage', '1', 5, 0, (), ()),
        'none': torch_files.tensor('HalfStorage', '2', 0, 0, (0, 3), (3, 1)),
        'epoch': [7, 2.5, None, True, ('a', 'b')],
    }
    torch_files.write(path, content, {'0': floats, '1': longs, '2': halves})
    samples = [path.read_bytes()]
    first, second = (
        torch_files.Storage('FloatStorage', 'x', 12),
        torch_files.Storage('LongStorage', 'y', 5),
    )
    content = {
        'a.weight': torch_files.rebuild(first, 0, (3, 4), (4, 1)),
        'steps': torch_files.rebuild(second, 1, (2,), (2,)),
    }
    torch_files.write_stream(path, content, {first: floats, second: longs})
    samples.append(path.read_bytes())
    return samples


def _read_torch(path: Path) -> Any:
    content = serializers.read_torch_file(path)
    for array in _find_arrays(content):
        _check_inside(array)
    return content


def _find_arrays(value: Any) -> list[numpy.ndarray]:
    found, seen, left = [], set(), [value]
    while left:
        item = left.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, numpy.ndarray):
            found.append(item)
        elif isinstance(item, dict):
            left += item.values()
        elif isinstance(item, (list, tuple)):
            left += item
    return found


def _check_inside(array: numpy.ndarray) -> None:
    """Fails if an array reaches outside of the memory that owns its numbers."""
    owner = array
    while isinstance(owner.base, numpy.ndarray):
        owner = owner.base
    if array.size:
        low, high = numpy.lib.array_utils.byte_bounds(array)
        first, end = numpy.lib.array_utils.byte_bounds(owner)
        if not first <= low <= high <= end:
            raise AssertionError(
                f'reads {low - first} to {high - first} of {end - first}'
            )
    array.copy()  # every element is read


READERS = (
    Reader(
        'torch',
        '.pth',
        _torch_samples,
        _read_torch,
        (serializers.UnsafeFile,),
    ),
)


def make_samples(reader: Reader) -> list[bytes]:
    """Returns the whole files of a reader; the same bytes in each run."""
    with tempfile.TemporaryDirectory() as folder:
        return list(reader.make(Path(folder)))
