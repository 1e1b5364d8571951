"""What is fuzzed: each reader, its whole files, and the errors that it promises."""

from __future__ import annotations

import functools
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy

import minigrad
import minigrad.links as L
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
        mark: Bytes that say that the file has a checksum over everything: as long as it
            holds them, what is read must be the value of a whole one.
    """

    name: str
    suffix: str
    make: Callable[[Path], Sequence[bytes]]
    read: Callable[[Path], Any]
    errors: tuple[type[Exception], ...]
    mark: bytes | None = None


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


class _Net(minigrad.Chain):
    """Parameters with and without a shape, persistents of several kinds."""

    def __init__(self) -> None:
        super().__init__()
        with self.init_scope():
            self.conv = L.Convolution2D(1, 2, 3)
            self.norm = L.BatchNormalization(2)
            self.lazy = L.Linear(None, 2)
        self.add_persistent('epoch', 3)
        self.add_persistent('names', ['cat', 'dog'])
        for i, array in enumerate(serializers.serialize(self).values()):
            if array.dtype.kind == 'f':
                array[...] = i + 0.5


def _make_link(save: Callable[..., None], suffix: str) -> Callable[[Path], list[bytes]]:
    def make(folder: Path) -> list[bytes]:
        path = folder / f'a{suffix}'
        samples = []
        # The order of two notes in a safetensors file differs from run to run.
        for is_lazy in (False,) if suffix == '.safetensors' else (True, False):
            net = _Net()
            if not is_lazy:
                net.lazy.W.initialize((2, 3))
                net.lazy.W.array[...] = 7
            arrays = serializers.serialize(net)
            if suffix == '.safetensors':
                del arrays['names']
            save(path, arrays)
            samples.append(path.read_bytes())
        return samples

    return make


def _read_link(load: Callable[..., None]) -> Callable[[Path], Any]:
    def read(path: Path) -> Any:
        net = _Net()
        return _load(load, path, net)

    return read


def _load(load: Callable[..., None], path: Path, obj: Any) -> Any:
    """Loads a file; an object whose file was refused must be as it was."""
    before = _state(obj)
    try:
        load(path, obj)
    except serializers.SnapshotError:
        if repr(_state(obj)) != repr(before):
            raise AssertionError('the object is half loaded') from None
        raise
    return _state(obj)


def _state(obj: Any) -> dict[str, Any]:
    arrays = serializers.serialize(obj)
    return {name: (str(a.dtype), a.tolist()) for name, a in arrays.items()}


def _make_trainer(folder: str) -> minigrad.training.Trainer:
    model = L.Classifier(L.Linear(None, 2))
    optimizer = minigrad.optimizers.Adam().setup(model)
    data = minigrad.datasets.TupleDataset(numpy.ones((4, 3), 'f'), numpy.zeros(4, 'i'))
    iterator = minigrad.iterators.SerialIterator(data, 2, shuffle=True)
    updater = minigrad.training.StandardUpdater(iterator, optimizer)
    trainer = minigrad.training.Trainer(updater, (2, 'iteration'), folder)
    trainer.extend(minigrad.training.extensions.LogReport(trigger=(1, 'iteration')))
    return trainer


def _make_snapshots(folder: Path) -> list[bytes]:
    numpy.random.seed(0)
    random.seed(0)
    trainer = _make_trainer(str(folder))
    trainer.run()
    arrays = serializers.serialize(trainer)
    # What a clock says differs from run to run.
    arrays['_snapshot_elapsed_time'] = numpy.asarray(1.0)
    arrays['extensions/LogReport/_log'] = numpy.asarray('[{"main/loss": 1.0}]')
    for compression in (True, False):
        serializers.save_npz(folder / f'{compression}', arrays, compression)
    # Without our checksum, as Chainer writes them.
    numpy.savez(
        folder / 'chainer.npz', **{k: v for k, v in arrays.items() if v.dtype != object}
    )
    names = ('True', 'False', 'chainer.npz')
    return [(folder / name).read_bytes() for name in names]


def _read_snapshot(path: Path) -> Any:
    state, other = numpy.random.get_state(), random.getstate()
    try:
        return _load(serializers.load_npz, path, _make_trainer(str(path.parent)))
    finally:
        numpy.random.set_state(state)
        random.setstate(other)


_SNAPSHOT_ERRORS = (serializers.SnapshotError,)
_NPZ_MARK = b'minigrad sha256 '

READERS = (
    Reader('torch', '.pth', _torch_samples, _read_torch, (serializers.UnsafeFile,)),
    Reader(
        'npz',
        '.npz',
        _make_link(serializers.save_npz, '.npz'),
        _read_link(serializers.load_npz),
        _SNAPSHOT_ERRORS,
        _NPZ_MARK,
    ),
    Reader(
        'snapshot',
        '.npz',
        _make_snapshots,
        _read_snapshot,
        _SNAPSHOT_ERRORS,
        _NPZ_MARK,
    ),
    Reader(
        'hdf5',
        '.h5',
        _make_link(serializers.save_hdf5, '.h5'),
        _read_link(serializers.load_hdf5),
        _SNAPSHOT_ERRORS,
    ),
    Reader(
        'safetensors',
        '.safetensors',
        _make_link(serializers.save_safetensors, '.safetensors'),
        _read_link(
            functools.partial(serializers.load_safetensors, ignore_names='names')
        ),
        _SNAPSHOT_ERRORS,
        b'minigrad_sha256',
    ),
)


def make_samples(reader: Reader) -> list[bytes]:
    """Returns the whole files of a reader; the same bytes in each run."""
    with tempfile.TemporaryDirectory() as folder:
        return list(reader.make(Path(folder)))
