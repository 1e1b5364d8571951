"""SVHN: house numbers, photographed from the street, one digit an image."""

from __future__ import annotations

import io
from typing import Any

import numpy

from minigrad.configuration import get_dtype
from minigrad.dataset.download import DatasetError
from minigrad.datasets import data_file
from minigrad.datasets.data_file import DataFile
from minigrad.datasets.tuple_dataset import TupleDataset
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array

_HOST = 'http://ufldl.stanford.edu/housenumbers'
_FILES = {
    name: DataFile(f'{name}_32x32.mat', md5, (f'{_HOST}/{name}_32x32.mat',))
    for name, md5 in {
        'train': 'e26dedcc434d2e4c54c9b2d4a06d8373',
        'test': 'eb5a983be6a315427106f1b164d9cef3',
        'extra': 'a93ce644f1a588dc4d68dda5feec44a7',
    }.items()
}


@checks_arguments
def get_svhn(
    withlabel: bool = True,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = numpy.int32,
    add_extra: bool = False,
) -> tuple[Any, ...]:
    """Returns SVHN: 73,257 cropped house numbers to learn from and 26,032 to test.

    The files ``train_32x32.mat`` and ``test_32x32.mat`` are looked for in ``svhn/`` under
    the dataset root, and downloaded if they are not there (182 and 64 MB).

    Args:
        withlabel: Whether examples are pairs of an image and a label.
        scale: Pixels are 0 to ``scale``.
        dtype: Dtype of the images, ``config.dtype`` when None.
        label_dtype: Dtype of the labels, the digits 0 to 9.
        add_extra: Whether to return a third set, 531,131 easier images (1.3 GB).

    Returns:
        Training and test set, and the extra one if it is asked for: `TupleDataset` of
        images ``(3, 32, 32)`` and labels, or arrays of images.

    Raises:
        DatasetError: A file is damaged, is another one, or cannot be had.
        ImportError: SciPy, which reads these files, is missing.

    Source: Netzer et al. 2011; compatible with chainer.datasets.get_svhn.
    """
    names = ('train', 'test', 'extra') if add_extra else ('train', 'test')
    return tuple([_get(name, withlabel, scale, dtype, label_dtype) for name in names])


def _get(name: str, withlabel: bool, scale: float, dtype: Any, label_dtype: Any) -> Any:
    x, y = _parse(data_file.load('svhn', _FILES[name]), _FILES[name].name)
    images = x.transpose(3, 2, 0, 1).astype(get_dtype(dtype))  # (N, 3, H, W)
    images *= scale / 255.0
    labels = (y.ravel() % 10).astype(label_dtype)  # zeros are labelled 10
    return TupleDataset(images, labels) if withlabel else images


def _parse(content: bytes, name: str) -> tuple[Array, Array]:
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ImportError(
            'get_svhn: files of SVHN need the package scipy\n  hint: pip install scipy'
        ) from error
    try:
        table = loadmat(io.BytesIO(content), variable_names=('X', 'y'))
        x, y = table['X'], table['y']
    except Exception as error:  # SciPy has no error of its own for damaged files
        raise DatasetError(
            f'{name}: not a file of SVHN ({type(error).__name__}: {error})'
        ) from error
    if x.dtype != numpy.uint8 or x.shape[:3] != (32, 32, 3) or y.size != x.shape[-1]:
        raise DatasetError(
            f'{name}: expected uint8 images of shape (32, 32, 3, N) and N labels, got '
            f'{x.dtype} {x.shape} and {y.shape}'
        )
    return x, y
