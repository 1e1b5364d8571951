import sys

import numpy
import pytest

from minigrad import serializers

safetensors = pytest.importorskip(
    'safetensors', reason='safetensors files need the safetensors package'
)


class Model:
    def __init__(self, fill=0):
        self.W = numpy.full((2, 3), fill, 'f')
        self.b = numpy.full(2, fill, numpy.float16)
        self.lazy = None if fill else numpy.zeros(1)
        self.n = fill

    def serialize(self, serializer):
        serializer['fc']('W', self.W)
        serializer['fc']('b', self.b)
        self.lazy = serializer('lazy', self.lazy)
        self.n = serializer('n', self.n)


def test_round_trip(tmp_path):
    path = tmp_path / 'a.safetensors'
    serializers.save_safetensors(path, Model(2))
    model = Model()
    serializers.load_safetensors(path, model)
    assert (model.W == 2).all()
    assert (model.b == 2).all()
    assert model.lazy is None
    assert (model.n, type(model.n)) == (2, int)
    assert [p.name for p in tmp_path.iterdir()] == ['a.safetensors']


def test_others_read_it(tmp_path):
    from safetensors.numpy import load_file

    path = tmp_path / 'a.safetensors'
    data = {'W': numpy.arange(6.0).reshape(2, 3).T}  # not contiguous
    serializers.save_safetensors(path, data, metadata={'source': 'a test'})
    numpy.testing.assert_array_equal(load_file(path)['W'], data['W'])
    with safetensors.safe_open(path, framework='numpy') as opened:
        metadata = opened.metadata()
    assert sorted(metadata) == ['minigrad_sha256', 'source']
    assert metadata['source'] == 'a test'
    numpy.testing.assert_array_equal(serializers.read_safetensors(path)['W'], data['W'])


def test_errors(tmp_path):
    path = tmp_path / 'a.safetensors'
    serializers.save_safetensors(path, {'fc/W': numpy.ones((3, 2), 'f')})
    with pytest.raises(serializers.SnapshotMismatch, match=r'\(3, 2\).*\(2, 3\)'):
        serializers.load_safetensors(path, Model())
    with pytest.raises(serializers.MissingEntry, match="no 'fc/b'"):
        serializers.load_safetensors(path, Model(), ignore_names='fc/W')
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(serializers.DamagedFile, match=r'a.safetensors: not a safe'):
        serializers.load_safetensors(path, Model())
    with pytest.raises(FileNotFoundError, match='none: no such file'):
        serializers.load_safetensors(tmp_path / 'none', Model())
    with pytest.raises(serializers.WrongEntryType, match="'t' is of type <U1"):
        serializers.save_safetensors(path, {'t': numpy.asarray('x')})


def test_without_the_package(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'safetensors', None)
    with pytest.raises(RuntimeError, match='pip install safetensors'):
        serializers.save_safetensors(tmp_path / 'a', {})
    with pytest.raises(RuntimeError, match='save_npz and load_npz'):
        serializers.read_safetensors(tmp_path / 'a')
