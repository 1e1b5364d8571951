"""What is fuzzed: each reader, its whole files, and the errors that it promises."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import random
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy

import minigrad
import minigrad.functions as F
import minigrad.graph.onnx
import minigrad.links as L
from minigrad import serializers
from minigrad.datasets import cifar
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
        share: How many cases it gets, compared with others; less where one takes long.
        may_hang: Whether a library that it calls, and that is not ours, is known to loop,
            to end the process, or to take much memory on some damaged files.
    """

    name: str
    suffix: str
    make: Callable[[Path], Sequence[bytes]]
    read: Callable[[Path], Any]
    errors: tuple[type[Exception], ...]
    mark: bytes | None = None
    share: float = 1.0
    may_hang: bool = False


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


def _run_onnx(path: Path) -> Any:
    model = minigrad.graph.onnx.load_onnx(path)
    with minigrad.using_config('train', False), numpy.errstate(all='ignore'):
        y = model(numpy.ones((1, 1, 6, 6), 'f'))
    return y.array if isinstance(y, minigrad.Variable) else y


class _Image(minigrad.Chain):
    def __init__(self) -> None:
        super().__init__()
        numpy.random.seed(0)
        with self.init_scope():
            self.conv = L.Convolution2D(1, 2, 3)
            self.fc = L.Linear(8, 2)

    def forward(self, x: Any) -> Any:
        return self.fc(F.max_pooling_2d(F.relu(self.conv(x)), 2))


def _make_onnx(folder: Path) -> list[bytes]:
    state = numpy.random.get_state()
    path = folder / 'a.onnx'
    minigrad.graph.onnx.save_onnx(path, _Image(), numpy.ones((1, 1, 6, 6), 'f'))
    numpy.random.set_state(state)
    return [path.read_bytes()]


def _read_graph(path: Path) -> Any:
    graph = minigrad.graph.Graph.load(path)
    str(graph), graph.to_dot(), graph.critical_path, graph.first_nan
    return graph.to_dict()


def _make_graph(folder: Path) -> list[bytes]:
    call = {'id': 'f0', 'name': 'relu', 'label': 'ReLU', 'path': ['a', 'b']}
    call |= {
        'turns': [0, 1],
        'inputs': ['v0'],
        'outputs': ['v1'],
        'inner': [['x', 0.5]],
    }
    call |= {'arguments': {'axis': 1}, 'forward_time': 1e-3, 'flops': 6}
    second = call | {'id': 'f1', 'inputs': ['v1'], 'outputs': ['v2'], 'nan': 1}
    values = [
        {
            'id': f'v{i}',
            'kind': 'output',
            'shape': [2, 3],
            'dtype': 'float32',
            'nbytes': 24,
        }
        for i in range(3)
    ]
    whole = {'format': 'minigrad-graph-1', 'title': 'a', 'parameters': 3}
    whole |= {'wall_time': 0.5, 'calls': [call, second], 'values': values}
    return [json.dumps(whole).encode()]


def _pixels() -> numpy.ndarray:
    return numpy.arange(7 * 5 * 3, dtype='u1').reshape(7, 5, 3)


def _make_images(folder: Path) -> list[bytes]:
    from PIL import Image

    samples = []
    for suffix, pixels in (
        ('png', _pixels()),
        ('jpeg', _pixels()),
        ('bmp', _pixels()[..., 0]),
        ('gif', _pixels()[..., 0]),
        ('tiff', _pixels()),
        ('webp', _pixels()),
    ):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, suffix)
        samples.append(stream.getvalue())
    return samples


def _read_image(path: Path) -> Any:
    with _quiet():
        return minigrad.datasets.ImageDataset([str(path)])[0]


def _make_zipped(folder: Path) -> list[bytes]:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED) as archive:
        for i, content in enumerate(_make_images(folder)[:3]):
            archive.writestr(zipfile.ZipInfo(f'{i}.png'), content)
    return [stream.getvalue()]


def _read_zipped(path: Path) -> Any:
    dataset = minigrad.datasets.ZippedImageDataset(str(path))
    with _quiet():
        try:
            return [dataset[i] for i in range(len(dataset))]
        finally:
            dataset._archive_.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns of what it finds odd, and logs it."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


def _read_labels(path: Path) -> Any:
    return minigrad.datasets.LabeledImageDataset(str(path))._pairs_


def _read_text(path: Path) -> Any:
    with minigrad.datasets.TextDataset(path, encoding='utf-8') as dataset:
        return [dataset[i] for i in range(len(dataset))]


def _make_pickles(folder: Path) -> list[bytes]:
    path = folder / 'a'
    with minigrad.datasets.open_pickle_dataset_writer(str(path)) as writer:
        for example in ((1, 'hello'), [2.5, None, {'a': True}], b'bytes'):
            writer.write(example)
    return [path.read_bytes()]


def _read_pickles(path: Path) -> Any:
    with minigrad.datasets.open_pickle_dataset(str(path)) as dataset:
        return [dataset[i] for i in range(len(dataset))]


def _read_idx(path: Path) -> Any:
    from minigrad.datasets.idx import parse_idx

    return parse_idx(path.read_bytes(), path.name)


_IDX = [
    bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, *range(24)]),
    bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]),
]


def _read_cifar(path: Path) -> Any:
    return cifar._parse(cifar._CIFAR10, path.name, cifar._read(path, 2 * 3073), 2)


def _make_cifar(folder: Path) -> list[bytes]:
    record = [i % 256 for i in range(3072)]
    return [bytes([3, *record, 9, *record])]


_DATASET_ERRORS = (minigrad.dataset.DatasetError,)
_MODEL_ERRORS = (minigrad.graph.UnreadableModel,)
_SNAPSHOT_ERRORS = (serializers.SnapshotError,)
_NPZ_MARK = b'minigrad sha256 '

READERS = (
    Reader(
        'torch',
        '.pth',
        _torch_samples,
        _read_torch,
        (serializers.UnsafeFile,),
        share=2.0,
    ),
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
        0.2,
    ),
    Reader(
        'hdf5',
        '.h5',
        _make_link(serializers.save_hdf5, '.h5'),
        _read_link(serializers.load_hdf5),
        _SNAPSHOT_ERRORS,
        share=0.5,
        may_hang=True,  # libhdf5: seed 848408005, case 1078
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
    Reader('onnx', '.onnx', _make_onnx, _run_onnx, _MODEL_ERRORS),
    Reader('graph', '.json', _make_graph, _read_graph, _MODEL_ERRORS),
    Reader('image', '.png', _make_images, _read_image, _DATASET_ERRORS, share=0.2),
    Reader('zipped', '.zip', _make_zipped, _read_zipped, _DATASET_ERRORS, share=0.3),
    Reader(
        'labels',
        '.txt',
        lambda _: [b'a.png 0\nb.png 1\n', 'ñ/ü.jpg 12\r\nx 3'.encode()],
        _read_labels,
        _DATASET_ERRORS,
    ),
    Reader(
        'text',
        '.txt',
        lambda _: ['one\ntwo ñ\n'.encode(), b'a\r\n\r\nb'],
        _read_text,
        _DATASET_ERRORS,
    ),
    Reader(
        'pickles',
        '.pickle',
        _make_pickles,
        _read_pickles,
        _DATASET_ERRORS,
        may_hang=True,
    ),
    Reader('idx', '.idx', lambda _: _IDX, _read_idx, _DATASET_ERRORS),
    Reader('cifar', '.bin', _make_cifar, _read_cifar, _DATASET_ERRORS),
)


def make_samples(reader: Reader) -> list[bytes]:
    """Returns the whole files of a reader; the same bytes in each run."""
    with tempfile.TemporaryDirectory() as folder:
        return list(reader.make(Path(folder)))
