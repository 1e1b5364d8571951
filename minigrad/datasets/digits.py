"""The 5,000 handwritten digits that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

from minigrad.datasets import _mnist_helper as helper
from minigrad.datasets import data_file
from minigrad.datasets.data_file import DataFile
from minigrad.datasets.idx import parse_idx
from minigrad.named_arguments import checks_arguments

_FOLDER = Path(__file__).parent / 'data'
_IMAGES = DataFile(
    'digits-images-idx3-ubyte.gz',
    '28a1bc8911bcd3882853e502930bf3790571ce53eb7e99417f565a6f09f66e62',
    (),
    'd880cf6cc71c80335012c59deb78e95e7b2c1d8aa8b78312f62bb489ae9ffb96',
)
_LABELS = DataFile(
    'digits-labels-idx1-ubyte.gz',
    'ee243ebfccd41f946eb875bb08e2220388a69a94e2d11454569c6293209708ed',
    (),
    'e18e6fe44bbeb980f85a745210a0a269a8bb7b98201e0f223576115fd7d5dc6c',
)
_N_TRAIN = 4000


@checks_arguments
def get_digits(
    withlabel: bool = True,
    ndim: int = 1,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = numpy.int32,
    rgb_format: bool = False,
) -> tuple[Any, Any]:
    """Returns 4,000 handwritten digits to learn from and 1,000 to test; no network.

    They are the first 500 digits of each class in MNIST's training set: the first 400
    of each make the training part, the last 100 the test part. Classes take turns (0,
    1, ..., 9, 0, 1, ...), so a slice of the first 10n examples is balanced as well.

    Args:
        withlabel: Whether examples are pairs of an image and a label.
        ndim: 1 for images ``(784,)``, 2 for ``(28, 28)``, 3 for ``(1, 28, 28)``.
        scale: Pixels are 0 to ``scale``.
        dtype: Dtype of the images, ``config.dtype`` when None.
        label_dtype: Dtype of the labels.
        rgb_format: With ``ndim=3``, repeat the grey values: ``(3, 28, 28)``.

    Returns:
        Training and test part: `TupleDataset` of images and labels, or arrays of images.

    Raises:
        DatasetError: A file of the installation was altered.

    Source: MNIST by LeCun, Cortes and Burges, licence CC BY-SA 3.0; see
    ``minigrad/datasets/data/ATTRIBUTION.md``.

    Example:
        >>> train, test = minigrad.datasets.get_digits()
        >>> len(train), len(test), train[0][0].shape
        (4000, 1000, (784,))
        >>> [int(label) for _, label in test[:12]]
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    """
    x, y = [
        parse_idx(data_file.read(_FOLDER / file.name, file), file.name)
        for file in (_IMAGES, _LABELS)
    ]
    train, test = [
        helper.preprocess(
            x[part], y[part], withlabel, ndim, scale, dtype, label_dtype, rgb_format
        )
        for part in (slice(_N_TRAIN), slice(_N_TRAIN, None))
    ]
    return train, test
