import hashlib
import io

import numpy as np
import pytest

import minigrad
from minigrad.dataset import DatasetError
from minigrad.datasets import svhn

io_of_scipy = pytest.importorskip('scipy.io', reason='SciPy is missing')


def mat(**arrays):
    file = io.BytesIO()
    io_of_scipy.savemat(file, arrays)
    return file.getvalue()


def images(n, seed):
    rng = np.random.RandomState(seed)
    x = rng.randint(0, 256, (32, 32, 3, n)).astype(np.uint8)
    return x, np.array([10, 1, 9, 2, 3])[:n, None].astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Small files in the place of the published ones."""
    (tmp_path / 'svhn').mkdir()
    files = {}
    for seed, (name, file) in enumerate(svhn._FILES.items()):
        x, y = images(5 - seed, seed)
        content = mat(X=x, y=y)
        (tmp_path / 'svhn' / file.name).write_bytes(content)
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        files[name] = file._replace(checksum=md5)
    monkeypatch.setattr(svhn, '_FILES', files)
    minigrad.dataset.set_dataset_root(str(tmp_path))
    yield tmp_path / 'svhn'
    minigrad.dataset.set_dataset_root(None)


def test_images_and_labels(folder):
    train, test = minigrad.datasets.get_svhn()
    assert (len(train), len(test)) == (5, 4)
    image, label = train[2]
    x, _ = images(5, 0)
    np.testing.assert_allclose(image, x[..., 2].transpose(2, 0, 1) / 255, rtol=1e-6)
    assert (image.dtype, image.shape) == ('f4', (3, 32, 32))
    assert label.dtype == 'i4'
    assert [int(t) for _, t in train] == [0, 1, 9, 2, 3]


def test_options(folder):
    train, _, extra = minigrad.datasets.get_svhn(
        withlabel=False, scale=255, dtype='f8', add_extra=True
    )
    assert isinstance(train, np.ndarray)
    assert train.dtype == 'f8'
    x, _ = images(3, 2)
    np.testing.assert_allclose(extra, x.transpose(3, 2, 0, 1))
    train, _ = minigrad.datasets.get_svhn(label_dtype='i8')
    assert train[0][1].dtype == 'i8'


def test_another_file_is_refused(folder):
    (folder / 'test_32x32.mat').write_bytes(b'something else')
    with pytest.raises(DatasetError, match=r'test_32x32\.mat(.|\n)*expected  md5'):
        minigrad.datasets.get_svhn()


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'MATLAB 5.0 MAT-file' + bytes(200),
        mat(X=np.zeros((32, 32, 3, 2), np.uint8), y=np.zeros(3)),
        mat(X=np.zeros((32, 32, 3, 2)), y=np.zeros(2)),
        mat(y=np.zeros(2)),
        mat(X=np.zeros((32, 32, 3, 2), np.uint8), y=np.zeros(2))[:-30],
    ],
)
def test_damaged_files_say_their_name(content):
    with pytest.raises(DatasetError, match=r'train_32x32\.mat: '):
        svhn._parse(content, 'train_32x32.mat')


def test_the_published_checksums():
    assert [len(file.checksum) for file in svhn._FILES.values()] == [32] * 3
