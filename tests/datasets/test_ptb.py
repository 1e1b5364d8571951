import hashlib

import numpy as np
import pytest

from minigrad import datasets
from minigrad.dataset import DatasetError
from minigrad.datasets import ptb

TEXTS = {
    'train': ' the cat <unk> \n the dog \n',
    'valid': ' the dog <unk> \n',
    'test': ' cat dog cat \n',
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A dataset root with tiny texts, whose hashes replace the real ones."""
    monkeypatch.setenv('MINIGRAD_DATASET_ROOT', str(tmp_path))
    monkeypatch.setenv('MINIGRAD_OFFLINE', '1')
    (tmp_path / 'ptb').mkdir()
    files = {}
    for part, text in TEXTS.items():
        (tmp_path / 'ptb' / f'ptb.{part}.txt').write_text(text)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        files[part] = ptb._FILES[part]._replace(checksum=sha256)
    monkeypatch.setattr(ptb, '_FILES', files)
    return tmp_path / 'ptb'


def test_words_are_numbered_as_they_appear(root):
    assert datasets.get_ptb_words_vocabulary() == {
        'the': 0,
        'cat': 1,
        '<unk>': 2,
        '<eos>': 3,
        'dog': 4,
    }
    texts = datasets.get_ptb_words()
    assert [text.dtype for text in texts] == [np.dtype(np.int32)] * 3
    assert [text.tolist() for text in texts] == [
        [0, 1, 2, 3, 0, 4, 3],
        [0, 4, 2, 3],
        [1, 4, 1, 3],
    ]


def test_another_file_is_refused(root):
    (root / 'ptb.valid.txt').write_text('something else')
    with pytest.raises(DatasetError, match=r'ptb.valid.txt: not the published file'):
        datasets.get_ptb_words()


def test_a_missing_file(root):
    (root / 'ptb.train.txt').unlink()
    with pytest.raises(DatasetError, match=r'put ptb.train.txt into .* by hand'):
        datasets.get_ptb_words_vocabulary()


def test_hashes_are_written_in_full():
    assert [len(file.checksum) for file in ptb._FILES.values()] == [64] * 3
