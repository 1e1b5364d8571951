"""MNIST: 70,000 handwritten digits."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.datasets import _mnist_helper as helper
from minigrad.named_arguments import checks_arguments

_FILES = helper.four_files(
    {
        helper.TRAIN_IMAGES: (
            '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
            'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
        ),
        helper.TRAIN_LABELS: (
            '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
            '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
        ),
        helper.TEST_IMAGES: (
            '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
            '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
        ),
        helper.TEST_LABELS: (
            'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
            'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
        ),
    },
    (
        'https://ossci-datasets.s3.amazonaws.com/mnist/',
        'https://storage.googleapis.com/cvdf-datasets/mnist/',
    ),
)


@checks_arguments
def get_mnist(
    withlabel: bool = True,
    ndim: int = 1,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = numpy.int32,
    rgb_format: bool = False,
) -> tuple[Any, Any]:
    """Returns MNIST: 60,000 handwritten digits to learn from and 10,000 to test.

    The four files are looked for in ``mnist/`` under the dataset root (see
    `minigrad.dataset.get_dataset_root`), compressed or not, and downloaded if they are
    not there. Their content is checked by SHA-256.

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

    Source: LeCun, Cortes, Burges; licence CC BY-SA 3.0; compatible with
    chainer.datasets.get_mnist.
    """
    return helper.load(
        'mnist',
        _FILES,
        (),
        withlabel,
        ndim,
        scale,
        dtype,
        label_dtype,
        rgb_format,
    )
