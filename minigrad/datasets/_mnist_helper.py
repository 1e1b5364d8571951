"""What MNIST and the datasets in its format have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minigrad.configuration import get_dtype
from minigrad.dataset.download import DatasetError
from minigrad.datasets import data_file
from minigrad.datasets.data_file import DataFile
from minigrad.datasets.idx import parse_idx
from minigrad.datasets.tuple_dataset import TupleDataset
from minigrad.types import Array

TRAIN_IMAGES = 'train-images-idx3-ubyte.gz'
TRAIN_LABELS = 'train-labels-idx1-ubyte.gz'
TEST_IMAGES = 't10k-images-idx3-ubyte.gz'
TEST_LABELS = 't10k-labels-idx1-ubyte.gz'


def four_files(
    hashes: Mapping[str, tuple[str, str | None]], mirrors: Sequence[str]
) -> dict[str, DataFile]:
    """Returns the files by name; ``hashes`` gives them compressed and decompressed."""
    return {
        name: DataFile(
            name, published, tuple([mirror + name for mirror in mirrors]), content
        )
        for name, (published, content) in hashes.items()
    }


def load(
    dataset: str,
    files: Mapping[str, DataFile],
    folders: Sequence[str],
    withlabel: bool,
    ndim: int,
    scale: float,
    dtype: Any,
    label_dtype: Any,
    rgb_format: bool,
) -> tuple[Any, Any]:
    """Returns the training and the test set; the arguments of `get_mnist`."""
    parts = []
    for images, labels in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        x, y = _load_pair(dataset, files, folders, images, labels)
        parts.append(
            preprocess(x, y, withlabel, ndim, scale, dtype, label_dtype, rgb_format)
        )
    return parts[0], parts[1]


def _load_pair(
    dataset: str,
    files: Mapping[str, DataFile],
    folders: Sequence[str],
    images: str,
    labels: str,
) -> tuple[Array, Array]:
    """Returns images ``(N, 28, 28)`` and labels ``(N,)``, as bytes."""
    x = parse_idx(data_file.load(dataset, files[images], folders), images)
    y = parse_idx(data_file.load(dataset, files[labels], folders), labels)
    if len(x) != len(y):
        raise DatasetError(
            f'{dataset}: {images} holds {len(x)} images, {labels} {len(y)} labels'
        )
    return x, y


def preprocess(
    x: Array,
    y: Array,
    withlabel: bool,
    ndim: int,
    scale: float,
    dtype: Any,
    label_dtype: Any,
    rgb_format: bool,
) -> Any:
    """Returns bytes as the dataset that the arguments of `get_mnist` describe."""
    count, height, width = x.shape
    if ndim == 1:
        x = x.reshape(count, height * width)
    elif ndim == 3:
        x = x[:, None]
        if rgb_format:
            x = x.repeat(3, axis=1)
    elif ndim != 2:
        raise ValueError(
            f'invalid ndim for MNIST dataset: expected 1, 2 or 3, got {ndim}'
        )
    images = x.astype(get_dtype(dtype))
    images *= scale / 255.0
    if withlabel:
        return TupleDataset(images, y.astype(label_dtype))
    return images
