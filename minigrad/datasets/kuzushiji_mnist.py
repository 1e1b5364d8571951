"""Kuzushiji-MNIST: 70,000 cursive Japanese characters in the format of MNIST."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.datasets import _mnist_helper as helper
from minigrad.named_arguments import checks_arguments

_FILES = helper.four_files(
    {
        helper.TRAIN_IMAGES: (
            '51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4',
            None,
        ),
        helper.TRAIN_LABELS: (
            'e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17',
            None,
        ),
        helper.TEST_IMAGES: (
            'edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5',
            None,
        ),
        helper.TEST_LABELS: (
            '20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c',
            None,
        ),
    },
    # Plain http only; the hashes are what protects.
    ('http://codh.rois.ac.jp/kmnist/dataset/kmnist/',),
)
_LABELS = (
    ('o', '\u304a'),
    ('ki', '\u304d'),
    ('su', '\u3059'),
    ('tsu', '\u3064'),
    ('na', '\u306a'),
    ('ha', '\u306f'),
    ('ma', '\u307e'),
    ('ya', '\u3084'),
    ('re', '\u308c'),
    ('wo', '\u3092'),
)


def get_kuzushiji_mnist_labels() -> list[tuple[str, str]]:
    """Returns the ten classes: the sound in Latin letters and the character.

    Example:
        >>> minigrad.datasets.get_kuzushiji_mnist_labels()[1] == ('ki', chr(0x304D))
        True
    """
    return list(_LABELS)


@checks_arguments
def get_kuzushiji_mnist(
    withlabel: bool = True,
    ndim: int = 1,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = numpy.int32,
    rgb_format: bool = False,
) -> tuple[Any, Any]:
    """Returns Kuzushiji-MNIST: 60,000 characters to learn from and 10,000 to test.

    The four files are looked for in ``kuzushiji-mnist/`` under the dataset root and
    downloaded if they are not there.

    Args:
        withlabel: Whether examples are pairs of an image and a label.
        ndim: 1 for images ``(784,)``, 2 for ``(28, 28)``, 3 for ``(1, 28, 28)``.
        scale: Pixels are 0 to ``scale``.
        dtype: Dtype of the images, ``config.dtype`` when None.
        label_dtype: Dtype of the labels.
        rgb_format: With ``ndim=3``, repeat the grey values: ``(3, 28, 28)``.

    Returns:
        Training and test set: `TupleDataset` of images and labels, or arrays of images.

    Raises:
        DatasetError: A file is damaged, is another one, or cannot be had.

    Source: Center for Open Data in the Humanities, licence CC BY-SA 4.0; compatible
    with chainer.datasets.get_kuzushiji_mnist.
    """
    return helper.load(
        'kuzushiji-mnist',
        _FILES,
        (),
        withlabel,
        ndim,
        scale,
        dtype,
        label_dtype,
        rgb_format,
    )
