"""Weights from torchvision's files."""

import json

import numpy as np
import pytest

import minigrad as mg
from minigrad.links.model.vision.foreign_weights import read_state_dict
from models.alexnet import AlexNetOWT
from models.lenet import TRAINED, trained_lenet
from models.weights import TORCHVISION_NAMES, load_torchvision
from tests.torch_files import tensor, write


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
        ValueError, match=r"'other' has no place.*\n.*expected.*\(2, 3\), got \(3, 3\)"
    ):
        load_torchvision(path, small_names)
    np.testing.assert_array_equal(small_names.fc8.b.array, before)


def test_missing_weights(tmp_path, small_names):
    content, storages = state()
    del content['classifier.6.bias']
    path = write(tmp_path / 'a.pth', content, storages)
    with pytest.raises(
        ValueError, match=r"'classifier\.6\.bias' \(for fc8/b\) is missing"
    ):
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


def test_the_trained_lenet_is_what_its_log_says():
    _, test = mg.datasets.get_digits(ndim=3)
    scores = mg.predict(trained_lenet(), test)
    labels = np.array([t for _, t in test])
    last = json.loads(TRAINED.with_suffix('.jsonl').read_text().splitlines()[-1])
    accuracy = (scores.argmax(axis=1) == labels).mean()
    assert accuracy == pytest.approx(last['validation/main/accuracy'], abs=2e-3)
    assert accuracy >= 0.97
    assert all(p.dtype == np.float32 for p in trained_lenet().params())
    assert TRAINED.stat().st_size < 200_000
