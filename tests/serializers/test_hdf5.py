import pathlib

import numpy
import pytest

from minigrad import serializers
from minigrad.serializers import hdf5

h5py = pytest.importorskip('h5py', reason='HDF5 files need h5py')

GOLDEN = pathlib.Path(__file__).parent / 'golden'


class Thing:
    def __init__(self, fill=0):
        self.array = numpy.full((2, 3), fill, 'f')
        self.count = fill
        self.text = f'text {fill}'
        self.nothing = None if fill else 'unset'
        self.child = numpy.full(4, fill)

    def serialize(self, serializer):
        serializer('array', self.array)
        self.count = serializer('count', self.count)
        self.text = serializer('text', self.text)
        self.nothing = serializer('nothing', self.nothing)
        serializer['/child']['deep']('values', self.child)


def test_round_trip(tmp_path):
    serializers.save_hdf5(tmp_path / 'a.h5', Thing(3))
    thing = Thing()
    serializers.load_hdf5(tmp_path / 'a.h5', thing)
    assert (thing.array == 3).all()
    assert (thing.child == 3).all()
    assert (thing.count, thing.text, thing.nothing) == (3, 'text 3', None)
    assert type(thing.count) is int
    assert [p.name for p in tmp_path.iterdir()] == ['a.h5']


def test_layout_is_chainers(tmp_path):
    serializers.save_hdf5(str(tmp_path / 'a.h5'), Thing(3), compression=3)
    with h5py.File(tmp_path / 'a.h5') as file:
        assert file['array'].compression_opts == 3
        assert file['count'].compression_opts is None
        assert file['nothing'].shape is None
        assert (file['child/deep/values'][()] == 3).all()


def test_dictionary(tmp_path):
    data = {'a/b': numpy.ones(3), 'n': numpy.asarray(None), 's': numpy.asarray('x')}
    serializers.save_hdf5(tmp_path / 'a.h5', data)
    with h5py.File(tmp_path / 'a.h5') as file:
        d = serializers.HDF5Deserializer(file)
        assert d['a']('b', None).tolist() == [1, 1, 1]
        assert d('n', 3) is None
        assert d('s', '') == 'x'
        assert str(d('s', None)) == 'x'


def test_groups(tmp_path):
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        s = serializers.HDF5Serializer(file, compression=2)
        assert s['x'].group.name == '/x'
        assert s['x'].compression == 2
        assert serializers.HDF5Deserializer(file)['x'].group.name == '/x'


def test_missing(tmp_path):
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        file.create_dataset('b', data=1)
        strict = serializers.HDF5Deserializer(file)
        with pytest.raises(serializers.MissingEntry, match=r"no 'a'\n.*holds 'b'"):
            strict('a', 1)
        with pytest.raises(KeyError, match='it holds nothing'):
            strict['none']('a', 1)
        lenient = serializers.HDF5Deserializer(file, strict=False)
        assert lenient('a', 1) == 1
        assert lenient['none']('a', 2) == 2


def test_wrong_shape_puts_the_arrays_back(tmp_path):
    saved = Thing(3)
    saved.child = numpy.ones(5)
    serializers.save_hdf5(tmp_path / 'a.h5', saved)
    thing = Thing()
    with pytest.raises(
        serializers.SnapshotMismatch, match=r'/child/deep/values.*\(5,\)'
    ):
        serializers.load_hdf5(tmp_path / 'a.h5', thing)
    assert (thing.array == 0).all()


def test_damaged(tmp_path):
    path = tmp_path / 'a.h5'
    for content in (b'', b'hello'):
        path.write_bytes(content)
        with pytest.raises(serializers.DamagedFile, match=r'a.h5: not an HDF5 file'):
            serializers.load_hdf5(path, Thing())
    with pytest.raises(FileNotFoundError):
        serializers.load_hdf5(tmp_path / 'none.h5', Thing())


def test_file_of_chainer():
    """Chainer 7.8.1 wrote the file; see golden/README.md."""
    with h5py.File(GOLDEN / 'model.h5') as file:
        d = serializers.HDF5Deserializer(file)['predictor']
        assert d['lazy']('W', None) is None
        assert d['bn']('N', 5) == 0
        with numpy.load(GOLDEN / 'model.npz') as npz:
            numpy.testing.assert_array_equal(
                d['conv']('W', None), npz['predictor/conv/W']
            )


def test_without_h5py(monkeypatch):
    monkeypatch.setattr(hdf5, '_available', False)
    for call in (
        lambda: hdf5.save_hdf5('a', None),
        lambda: hdf5.load_hdf5('a', None),
        lambda: hdf5.HDF5Serializer(None),
        lambda: hdf5.HDF5Deserializer(None),
    ):
        with pytest.raises(RuntimeError, match='pip install h5py'):
            call()
