"""What damaged, foreign and malicious files may do: nothing, but say so."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import serializers
from minigrad.serializers import (
    DamagedFile,
    MissingEntry,
    SnapshotMismatch,
    WrongEntryType,
    load_hdf5,
    load_npz,
    load_safetensors,
    save_hdf5,
    save_npz,
    save_safetensors,
)


class Model(minigrad.Chain):
    """Parameters with and without a shape, persistents of all kinds."""

    def __init__(self, fill=None):
        super().__init__()
        with self.init_scope():
            self.fc = L.Linear(3, 4)
            self.lazy = L.Linear(None, 2)
            self.norm = L.BatchNormalization(4)
        self.add_persistent('epoch', 0)
        self.add_persistent('names', ['cat', 'dog'])
        if fill is not None:
            self.lazy(self.norm(self.fc(np.ones((2, 3), 'f'))))
            self.epoch, self.names = fill, ['mouse']
            for array in serializers.serialize(self).values():
                if array.dtype.kind == 'f':
                    array[...] = fill


FORMATS = {
    'npz': (save_npz, load_npz),
    'hdf5': (save_hdf5, load_hdf5),
    'safetensors': (
        lambda path, model: save_safetensors(path, numbers(model)),
        lambda path, model: load_safetensors(path, model, ignore_names='names'),
    ),
}


def numbers(model):
    arrays = serializers.serialize(model)
    return {name: a for name, a in arrays.items() if a.dtype.kind != 'U'}


def state(model):
    arrays = serializers.serialize(model)
    return {name: (a.dtype, a.tolist()) for name, a in arrays.items()}


@pytest.mark.parametrize('kind', sorted(FORMATS))
class TestUnchanged:
    """After a refused file a model is as it was."""

    def refuse(self, path, kind, error):
        model = Model()
        before = state(model)
        with pytest.raises(error, match='model'):
            FORMATS[kind][1](path, model)
        assert state(model) == before
        assert not model.lazy.W.is_initialized
        # It works as a fresh model does.
        assert model.lazy(np.ones((1, 7), 'f')).shape == (1, 2)

    def test_another_model(self, kind, tmp_path):
        model = Model(2)
        model.norm = L.BatchNormalization(5)
        model.norm.gamma.array[...] = 1
        FORMATS[kind][0](tmp_path / 'model', model)
        self.refuse(tmp_path / 'model', kind, SnapshotMismatch)

    def test_another_type(self, kind, tmp_path):
        model = Model(2)
        model.norm.N = np.array(1.5)
        FORMATS[kind][0](tmp_path / 'model', model)
        self.refuse(tmp_path / 'model', kind, WrongEntryType)

    def test_a_missing_entry(self, kind, tmp_path):
        arrays = numbers(Model(2)) | {'names': np.array(['mouse'])}
        del arrays['norm/beta']
        if kind == 'safetensors':
            del arrays['names']
        {'npz': save_npz, 'hdf5': save_hdf5, 'safetensors': save_safetensors}[kind](
            tmp_path / 'model', arrays
        )
        self.refuse(tmp_path / 'model', kind, MissingEntry)

    def test_numbers_that_are_damaged(self, kind, tmp_path):
        path = tmp_path / 'model'
        FORMATS[kind][0](path, Model(2))
        content = bytearray(path.read_bytes())
        raw = np.full(12, 2, 'f').tobytes()
        if kind == 'npz':
            save_npz(path, Model(2), compression=False)
            content = bytearray(path.read_bytes())
        place = content.find(raw)
        if place < 0:  # compressed: some byte of the last entry
            place = content.find(b'TREE') - 8
        content[place] ^= 1
        path.write_bytes(content)
        if kind == 'hdf5' and raw not in content:
            return
        self.refuse(path, kind, DamagedFile)

    def test_a_whole_file(self, kind, tmp_path):
        FORMATS[kind][0](tmp_path / 'model', Model(2))
        model = Model()
        FORMATS[kind][1](tmp_path / 'model', model)
        model.names = ['mouse']
        assert state(model) == state(Model(2))


def test_a_refused_snapshot_leaves_a_trainer_as_it_was(tmp_path):
    def make(n_out):
        model = L.Classifier(L.Linear(None, n_out))
        optimizer = minigrad.optimizers.Adam().setup(model)
        data = minigrad.datasets.TupleDataset(np.ones((4, 3), 'f'), np.zeros(4, 'i'))
        iterator = minigrad.iterators.SerialIterator(data, 2)
        updater = minigrad.training.StandardUpdater(iterator, optimizer)
        return minigrad.training.Trainer(updater, (2, 'iteration'), str(tmp_path))

    whole = make(2)
    whole.run()
    arrays = serializers.serialize(whole)
    arrays['updater/optimizer:main/predictor/b/v'] = np.ones(3, 'f')  # read late
    save_npz(tmp_path / 'bad', arrays)
    trainer = make(2)
    before = {k: v.tolist() for k, v in serializers.serialize(trainer).items()}
    with pytest.raises(
        SnapshotMismatch, match=r'bad: updater/optimizer:main/predictor/b/v: .*\(3,\)'
    ):
        load_npz(tmp_path / 'bad', trainer)
    after = {k: v.tolist() for k, v in serializers.serialize(trainer).items()}
    assert before == after
    model = trainer.updater.get_optimizer('main').target
    assert not model.predictor.W.is_initialized
    assert model.predictor.W.update_rule.state is None
    assert trainer.updater.iteration == 0
    save_npz(tmp_path / 'good', whole)
    load_npz(tmp_path / 'good', trainer)
    assert trainer.updater.iteration == 2


class TestOptimizerState:
    def make(self, dtype='f', fp32=False):
        model = L.Linear(3, 2)
        for param in model.params():
            param.array = param.array.astype(dtype)
        optimizer = minigrad.optimizers.Adam().setup(model)
        if fp32:
            optimizer.use_fp32_update()
        return optimizer

    def saved(self, dtype='f', fp32=False):
        optimizer = self.make(dtype, fp32)
        for param in optimizer.target.params():
            param.grad = np.ones_like(param.array)
        optimizer.update()
        return serializers.serialize(optimizer)

    @pytest.mark.parametrize(
        ('wrong', 'error', 'match'),
        [
            (
                np.ones((2, 4), 'f'),
                SnapshotMismatch,
                r'W/m: .*\(2, 4\).*needs \(2, 3\)',
            ),
            (np.ones((2, 3), 'c8'), WrongEntryType, 'm: .*complex64.*float32'),
        ],
    )
    def test_refused_when_it_is_loaded(self, tmp_path, wrong, error, match):
        save_npz(tmp_path / 'a', {**self.saved(), 'W/m': wrong})
        optimizer = self.make()
        with pytest.raises(error, match=match):
            load_npz(tmp_path / 'a', optimizer)
        assert optimizer.target.W.update_rule.state is None
        assert optimizer.t == 0

    def test_of_a_float32_copy(self, tmp_path):
        saved = self.saved('e', fp32=True)
        save_npz(tmp_path / 'a', {**saved, 'W/fp32_param': np.ones((3, 3), 'f')})
        with pytest.raises(SnapshotMismatch, match='fp32_param'):
            load_npz(tmp_path / 'a', self.make('e', fp32=True))
        save_npz(tmp_path / 'a', saved)
        optimizer = self.make('e', fp32=True)
        load_npz(tmp_path / 'a', optimizer)
        assert optimizer.target.W.update_rule.state['m'].dtype == np.float32

    def test_in_the_dtype_of_the_update(self, tmp_path):
        saved = self.saved()
        saved['W/m'] = saved['W/m'].astype('d')
        save_npz(tmp_path / 'a', saved)
        optimizer = self.make()
        load_npz(tmp_path / 'a', optimizer)
        assert optimizer.target.W.update_rule.state['m'].dtype == np.float32


def refusal(function, *args):
    """Returns the text of the error, None if there is none."""
    try:
        function(*args)
    except serializers.SnapshotError as error:
        return str(error)
    return None


class TestNpz:
    ARRAYS = {
        'W': np.arange(60, dtype='f').reshape(5, 12),
        'n': np.arange(3),
        't': np.asarray('some text'),
    }

    class Value:
        def __init__(self):
            self.W, self.n, self.t = np.zeros((5, 12), 'f'), np.zeros(3, int), ''

        def serialize(self, serializer):
            serializer('W', self.W)
            serializer('n', self.n)
            self.t = serializer('t', self.t)

    def is_whole(self, value):
        wanted = self.ARRAYS
        return all(np.array_equal(getattr(value, k), wanted[k]) for k in wanted)

    @pytest.mark.parametrize('writer', ['minigrad', 'numpy'])
    @pytest.mark.parametrize('compression', [True, False])
    def test_every_byte_counts(self, tmp_path, writer, compression):
        """Each bit of each byte: the right value, or a refusal."""
        path = tmp_path / 'a.npz'
        if writer == 'minigrad':
            save_npz(path, self.ARRAYS, compression)
        else:
            (np.savez_compressed if compression else np.savez)(path, **self.ARRAYS)
        whole = path.read_bytes()
        refused = 0
        rng = np.random.RandomState(0)
        for place in range(len(whole)):
            change = 1 << rng.randint(8)
            content = bytearray(whole)
            content[place] ^= change
            value = self.Value()
            file = io.BytesIO(content)
            file.name = 'a.npz'
            text = refusal(load_npz, file, value)
            if text is None:
                assert self.is_whole(value), (place, change)
            else:
                assert 'a.npz' in text
                assert not value.W.any()
                refused += 1
        if writer == 'minigrad':
            # The name of the checksum may change; the rest is what it covers.
            assert refused == len(whole) - len(b'minigrad sha256 ')
        else:  # dates and the like may change
            assert refused > len(whole) / 2

    @pytest.mark.parametrize('shape', [b'(6, 10)', b'(5, 11)', b'(4, 12)', b'(60,)  '])
    def test_a_header_with_another_shape(self, tmp_path, shape):
        path = tmp_path / 'a.npz'
        stream = io.BytesIO()
        np.save(stream, self.ARRAYS['W'])
        content = stream.getvalue().replace(b'(5, 12)', shape)
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('W.npy', content)
        with pytest.raises((DamagedFile, SnapshotMismatch), match=r'a\.npz'):
            load_npz(path, One('W', np.zeros((5, 12), 'f')))

    def member(self, tmp_path, header, content=b'', name='W', **options):
        path = tmp_path / 'a.npz'
        text = header.encode().ljust(117) + b'\n'
        raw = b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text)) + text + content
        with zipfile.ZipFile(path, 'w') as archive:
            info = zipfile.ZipInfo(f'{name}.npy')
            info.compress_type = options.get('method', zipfile.ZIP_DEFLATED)
            archive.writestr(info, raw)
        return path

    @pytest.mark.parametrize(
        ('descr', 'shape'),
        [
            ('<f4', (2**40,)),
            ('<f4', (2**62, 2**62)),
            ('<f4', (-1,)),
            ('|S0', (2**40,)),
            ('<f4', (2**31, 2**31, 2**31)),
        ],
    )
    def test_a_huge_shape_takes_no_memory(self, tmp_path, descr, shape):
        header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
        path = self.member(tmp_path, header, bytes(16))
        for like in (None, np.zeros(4, 'f')):
            with pytest.raises((DamagedFile, SnapshotMismatch), match=r'a\.npz'):
                load_npz(path, One('W', like))

    @pytest.mark.parametrize('header', ['', '{', '[1]', '(' * 100, '{}', "{'a': 1}"])
    def test_no_header(self, tmp_path, header):
        with pytest.raises(DamagedFile, match=r"a\.npz: 'W' is damaged"):
            load_npz(self.member(tmp_path, header), One('W', None))

    @pytest.mark.parametrize('method', [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_an_unusual_compression(self, tmp_path, method):
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }"
        path = self.member(tmp_path, header, bytes(16), method=method)
        with pytest.raises(DamagedFile, match='compressed in way number'):
            load_npz(path, One('W', None))

    def test_what_nobody_asks_for_is_not_read(self, tmp_path):
        path = tmp_path / 'a.npz'
        np.savez_compressed(path, W=np.ones(3, 'f'))
        header = {'descr': '<f4', 'fortran_order': False, 'shape': (1 << 25,)}
        with (
            zipfile.ZipFile(path, 'a', zipfile.ZIP_DEFLATED) as archive,
            archive.open('huge.npy', 'w') as member,
        ):
            np.lib.format.write_array_header_1_0(member, header)
            for _ in range(128):
                member.write(bytes(1 << 20))
        assert path.stat().st_size < 1 << 20
        one = One('W', np.zeros(3, 'f'))
        memory = peak()
        load_npz(path, one)
        assert one.value.tolist() == [1, 1, 1]
        # Nor what has another shape than is asked for.
        with pytest.raises(SnapshotMismatch, match=r'shape \(33554432,\)'):
            load_npz(path, One('huge', np.zeros(3, 'f')))
        assert peak() - memory < 64 << 20

    def test_numbers_of_the_other_byte_order(self, tmp_path):
        np.savez(tmp_path / 'a.npz', W=np.arange(3, dtype='>f4'))
        for like in (None, np.zeros(3, 'f')):
            one = One('W', like)
            load_npz(tmp_path / 'a.npz', one)
            assert one.value.tolist() == [0, 1, 2]
            assert one.value.dtype == np.float32
            assert one.value.dtype.isnative

    def test_files_that_are_written_anew_without_our_checksum(self, tmp_path):
        save_npz(tmp_path / 'a.npz', self.ARRAYS)
        with np.load(tmp_path / 'a.npz') as opened:
            np.savez(tmp_path / 'b.npz', **opened)
        value = self.Value()
        load_npz(tmp_path / 'b.npz', value)
        assert self.is_whole(value)

    def test_in_the_middle_of_another_file(self, tmp_path):
        with open(tmp_path / 'a', 'w+b') as file:
            file.write(b'before')
            save_npz(file, self.ARRAYS)
            file.seek(6)
            value = self.Value()
            load_npz(file, value)
        assert self.is_whole(value)


class One:
    def __init__(self, key, value):
        self.key, self.value = key, value

    def serialize(self, serializer):
        self.value = serializer(self.key, self.value)


def peak():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class TestHdf5:
    @pytest.fixture
    def h5py(self):
        return pytest.importorskip('h5py', reason='HDF5 files need h5py')

    def refuse(self, path, like, match):
        value = None if like is None else like.copy()
        with pytest.raises(serializers.SnapshotError, match=match) as error:
            load_hdf5(path, One('W', value))
        assert str(path) in str(error.value)
        if like is not None:
            assert np.array_equal(value, like)

    def test_numbers_in_another_file(self, h5py, tmp_path):
        secret = tmp_path / 'secret'
        secret.write_bytes(b'password' * 8)
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            space = [(str(secret), 0, 64)]
            file.create_dataset('W', (16,), 'f4', external=space)
        for like in (None, np.zeros(16, 'f')):
            self.refuse(tmp_path / 'a.h5', like, 'another file, which is not read')

    def test_links_to_another_file(self, h5py, tmp_path):
        with h5py.File(tmp_path / 'b.h5', 'w') as file:
            file['W'] = np.ones(3, 'f')
            file.create_group('in')['W'] = np.ones(3, 'f')
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            file['W'] = h5py.ExternalLink('b.h5', '/W')
            file['in'] = h5py.ExternalLink('b.h5', '/in')
        self.refuse(tmp_path / 'a.h5', np.zeros(3, 'f'), r"'W' is a link to b\.h5")
        with pytest.raises(DamagedFile, match=r'a\.h5.*is a link to b\.h5'):
            load_hdf5(tmp_path / 'a.h5', One('in/W', np.zeros(3, 'f')))

    def test_soft_links(self, h5py, tmp_path):
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            file['W'] = h5py.SoftLink('/W')
        self.refuse(tmp_path / 'a.h5', np.zeros(3, 'f'), 'is a link to another name')

    def test_virtual_numbers(self, h5py, tmp_path):
        with h5py.File(tmp_path / 'b.h5', 'w') as file:
            file['W'] = np.ones(3, 'f')
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            layout = h5py.VirtualLayout((3,), 'f4')
            layout[...] = h5py.VirtualSource(tmp_path / 'b.h5', 'W', (3,))
            file.create_virtual_dataset('W', layout)
        self.refuse(tmp_path / 'a.h5', np.zeros(3, 'f'), 'another file, which is not')

    @pytest.mark.parametrize('like', [None, np.zeros(3, 'f')])
    def test_a_huge_shape(self, h5py, tmp_path, like):
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            file.create_dataset('W', (1 << 40,), 'f4', chunks=(1 << 16,))
        self.refuse(tmp_path / 'a.h5', like, r'shape \(1099511627776,\)')

    def test_another_shape_is_refused_before_it_is_read(
        self, h5py, tmp_path, monkeypatch
    ):
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            file['W'] = np.zeros(4, 'f')
        read = []
        monkeypatch.setattr('minigrad.serializers.hdf5._read', read.append)
        self.refuse(tmp_path / 'a.h5', np.zeros(3, 'f'), r'shape \(4,\)')
        assert read == []

    def test_a_name_that_is_no_text(self, h5py, tmp_path):
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            file[b'\xff'] = np.zeros(3, 'f')
        self.refuse(tmp_path / 'a.h5', np.zeros(3, 'f'), r"it holds '.*xff'")

    def test_other_types(self, h5py, tmp_path):
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            file['W'] = np.zeros(3, [('x', 'f4')])
        self.refuse(tmp_path / 'a.h5', None, 'expected numbers or texts')
        with h5py.File(tmp_path / 'a.h5', 'w') as file:
            file.create_group('W')
        self.refuse(tmp_path / 'a.h5', np.zeros(3, 'f'), 'a group, expected an array')
        self.refuse(tmp_path / 'a.h5', None, 'a group, expected an array')

    def test_damaged_numbers_are_noticed(self, h5py, tmp_path):
        path = tmp_path / 'a.h5'
        save_hdf5(path, {'W': np.full(12, 2, 'f')}, compression=None)
        content = path.read_bytes()
        raw = np.full(12, 2, 'f').tobytes()
        assert raw in content
        path.write_bytes(content.replace(raw, raw[:-4] + b'\0\0\0\1'))
        self.refuse(path, np.zeros(12, 'f'), 'damaged')


class TestSafetensors:
    def test_every_number_counts(self, tmp_path):
        pytest.importorskip('safetensors', reason='needs the safetensors package')
        path = tmp_path / 'a.safetensors'
        save_safetensors(path, {'W': np.ones((2, 3), 'f'), 'n': np.asarray(None)})
        whole = path.read_bytes()
        for place in range(8, len(whole)):
            content = bytearray(whole)
            content[place] ^= 1
            path.write_bytes(content)
            text = refusal(serializers.read_safetensors, path)
            if text is None:
                # Only the name of the checksum itself, which is then not known.
                assert place < whole.index(b'sha256') + 6
                assert (serializers.read_safetensors(path)['W'] == 1).all()
            else:
                assert 'a.safetensors' in text


class TestPersistents:
    """Lists, tuples, texts and bytes are saved and come back, as in Chainer."""

    @pytest.mark.parametrize('save_format', ['npz', 'hdf5'])
    @pytest.mark.parametrize(
        'value',
        [
            ['cat', 'dog'], ('cat', 'dog'), (1, 2), [1.5, 2], [True, False], [], (),
            'text', '', 'ñ', b'raw', b'', b'\0', b'a\0', [[1, 2], [3, 4]], ((1,), (2,)),
            [b'a', b'bc'],
        ],
    )  # fmt: skip
    def test_round_trip(self, tmp_path, save_format, value):
        save, load = FORMATS[save_format]
        save(tmp_path / 'a', One('x', value))
        one = One(
            'x',
            value if value and isinstance(value[0], (list, tuple)) else type(value)(),
        )
        load(tmp_path / 'a', one)
        assert one.value == value
        assert type(one.value) is type(value)

    @pytest.mark.parametrize('save_format', ['npz', 'hdf5'])
    def test_lists_of_arrays(self, tmp_path, save_format):
        save, load = FORMATS[save_format]
        save(tmp_path / 'a', One('x', [np.zeros(2), np.ones(2)]))
        one = One('x', [])
        load(tmp_path / 'a', one)
        np.testing.assert_array_equal(one.value, [[0, 0], [1, 1]])
        assert type(one.value) is list
        assert isinstance(one.value[0], np.ndarray)

    @pytest.mark.parametrize(
        'value', [['a', 1], [np.zeros(2), np.zeros(3)], ['a\0', 'b'], 'a\0', [None, 1]]
    )
    def test_what_would_not_come_back_is_refused(self, tmp_path, value):
        with pytest.raises(WrongEntryType, match=r'hint: save'):
            save_npz(tmp_path / 'a', One('x', value))
        assert os.listdir(tmp_path) == []

    def test_a_single_value_for_a_list(self, tmp_path):
        save_npz(tmp_path / 'a', One('x', 3))
        with pytest.raises(SnapshotMismatch, match=r'a: x: .* a single value.* list'):
            load_npz(tmp_path / 'a', One('x', [1]))
        with pytest.raises(WrongEntryType, match='the object bytes'):
            load_npz(tmp_path / 'a', One('x', b''))


def test_an_uninitialized_parameter_is_lazy_again():
    link = L.Linear(None, 2)
    expected = L.Linear(None, 2)
    link.W.initialize((2, 3))
    link.W.uninitialize()
    assert not link.W.is_initialized
    with pytest.raises(RuntimeError, match='uninitialised'):
        link.W.grad  # noqa: B018
    assert link(np.ones((1, 4), 'f')).shape == expected(np.ones((1, 4), 'f')).shape
    assert F.sum(link.W).shape == ()
