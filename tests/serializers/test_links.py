"""Models in files: Chainer's files load, and another model's file is explained."""

import pathlib

import numpy
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import serializers

GOLDEN = pathlib.Path(__file__).parent / 'golden'


class Net(minigrad.Chain):
    def __init__(self, n_out=3):
        super().__init__()
        with self.init_scope():
            self.conv = L.Convolution2D(1, 2, 3)
            self.bn = L.BatchNormalization(2)
            self.fc = L.Linear(None, n_out)
            self.lazy = L.Linear(None, 2)

    def forward(self, x):
        return self.fc(F.relu(self.bn(self.conv(x))))


def values(link):
    return {name: numpy.copy(p.array) for name, p in link.namedparams()}


@pytest.mark.parametrize('file', ['model.npz', 'model.h5'])
def test_a_file_of_chainer_loads(file):
    """Chainer 7.8.1 wrote the files; see golden/README.md."""
    model = L.Classifier(Net())
    if file == 'model.h5':
        pytest.importorskip('h5py', reason='HDF5 files need h5py')
        serializers.load_hdf5(GOLDEN / file, model)
    else:
        serializers.load_npz(GOLDEN / file, model)
    assert model.predictor.lazy.W.array is None
    assert model.predictor.fc.W.shape == (3, 18)
    with (
        numpy.load(GOLDEN / 'expected.npz') as expected,
        minigrad.using_config('train', False),
    ):
        y = model.predictor(expected['x'])
        numpy.testing.assert_allclose(y.array, expected['y'], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('kind', ['npz', 'hdf5', 'safetensors'])
def test_round_trip(tmp_path, kind):
    pytest.importorskip({'npz': 'numpy', 'hdf5': 'h5py'}.get(kind, kind))
    model, other = Net(), Net()
    model(numpy.ones((2, 1, 5, 5), 'f'))
    getattr(serializers, f'save_{kind}')(tmp_path / 'a', model)
    getattr(serializers, f'load_{kind}')(tmp_path / 'a', other)
    for name, parameter in other.namedparams():
        expected = dict(model.namedparams())[name].array
        if expected is None:
            assert parameter.array is None
        else:
            numpy.testing.assert_array_equal(parameter.array, expected)
    numpy.testing.assert_array_equal(other.bn.avg_mean, model.bn.avg_mean)


def test_names_are_chainers():
    with numpy.load(GOLDEN / 'model.npz') as opened:
        assert set(serializers.serialize(L.Classifier(Net()))) == set(opened.files)


def test_a_file_of_another_model_lists_all_differences(tmp_path):
    path = tmp_path / 'other.npz'
    other = minigrad.Chain(
        conv=L.Convolution2D(3, 2, 3), fc=L.Linear(4, 3), extra=L.Linear(1, 1)
    )
    serializers.save_npz(path, other)
    model = Net()
    before = values(model)
    with pytest.raises(serializers.MissingEntry) as error:
        serializers.load_npz(path, model)
    text = str(error.value)
    for name in ('bn/gamma', 'bn/avg_mean', 'lazy/b'):
        assert f"'{name}'" in text.splitlines()[0]
    assert str(path) in text
    assert 'conv/W  file (2, 3, 3, 3)  model (2, 1, 3, 3)' in text
    assert "not asked for: 'extra/W', 'extra/b'" in text
    for name, array in values(model).items():
        numpy.testing.assert_array_equal(array, before[name])
    assert model.fc.W.array is None  # not initialised by the attempt


def test_other_sizes(tmp_path):
    path = tmp_path / 'a.npz'
    serializers.save_npz(path, Net(n_out=4))
    model = Net()
    with pytest.raises(serializers.SnapshotMismatch) as error:
        serializers.load_npz(path, model)
    assert str(error.value).splitlines() == [
        f'{path}: a snapshot of another model',
        '  fc/b  file (4,)  model (3,)',
        (
            '  hint: build the model as it was when it was saved, or pass over these '
            'names with ignore_names='
        ),
    ]
    serializers.load_npz(path, model, ignore_names=['fc/b', 'fc/W'])


def test_part_of_a_larger_file(tmp_path):
    path = tmp_path / 'a.npz'
    s = serializers.DictionarySerializer(path='updater/model:main/')
    source = Net()
    s.save(source)
    serializers.save_npz(path, s.target)
    model = Net()
    serializers.load_npz(path, model, path='updater/model:main/')
    numpy.testing.assert_array_equal(model.conv.W.array, source.conv.W.array)
    with pytest.raises(serializers.MissingEntry, match=r'under /.*updater/model:main'):
        serializers.load_npz(path, model)


def test_not_strict(tmp_path):
    path = tmp_path / 'a.npz'
    source = minigrad.Chain(conv=L.Convolution2D(1, 2, 3))
    serializers.save_npz(path, source)
    model = Net()
    serializers.load_npz(path, model, strict=False)
    numpy.testing.assert_array_equal(model.conv.W.array, source.conv.W.array)


def test_optimizer_state(tmp_path):
    path = tmp_path / 'a.npz'

    def build():
        model = L.Linear(3, 2)
        return model, minigrad.optimizers.MomentumSGD().setup(model)

    model, optimizer = build()
    for _ in range(3):
        optimizer.update(lambda x: F.sum(model(x) ** 2), numpy.ones((4, 3), 'f'))
    serializers.save_npz(path, optimizer)
    with numpy.load(path) as opened:
        assert {'t', 'epoch', 'W/v', 'b/v'} <= set(opened.files)
    _, fresh = build()
    serializers.load_npz(path, fresh)
    assert fresh.t == 3
    numpy.testing.assert_array_equal(
        fresh.target.W.update_rule.state['v'], model.W.update_rule.state['v']
    )
