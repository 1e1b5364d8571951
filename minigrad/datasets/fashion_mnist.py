"""Fashion-MNIST: 70,000 photographs of clothing in the format of MNIST."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.datasets import _mnist_helper as helper
from minigrad.named_arguments import checks_arguments

# The hashes of the decompressed files are those of Debian's package.
_FILES = helper.four_files(
    {
        helper.TRAIN_IMAGES: (
            '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
            'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
        ),
        helper.TRAIN_LABELS: (
            'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
            'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
        ),
        helper.TEST_IMAGES: (
            '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
            '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
        ),
        helper.TEST_LABELS: (
            '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
            '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
        ),
    },
    # Plain http only; the hashes are what protects.
    ('http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',),
)
_FOLDERS = ('/usr/share/datasets/fashion-mnist',)  # Debian: dataset-fashion-mnist
_LABELS = (
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
)


def get_fashion_mnist_labels() -> list[str]:
    """Returns the names of the ten classes.

    Example:
        >>> minigrad.datasets.get_fashion_mnist_labels()[7]
        'Sneaker'
    """
    return list(_LABELS)


@checks_arguments
def get_fashion_mnist(
    withlabel: bool = True,
    ndim: int = 1,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = numpy.int32,
    rgb_format: bool = False,
) -> tuple[Any, Any]:
    """Returns Fashion-MNIST: 60,000 images of clothing to learn from, 10,000 to test.

    The four files are looked for in ``fashion-mnist/`` under the dataset root and where
    Debian's package ``dataset-fashion-mnist`` puts them, and downloaded if they are in
    neither.

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

    Source: Zalando Research, licence MIT; compatible with
    chainer.datasets.get_fashion_mnist.
    """
    return helper.load(
        'fashion-mnist',
        _FILES,
        _FOLDERS,
        withlabel,
        ndim,
        scale,
        dtype,
        label_dtype,
        rgb_format,
    )
