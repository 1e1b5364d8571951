import gzip
import hashlib
import struct
from unittest import mock

import numpy
import pytest

from minigrad import datasets
from minigrad.dataset import DatasetError
from minigrad.datasets import _mnist_helper as helper
from minigrad.datasets import data_file, fashion_mnist, kuzushiji_mnist, mnist
from minigrad.datasets.data_file import DataFile
from minigrad.datasets.idx import parse_idx


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f'>{array.ndim}I', *array.shape)
    return head + array.astype(numpy.uint8).tobytes()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A dataset root with a tiny MNIST, whose hashes replace the real ones."""
    monkeypatch.setenv('MINIGRAD_DATASET_ROOT', str(tmp_path))
    monkeypatch.setenv('MINIGRAD_OFFLINE', '1')
    rng = numpy.random.RandomState(0)
    files = {}
    for images, labels, n in (
        (helper.TRAIN_IMAGES, helper.TRAIN_LABELS, 6),
        (helper.TEST_IMAGES, helper.TEST_LABELS, 4),
    ):
        for name, array in (
            (images, rng.randint(0, 256, (n, 28, 28))),
            (labels, numpy.arange(n)),
        ):
            content = idx(array)
            packed = gzip.compress(content, 9, mtime=1)
            files[name] = DataFile(
                name,
                hashlib.sha256(packed).hexdigest(),
                ('https://a.example/' + name, 'https://b.example/' + name),
                hashlib.sha256(content).hexdigest(),
            )
            for folder in ('mnist', 'fashion-mnist', 'kuzushiji-mnist'):
                (tmp_path / folder).mkdir(exist_ok=True)
                (tmp_path / folder / name).write_bytes(packed)
    for module in (mnist, fashion_mnist, kuzushiji_mnist):
        monkeypatch.setattr(module, '_FILES', files)
    monkeypatch.setattr(fashion_mnist, '_FOLDERS', ())
    return tmp_path


GETTERS = [
    datasets.get_mnist,
    datasets.get_fashion_mnist,
    datasets.get_kuzushiji_mnist,
    datasets.get_digits,
]


@pytest.mark.parametrize('get', GETTERS)
def test_defaults_are_chainers(root, get):
    train, test = get()
    assert isinstance(train, datasets.TupleDataset)
    image, label = test[3]
    assert image.shape == (784,)
    assert image.dtype == numpy.float32
    assert label.dtype == numpy.int32
    assert label == 3
    pixels = numpy.stack([x for x, _ in train])
    assert pixels.min() == 0.0
    assert pixels.max() == 1.0


@pytest.mark.parametrize('get', GETTERS)
@pytest.mark.parametrize(
    ('ndim', 'rgb', 'shape'),
    [
        (1, False, (784,)),
        (1, True, (784,)),
        (2, False, (28, 28)),
        (3, False, (1, 28, 28)),
        (3, True, (3, 28, 28)),
    ],
)
def test_shapes(root, get, ndim, rgb, shape):
    train, test = get(withlabel=False, ndim=ndim, rgb_format=rgb)
    assert train.shape[1:] == shape
    assert test.shape[1:] == shape


def test_scale_and_dtypes(root):
    ones, _ = datasets.get_mnist(withlabel=False)
    bytes_, _ = datasets.get_mnist(withlabel=False, scale=255.0, dtype=numpy.float64)
    assert bytes_.dtype == numpy.float64
    numpy.testing.assert_allclose(ones * 255, bytes_, rtol=1e-6)
    train, _ = datasets.get_mnist(label_dtype=numpy.uint8)
    assert train[0][1].dtype == numpy.uint8
    with pytest.raises(ValueError, match=r'invalid ndim.*1, 2 or 3, got 4'):
        datasets.get_mnist(ndim=4)


def test_recompressed_and_decompressed_files_are_accepted(root):
    expected, _ = datasets.get_mnist(withlabel=False)
    path = root / 'mnist' / helper.TRAIN_IMAGES
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content, 1, mtime=2))
    again, _ = datasets.get_mnist(withlabel=False)
    numpy.testing.assert_array_equal(again, expected)
    path.unlink()
    path.with_suffix('').write_bytes(content)
    again, _ = datasets.get_mnist(withlabel=False)
    numpy.testing.assert_array_equal(again, expected)


def test_another_file_is_refused(root):
    path = root / 'mnist' / helper.TEST_LABELS
    content = idx(numpy.array([1, 2, 3, 4]))
    path.write_bytes(gzip.compress(content))
    with pytest.raises(DatasetError, match='not the published file') as error:
        datasets.get_mnist()
    text = str(error.value)
    assert str(path) in text
    assert mnist._FILES[helper.TEST_LABELS].content_sha256 in text
    assert f'{hashlib.sha256(content).hexdigest()}, 12 bytes' in text
    assert 'delete the file' in text


def test_unknown_content_hash_accepts_the_published_file_only(root, monkeypatch):
    name = helper.TEST_LABELS
    files = dict(mnist._FILES)
    files[name] = files[name]._replace(content_sha256=None)
    monkeypatch.setattr(mnist, '_FILES', files)
    datasets.get_mnist()
    path = root / 'mnist' / name
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1, mtime=3))
    with pytest.raises(DatasetError, match=f'expected  sha256 {files[name].checksum}'):
        datasets.get_mnist()


@pytest.mark.parametrize(
    'damage', [lambda b: b[:-20], lambda b: b'', lambda b: b'x' * 9]
)
def test_damaged_file(root, damage):
    path = root / 'mnist' / helper.TRAIN_IMAGES
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DatasetError, match=r'train-images-idx3-ubyte.gz: ') as error:
        datasets.get_mnist()
    assert 'delete the file' in str(error.value)


def test_missing_file_offline(root):
    path = root / 'mnist' / helper.TRAIN_LABELS
    path.unlink()
    with pytest.raises(DatasetError, match='no such file, and MINIGRAD_OFFLINE') as e:
        datasets.get_mnist()
    assert str(path) in str(e.value)
    assert 'MINIGRAD_DATASET_ROOT' in str(e.value)


def test_download_tries_the_mirrors_in_turn(root, monkeypatch, capsys):
    monkeypatch.delenv('MINIGRAD_OFFLINE')
    path = root / 'mnist' / helper.TRAIN_LABELS
    content = path.read_bytes()
    path.unlink()

    def urlretrieve(url, temporary):
        if url.startswith('https://a.example'):
            raise OSError('unreachable')
        with open(temporary, 'wb') as file:
            file.write(content)

    with mock.patch('urllib.request.urlretrieve', side_effect=urlretrieve) as fetch:
        datasets.get_mnist()
    assert fetch.call_count == 2
    assert path.read_bytes() == content
    assert sorted(p.name for p in path.parent.iterdir()) == sorted(mnist._FILES)
    capsys.readouterr()


def test_no_mirror_answers(root, monkeypatch, capsys):
    monkeypatch.delenv('MINIGRAD_OFFLINE')
    (root / 'mnist' / helper.TRAIN_LABELS).unlink()

    def urlretrieve(url, temporary):
        with open(temporary, 'wb') as file:
            file.write(b'<html>')

    with (
        mock.patch('urllib.request.urlretrieve', side_effect=urlretrieve),
        pytest.raises(DatasetError, match='no mirror gave this file') as error,
    ):
        datasets.get_mnist()
    text = str(error.value)
    assert 'https://a.example/' in text
    assert 'https://b.example/' in text
    assert hashlib.sha256(b'<html>').hexdigest() in text
    assert not (root / 'mnist' / helper.TRAIN_LABELS).exists()
    capsys.readouterr()


def test_images_and_labels_must_match(root, monkeypatch):
    files = dict(mnist._FILES)
    content = gzip.compress(idx(numpy.arange(5)))
    name = helper.TRAIN_LABELS
    files[name] = DataFile(name, hashlib.sha256(content).hexdigest(), ())
    (root / 'mnist' / name).write_bytes(content)
    monkeypatch.setattr(mnist, '_FILES', files)
    with pytest.raises(DatasetError, match=r'holds 6 images.*5 labels'):
        datasets.get_mnist()


def test_system_folder(root, monkeypatch):
    system = root / 'system'
    (root / 'fashion-mnist').rename(system)
    monkeypatch.setattr(fashion_mnist, '_FOLDERS', (str(system),))
    train, _ = datasets.get_fashion_mnist()
    assert len(train) == 6


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'not an IDX file'),
        (b'\x89PNG....', 'not an IDX file of bytes'),
        (bytes([0, 0, 8, 3, 0]), 'cut short inside its header'),
        (
            bytes([0, 0, 8, 1, 0, 0, 0, 4, 1]),
            r'expected 4 values of shape \(4,\), got 1',
        ),
    ],
)
def test_wrong_idx(content, message):
    with pytest.raises(DatasetError, match=message):
        parse_idx(content, 'labels')


def test_labels():
    assert datasets.get_fashion_mnist_labels()[0] == 'T-shirt/top'
    assert len(datasets.get_fashion_mnist_labels()) == 10
    assert datasets.get_kuzushiji_mnist_labels()[9] == ('wo', '\u3092')


def test_hashes_are_hashes():
    for module in (mnist, fashion_mnist, kuzushiji_mnist):
        for file in module._FILES.values():
            for value in (file.checksum, file.content_sha256):
                assert value is None or (len(value) == 64 and int(value, 16))


def test_digits_are_balanced_and_real():
    train, test = datasets.get_digits(ndim=2)
    assert (len(train), len(test)) == (4000, 1000)
    for part, each in ((train, 400), (test, 100)):
        labels = numpy.array([label for _, label in part[:]])
        assert numpy.bincount(labels).tolist() == [each] * 10
        assert labels[:20].tolist() == [*range(10)] * 2
    # A one is a thin stroke, a zero leaves its middle empty.
    images = numpy.stack([image for image, _ in train[:]])
    zeros, ones = images[0::10], images[1::10]
    assert zeros[:, 12:16, 12:16].mean() < 0.1 < ones[:, 12:16, 12:16].mean()
    assert len(numpy.unique(images.reshape(4000, -1), axis=0)) == 4000


def test_digits_that_were_altered(tmp_path, monkeypatch):
    from minigrad.datasets import digits

    for file in (digits._IMAGES, digits._LABELS):
        content = (digits._FOLDER / file.name).read_bytes()
        (tmp_path / file.name).write_bytes(content[:-1])
    monkeypatch.setattr(digits, '_FOLDER', tmp_path)
    with pytest.raises(DatasetError, match='damaged'):
        datasets.get_digits()


def test_find_returns_none(root):
    file = DataFile('nothing.gz', '', ())
    assert data_file.find('mnist', file) is None
