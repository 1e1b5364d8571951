import hashlib
import io
import tarfile

import numpy
import pytest

from minigrad import datasets
from minigrad.dataset import DatasetError
from minigrad.datasets import cifar


def records(label_bytes, labels):
    rows = numpy.random.RandomState(len(labels)).randint(
        0, 256, (len(labels), label_bytes + 3072), dtype=numpy.uint8
    )
    rows[:, label_bytes - 1] = labels
    return rows.tobytes()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Tiny archives in the official layout, whose hashes replace the real ones."""
    monkeypatch.setenv('MINIGRAD_DATASET_ROOT', str(tmp_path))
    monkeypatch.setenv('MINIGRAD_OFFLINE', '1')
    (tmp_path / 'cifar').mkdir()
    for name, labels in (('_CIFAR10', [1, 9]), ('_CIFAR100', [0, 99])):
        layout = getattr(cifar, name)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode='w:gz') as archive:
            for file in (*layout.train, *layout.test):
                content = records(layout.label_bytes, labels)
                member = tarfile.TarInfo(f'{layout.folder}/{file}')
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        content = buffer.getvalue()
        (tmp_path / 'cifar' / layout.archive.name).write_bytes(content)
        published = layout.archive._replace(
            checksum=hashlib.sha256(content).hexdigest()
        )
        monkeypatch.setattr(
            cifar, name, layout._replace(archive=published, per_file=(2, 2))
        )
    return tmp_path / 'cifar'


@pytest.mark.parametrize(
    ('get', 'n_train', 'labels'),
    [(datasets.get_cifar10, 10, [1, 9]), (datasets.get_cifar100, 2, [0, 99])],
)
def test_defaults_are_chainers(root, get, n_train, labels):
    train, test = get()
    assert (len(train), len(test)) == (n_train, 2)
    image, label = test[1]
    assert image.shape == (3, 32, 32)
    assert image.dtype == numpy.float32
    assert label.dtype == numpy.int32
    assert [int(t) for _, t in train[:2]] == labels
    assert 0.99 < max([x.max() for x, _ in train[:]]) <= 1.0


def test_planes_are_red_green_blue(root):
    layout = cifar._CIFAR10
    content = bytes([3]) + bytes([10]) * 1024 + bytes([20]) * 1024 + bytes([30]) * 1024
    images, labels = cifar._parse(layout._replace(per_file=(1, 1)), 'a', content, 1)
    assert labels.tolist() == [3]
    assert images.reshape(3, 32, 32)[:, 0, 0].tolist() == [10, 20, 30]


def test_options(root):
    train, _ = datasets.get_cifar10(withlabel=False, ndim=1, scale=255.0)
    assert train.shape == (10, 3072)
    assert train.max() > 250
    with pytest.raises(ValueError, match='1 or 3, got 2'):
        datasets.get_cifar10(ndim=2)


def test_extracted_folder_is_read_with_a_warning(root):
    expected, _ = datasets.get_cifar10(withlabel=False)
    archive = root / 'cifar-10-binary.tar.gz'
    with tarfile.open(archive) as opened:
        opened.extractall(root, filter='data')
    archive.unlink()
    with pytest.warns(UserWarning, match='whose checksums are not known'):
        train, _ = datasets.get_cifar10(withlabel=False)
    numpy.testing.assert_array_equal(train, expected)
    (root / 'cifar-10-batches-bin' / 'data_batch_3.bin').unlink()
    with (
        pytest.warns(UserWarning, match='checksums'),
        pytest.raises(DatasetError, match=r'data_batch_3.bin: no such file, though'),
    ):
        datasets.get_cifar10()


def test_another_archive_is_refused(root):
    path = root / 'cifar-10-binary.tar.gz'
    path.write_bytes(b'something else')
    with pytest.raises(DatasetError, match='not the published file') as error:
        datasets.get_cifar10()
    assert cifar._CIFAR10.archive.checksum in str(error.value)
    assert hashlib.sha256(b'something else').hexdigest() in str(error.value)


def test_missing_archive(root):
    (root / 'cifar-100-binary.tar.gz').unlink()
    with pytest.raises(DatasetError, match=r'cifar-100-binary.tar.gz: no such file'):
        datasets.get_cifar100()


def test_wrong_records(root):
    layout = cifar._CIFAR10
    with pytest.raises(DatasetError, match='expected 2 records of 3073 bytes'):
        cifar._parse(layout, 'data_batch_1.bin', b'abc', 2)
    with pytest.raises(DatasetError, match='expected labels 0 to 9, got 10'):
        cifar._parse(layout, 'data_batch_1.bin', records(1, [1, 10]), 2)
