"""Weights from torchvision's files, and files that are not what they seem."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from models.alexnet import AlexNetOWT
from models.torch_file import UnsafeFile, read_torch_file
from models.weights import TORCHVISION_NAMES, load_torchvision, read_state_dict


class Named:
    """Is pickled as a global name."""

    def __init__(self, name):
        self.name = name


class Call:
    """Is pickled as a call."""

    def __init__(self, name, *args):
        self.name = name
        self.args = args


class Storage:
    def __init__(self, kind, key, size):
        self.saved_id = ('storage', Named(f'torch {kind}'), key, 'cpu', size)


class TorchPickler(pickle._Pickler):
    """Writes what torch.save writes, with names that need not exist here."""

    def persistent_id(self, obj):
        return obj.saved_id if isinstance(obj, Storage) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Named):
            module, name = obj.name.split(' ')
            self.write(pickle.GLOBAL + f'{module}\n{name}\n'.encode())
        elif isinstance(obj, Call):
            self.save(Named(obj.name))
            self.save(obj.args)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


def tensor(kind, key, size, offset, shape, strides):
    return Call(
        'torch._utils _rebuild_tensor_v2',
        Storage(kind, key, size), offset, shape, strides, False, OrderedDict(),
    )  # fmt: skip


def write(path, content, storages, byteorder=b'little'):
    stream = io.BytesIO()
    TorchPickler(stream, 2).dump(content)
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('archive/data.pkl', stream.getvalue())
        archive.writestr('archive/byteorder', byteorder)
        for key, array in storages.items():
            archive.writestr(f'archive/data/{key}', array.tobytes())
    return path


def test_reads_tensors_of_every_type_and_layout(tmp_path):
    numbers = np.arange(12, dtype='f4')
    path = write(
        tmp_path / 'a.pth',
        OrderedDict(
            a=tensor('FloatStorage', '0', 12, 0, (3, 4), (4, 1)),
            transposed=tensor('FloatStorage', '0', 12, 0, (4, 3), (1, 4)),
            part=tensor('FloatStorage', '0', 12, 5, (2,), (2,)),
            scalar=tensor('LongStorage', '1', 1, 0, (), ()),
            empty=tensor('HalfStorage', '2', 0, 0, (0, 3), (3, 1)),
            epoch=7,
        ),
        {'0': numbers, '1': np.array([5]), '2': np.zeros(0, 'f2')},
    )
    content = read_torch_file(path)
    np.testing.assert_array_equal(content['a'], numbers.reshape(3, 4))
    np.testing.assert_array_equal(content['transposed'], numbers.reshape(3, 4).T)
    np.testing.assert_array_equal(content['part'], [5, 7])
    assert content['scalar'] == 5
    assert content['scalar'].dtype == np.int64
    assert content['empty'].shape == (0, 3)
    assert content['epoch'] == 7


def test_big_endian(tmp_path):
    path = write(
        tmp_path / 'a.pth',
        tensor('FloatStorage', '0', 2, 0, (2,), (1,)),
        {'0': np.array([1.5, -2.0], '>f4')},
        b'big',
    )
    np.testing.assert_array_equal(read_torch_file(path), [1.5, -2.0])


@pytest.mark.parametrize(
    'name',
    ['os system', 'builtins eval', 'torch load', 'torch.nn Linear', 'numpy load'],
)
def test_refuses_to_call_anything_else(tmp_path, name):
    mark = tmp_path / 'executed'
    path = write(tmp_path / 'bad.pth', Call(name, f'touch {mark}'), {})
    with pytest.raises(UnsafeFile, match=f'refused.*{name.replace(" ", ".")}'):
        read_torch_file(path)
    assert not mark.exists()


def test_refuses_malicious_pickle_of_the_standard_library(tmp_path):
    mark = tmp_path / 'executed'

    class Evil:
        def __reduce__(self):
            return os.system, (f'touch {mark}',)

    path = tmp_path / 'bad.pth'
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UnsafeFile, match=r'bad\.pth.*refused.*system'):
        read_torch_file(path)
    assert not mark.exists()


def test_storage_types_cannot_be_called(tmp_path):
    path = write(tmp_path / 'bad.pth', Call('torch FloatStorage', 10**12), {})
    with pytest.raises(UnsafeFile, match='not callable'):
        read_torch_file(path)


@pytest.mark.parametrize(
    ('offset', 'shape', 'strides'),
    [
        (0, (5,), (1,)),  # behind the end
        (3, (2,), (1,)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (-1, -1), (1, 1)),
        (0, (10**9,), (0,)),  # a small file that fills the memory
        (0, (2, 2), (1,)),
    ],
)
def test_refuses_tensors_outside_of_their_storage(tmp_path, offset, shape, strides):
    content = tensor('FloatStorage', '0', 4, offset, shape, strides)
    path = write(tmp_path / 'bad.pth', content, {'0': np.zeros(4, 'f4')})
    with pytest.raises(UnsafeFile, match=r'bad\.pth'):
        read_torch_file(path)


def test_refuses_storage_of_another_size(tmp_path):
    content = tensor('FloatStorage', '0', 4, 0, (4,), (1,))
    path = write(tmp_path / 'bad.pth', content, {'0': np.zeros(3, 'f4')})
    with pytest.raises(UnsafeFile, match='expected a storage of 4 numbers'):
        read_torch_file(path)


@pytest.mark.parametrize('content', [b'', b'PK', b'hello', pickle.dumps([1, 2])])
def test_refuses_other_files(tmp_path, content):
    path = tmp_path / 'bad.pth'
    path.write_bytes(content)
    with pytest.raises(UnsafeFile, match=r'bad\.pth'):
        read_torch_file(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_torch_file(tmp_path / 'none.pth')


def test_file_without_state_dict(tmp_path):
    path = write(tmp_path / 'list.pth', [1, 2], {})
    with pytest.raises(ValueError, match='expected a state dict'):
        read_state_dict(path)


@pytest.fixture
def small_names(monkeypatch):
    """A network of one layer, for tests of names and shapes."""

    class Small(mg.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.fc8 = mg.links.Linear(3, 2)

    monkeypatch.setattr(
        'models.weights.TORCHVISION_NAMES', {'fc8': TORCHVISION_NAMES['fc8']}
    )
    return Small()


def state(shape=(2, 3), **more):
    size = int(np.prod(shape))
    strides = (shape[1], 1)
    return {
        'classifier.6.weight': tensor('FloatStorage', '0', size, 0, shape, strides),
        'classifier.6.bias': tensor('FloatStorage', '1', 2, 0, (2,), (1,)),
        **more,
    }, {'0': np.arange(size, dtype='f4'), '1': np.ones(2, 'f4')}


@pytest.mark.parametrize('wrap', [lambda d: d, lambda d: {'state_dict': d, 'epoch': 3}])
def test_names(tmp_path, small_names, wrap):
    content, storages = state()
    load_torchvision(write(tmp_path / 'a.pth', wrap(content), storages), small_names)
    np.testing.assert_array_equal(small_names.fc8.W.array, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(small_names.fc8.b.array, [1, 1])


def test_wrong_weights_change_nothing(tmp_path, small_names):
    before = small_names.fc8.b.array.copy()
    content, storages = state(
        (3, 3), other=tensor('FloatStorage', '1', 2, 0, (2,), (1,))
    )
    path = write(tmp_path / 'a.pth', content, storages)
    with pytest.raises(
        ValueError, match=r"'other' is not a part.*\n.*\(3, 3\)"
    ) as info:
        load_torchvision(path, small_names)
    assert 'another number of classes?' in str(info.value)
    np.testing.assert_array_equal(small_names.fc8.b.array, before)


def test_missing_weights(tmp_path, small_names):
    content, storages = state()
    del content['classifier.6.bias']
    path = write(tmp_path / 'a.pth', content, storages)
    with pytest.raises(ValueError, match=r"'classifier\.6\.bias' is not there"):
        load_torchvision(path, small_names)


def test_skipped_layers_keep_what_they_have(tmp_path, small_names):
    before = small_names.fc8.W.array.copy()
    content, storages = state((3, 3))
    path = write(tmp_path / 'a.pth', content, storages)
    load_torchvision(path, small_names, skip=['fc8'])
    np.testing.assert_array_equal(small_names.fc8.W.array, before)


@pytest.fixture(scope='module')
def torch_alexnet():
    """torchvision's AlexNet, layer for layer."""
    torch = pytest.importorskip('torch', reason='PyTorch is not installed')
    nn = torch.nn
    torch.manual_seed(0)

    class AlexNet(nn.Module):
        def __init__(self):
            super().__init__()
            pool = lambda: nn.MaxPool2d(3, 2)  # noqa: E731
            self.features = nn.Sequential(
                nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), pool(),
                nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), pool(),
                nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
                nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
                nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), pool(),
            )  # fmt: skip
            self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
            self.classifier = nn.Sequential(
                nn.Dropout(), nn.Linear(256 * 36, 4096), nn.ReLU(),
                nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
                nn.Linear(4096, 1000),
            )  # fmt: skip

        def forward(self, x):
            return self.classifier(self.avgpool(self.features(x)).flatten(1))

    return AlexNet().eval()


@pytest.mark.torch
@pytest.mark.parametrize(
    ('kind', 'shape'),
    [
        ('zip', (2, 3, 224, 224)),
        ('stream', (1, 3, 300, 256)),
        ('safetensors', (1, 3, 480, 224)),
    ],
)
def test_same_scores_as_pytorch(torch_alexnet, tmp_path, rng, kind, shape):
    import torch

    path = tmp_path / ('a.safetensors' if kind == 'safetensors' else 'a.pth')
    if kind == 'safetensors':
        safetensors = pytest.importorskip(
            'safetensors.numpy', reason='safetensors is not installed'
        )
        arrays = {k: v.numpy() for k, v in torch_alexnet.state_dict().items()}
        safetensors.save_file(arrays, path)
    else:
        torch.save(
            torch_alexnet.state_dict(),
            path,
            _use_new_zipfile_serialization=kind == 'zip',
        )
    model = AlexNetOWT()
    load_torchvision(path, model)
    x = rng.standard_normal(shape, dtype=np.float32)
    with torch.inference_mode():
        expected = torch_alexnet(torch.from_numpy(x)).numpy()
    with mg.using_config('train', False), mg.no_backprop_mode():
        scores = model(x).array
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-4)
