import io
import pathlib
import pickle
import zipfile

import numpy
import pytest

from minigrad import serializers
from minigrad.serializers import (
    DamagedFile,
    DictionarySerializer,
    MissingEntry,
    NpzDeserializer,
    SnapshotError,
    SnapshotMismatch,
    WrongEntryType,
    load_npz,
    npz_archive,
    save_npz,
)
from minigrad.serializers.none_entry import NONE_ENTRY, is_none_entry

GOLDEN = pathlib.Path(__file__).parent / 'golden'


class Thing:
    """Has everything that a snapshot can hold."""

    def __init__(self, fill=0):
        self.array = numpy.full((2, 3), fill, 'f')
        self.count = fill
        self.ratio = fill / 2
        self.flag = bool(fill)
        self.text = f'text {fill}'
        self.nothing = None if fill else 'unset'
        self.child = numpy.full(4, fill, numpy.int64)

    def serialize(self, serializer):
        serializer('array', self.array)
        self.count = serializer('count', self.count)
        self.ratio = serializer('ratio', self.ratio)
        self.flag = serializer('flag', self.flag)
        self.text = serializer('/text', self.text)
        self.nothing = serializer('nothing', self.nothing)
        serializer['/child/']['deep']('values', self.child)


class One:
    def __init__(self, value, key='a'):
        self.value = value
        self.key = key

    def serialize(self, serializer):
        self.value = serializer(self.key, self.value)


NAMES = ['array', 'child/deep/values', 'count', 'flag', 'nothing', 'ratio', 'text']


def assert_restored(thing):
    assert (thing.array == 3).all()
    assert (thing.child == 3).all()
    assert (thing.count, thing.ratio, thing.flag) == (3, 1.5, True)
    assert (thing.text, thing.nothing) == ('text 3', None)
    assert [type(v) for v in (thing.count, thing.ratio, thing.flag, thing.text)] == [
        int,
        float,
        bool,
        str,
    ]


@pytest.mark.parametrize('compression', [True, False])
@pytest.mark.parametrize('kind', ['str', 'path', 'file'])
def test_round_trip(tmp_path, compression, kind):
    path = tmp_path / 'thing.npz'
    if kind == 'file':
        with open(path, 'wb') as file:
            save_npz(file, Thing(3), compression)
    else:
        save_npz(str(path) if kind == 'str' else path, Thing(3), compression)
    thing = Thing()
    if kind == 'file':
        with open(path, 'rb') as file:
            load_npz(file, thing)
    else:
        load_npz(str(path) if kind == 'str' else path, thing)
    assert_restored(thing)
    assert [p.name for p in tmp_path.iterdir()] == ['thing.npz']


def test_names_are_paths_and_numpy_reads_them(tmp_path):
    path = tmp_path / 'a'  # no suffix is added
    save_npz(path, Thing(3))
    with numpy.load(path, allow_pickle=False) as opened:
        assert sorted(opened.files) == NAMES
        assert opened['array'].dtype == numpy.float32
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def test_compression_makes_it_smaller(tmp_path):
    for compression in (True, False):
        data = {'a': numpy.zeros(10_000)}
        save_npz(tmp_path / str(compression), data, compression)
    assert (tmp_path / 'True').stat().st_size < 1000
    assert (tmp_path / 'False').stat().st_size > 80_000


def test_equal_contents_are_equal_files(tmp_path):
    for name in ('a', 'b'):
        save_npz(tmp_path / name, Thing(3))
    assert (tmp_path / 'a').read_bytes() == (tmp_path / 'b').read_bytes()


def test_dictionary_serializer():
    s = DictionarySerializer()
    assert s['/x/'].path == 'x/'
    array = numpy.ones(2)
    assert s('/w', array) is array
    assert s.target['w'] is array
    assert s('n', None) is None
    assert s.target['n'].dtype == object
    assert s.target['n'][()] is None
    s['a']['b']('c', 1)
    assert s.target['a/b/c'].shape == ()
    assert DictionarySerializer(s.target, 'p/').path == 'p/'


def test_serialize():
    assert sorted(serializers.serialize(Thing(1))) == NAMES


def test_part_of_a_file(tmp_path):
    path = tmp_path / 'a.npz'
    s = DictionarySerializer(path='updater/model:main/')
    s.save(Thing(3))
    save_npz(path, s.target)
    thing = Thing()
    load_npz(path, thing, path='updater/model:main/')
    assert_restored(thing)


@pytest.mark.parametrize(
    'ignore', ['a', ['a'], lambda name: name == 'a', [lambda name: name == 'a', 'b']]
)
def test_ignored_names(ignore):
    d = NpzDeserializer({'a': numpy.ones(2), 'c': numpy.ones(2)}, ignore_names=ignore)
    kept = numpy.zeros(3)
    assert d('a', kept) is kept
    assert d('c', numpy.zeros(2)).tolist() == [1, 1]


def test_wrong_ignore_names():
    d = NpzDeserializer({'a': numpy.ones(2)}, ignore_names=[3])
    with pytest.raises(ValueError, match=r'ignore_names: expected .* got int'):
        d('a', None)


def test_none_as_value_takes_what_is_there():
    d = NpzDeserializer({'a': numpy.ones(2), 'n': numpy.asarray(None)})
    assert d('a', None).tolist() == [1, 1]
    assert d('n', None) is None
    assert d('n', numpy.ones(1)) is None


def test_non_strict_passes_over_what_is_missing(tmp_path):
    path = tmp_path / 'a.npz'
    save_npz(path, {'count': 7})
    thing = Thing()
    load_npz(path, thing, strict=False)
    assert thing.count == 7
    assert thing.text == 'text 0'


def test_missing_entry(tmp_path):
    path = tmp_path / 'a.npz'
    save_npz(path, {'model/b': numpy.ones(1), 'c': numpy.ones(1)})
    with pytest.raises(MissingEntry) as error:
        load_npz(path, One(1), path='model/')
    assert isinstance(error.value, KeyError)
    assert str(error.value).splitlines() == [
        f"{path}: it has no 'model/a'",
        "  under model/ it holds 'model/b'",
        (
            '  hint: is it a snapshot of another model? path= reads a part of a file, '
            'strict=False passes over what is not there'
        ),
    ]


def test_wrong_shape(tmp_path):
    save_npz(tmp_path / 'a.npz', {'a': numpy.ones((2, 3))})
    with pytest.raises(
        SnapshotMismatch, match=r'shape \(2, 3\).*has \(3, 2\)'
    ) as error:
        load_npz(tmp_path / 'a.npz', One(numpy.zeros((3, 2))))
    assert isinstance(error.value, ValueError)
    with pytest.raises(SnapshotMismatch, match=r'shape \(2, 3\), the object a single'):
        load_npz(tmp_path / 'a.npz', One(1.0))


def test_dtypes():
    half = numpy.zeros(2, numpy.float16)
    NpzDeserializer({'a': numpy.full(2, 0.1, numpy.float32)})('a', half)
    assert half.tolist() == [numpy.float16(0.1)] * 2
    with pytest.raises(WrongEntryType, match='holds float32, the object has int64'):
        NpzDeserializer({'a': numpy.ones(1, 'f')})('a', numpy.zeros(1, numpy.int64))


@pytest.mark.parametrize(
    ('saved', 'value', 'result'),
    [(3, 0, 3), (2.5, 0.0, 2.5), (3, 0.0, 3.0), (True, False, True), ('x', '', 'x')],
)
def test_scalars(saved, value, result):
    loaded = NpzDeserializer({'a': numpy.asarray(saved)})('a', value)
    assert loaded == result
    assert type(loaded) is type(value)


def test_scalars_that_would_lose_something():
    for saved, value in ((2.5, 0), (3, False)):
        with pytest.raises(TypeError, match='a: cannot safely turn'):
            NpzDeserializer({'a': numpy.asarray(saved)})('a', value)


def test_a_failure_puts_the_arrays_back(tmp_path):
    path = tmp_path / 'a.npz'
    saved = serializers.serialize(Thing(3))
    saved['child/deep/values'] = numpy.ones(5)
    save_npz(path, saved)
    thing = Thing()
    with pytest.raises(SnapshotMismatch, match='child/deep/values'):
        load_npz(path, thing)
    assert (thing.array == 0).all()


def cut(content):
    return content[:-100]


def flip(content):
    place = content.index(b'array.npy') + 120
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    'damage', [cut, flip, lambda c: b'', lambda c: b'hello', lambda c: c[: len(c) // 2]]
)
def test_damaged_file(tmp_path, damage):
    path = tmp_path / 'a.npz'
    save_npz(path, Thing(3), compression=False)
    path.write_bytes(damage(path.read_bytes()))
    thing = Thing()
    with pytest.raises(DamagedFile, match=r'a.npz: ') as error:
        load_npz(path, thing)
    assert isinstance(error.value, SnapshotError)
    assert 'allow_pickle' not in str(error.value)
    assert (thing.array == 0).all()
    assert thing.text == 'text 0'


def test_a_single_array_is_no_snapshot(tmp_path):
    numpy.save(tmp_path / 'a.npy', numpy.ones(2))
    with pytest.raises(DamagedFile, match=r'a.npy: a single array \(.npy\)'):
        load_npz(tmp_path / 'a.npy', Thing())


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none.npz'):
        load_npz(tmp_path / 'none.npz', Thing())


def test_an_interrupted_save_keeps_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / 'a.npz'
    save_npz(path, Thing(3))
    write = npz_archive.write_entry

    def interrupt(entry, name, value):
        write(entry, name, value)
        if name == 'flag':
            raise KeyboardInterrupt

    monkeypatch.setattr(npz_archive, 'write_entry', interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_npz(path, Thing(5))
    thing = Thing()
    load_npz(path, thing)
    assert_restored(thing)
    assert [p.name for p in tmp_path.iterdir()] == ['a.npz']


class Trap:
    """Unpickled, it would change `sprung`."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, 'sprung', True)


def test_pickles_are_never_executed(tmp_path):
    path = tmp_path / 'a.npz'
    numpy.savez(path, a=numpy.array(Trap(), object), n=numpy.asarray(None))
    with pytest.raises(WrongEntryType, match="'a' holds a pickle of Python objects"):
        load_npz(path, One(1))
    with numpy.load(path) as opened:
        assert NpzDeserializer(opened)('n', 1) is None
        with pytest.raises(WrongEntryType, match='does not execute pickles'):
            NpzDeserializer(opened)('a', 1)
    assert not Trap.sprung


def test_python_objects_are_not_saved(tmp_path):
    with pytest.raises(WrongEntryType, match="save_npz: 'a' is an array of Python"):
        save_npz(tmp_path / 'a.npz', {'a': numpy.array([1, None], object)})
    assert list(tmp_path.iterdir()) == []


def npy(array):
    file = io.BytesIO()
    numpy.save(file, array, allow_pickle=True)
    return file.getvalue()


def test_none_entries():
    assert is_none_entry(NONE_ENTRY)
    assert is_none_entry(npy(numpy.asarray(None)))
    assert numpy.load(io.BytesIO(NONE_ENTRY), allow_pickle=True)[()] is None
    header = npy(numpy.asarray(None))[:128]
    for protocol in range(2, 6):
        content = pickle.dumps(numpy.asarray(None), protocol)
        assert is_none_entry(header + content), protocol
    others = [None, 1, 'a', [None], {}, Trap]
    for array in [
        numpy.array([None], object),
        numpy.asarray(1.5),
        *[numpy.array(o, object) for o in others[1:3]],
        numpy.array({}, object),
    ]:
        assert not is_none_entry(npy(array)), array
    assert not is_none_entry(header + b'cos\nsystem\n(S"true"\ntR.')
    assert not is_none_entry(b'')
    assert not is_none_entry(header)


def test_none_of_chainer_and_scalars():
    """Chainer 7.8.1 wrote the file; see golden/README.md."""
    with numpy.load(GOLDEN / 'model.npz') as opened:
        d = NpzDeserializer(opened)['predictor']
        assert d['lazy']('W', None) is None
        assert d['bn']('N', 5) == 0
        assert d['conv']('W', numpy.zeros((2, 1, 3, 3), 'f')).any()
