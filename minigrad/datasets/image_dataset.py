"""Images in files, read when they are asked for. Needs Pillow."""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import warnings
from collections.abc import Callable, Sequence
from typing import IO, Any, TypeVar

import numpy

from minigrad.configuration import get_dtype
from minigrad.dataset import DatasetMixin
from minigrad.dataset.download import UnreadableFile
from minigrad.types import Array

T = TypeVar('T')

available = importlib.util.find_spec('PIL') is not None
"""Whether Pillow is installed."""


def _check_pillow_availability() -> Any:
    try:
        return importlib.import_module('PIL.Image')
    except ImportError as error:
        raise ImportError(
            f'PIL cannot be loaded. Install Pillow! ({error})\n'
            '  hint: pip install pillow'
        ) from error


def _read_image_as_array(
    file: str | IO[bytes], dtype: Any, name: str | None = None
) -> Array:
    """Returns an image as an array of shape ``(C, H, W)``.

    Args:
        file: Path, or an opened file.
        dtype: Dtype of the array.
        name: What to call it in messages; the path by default.

    Raises:
        UnreadableFile: It is damaged, or no image.
    """
    name = str(file) if name is None else name
    try:
        with _check_pillow_availability().open(file) as image:
            array = numpy.asarray(image, dtype=dtype)
        if array.ndim not in (2, 3):
            raise ValueError(f'an array with {array.ndim} axes')
    except (FileNotFoundError, PermissionError, ImportError):
        raise
    except Exception as error:  # Pillow raises many kinds
        raise UnreadableFile(
            f'{name}: cannot be read as an image ({type(error).__name__}: {error})\n'
            '  hint: replace the file; skip_unreadable=True takes the next one instead'
        ) from error
    if array.ndim == 2:
        array = array[..., None]  # grey: one channel
    return array.transpose(2, 0, 1)


def read_or_next(
    read: Callable[[int], T], i: int, count: int, skip_unreadable: bool
) -> T:
    """Returns example ``i``, or the next one after it that can be read.

    Args:
        read: Returns an example.
        i: Its number.
        count: Number of examples.
        skip_unreadable: Whether the next one will do, with a warning.

    Raises:
        UnreadableFile: It cannot be read; or, with ``skip_unreadable``, none can.
    """
    for step in range(count):
        try:
            return read((i + step) % count if step else i)
        except UnreadableFile as error:
            if not skip_unreadable or step == count - 1:
                raise
            warnings.warn(f'passed over: {str(error).splitlines()[0]}')
    return read(i)


class ImageDataset(DatasetMixin):
    """Images from files, as arrays ``(channels, height, width)`` of 0 to 255.

    Args:
        paths: The files; or a text file that lists them, one a line.
        root: Folder that the paths start from.
        dtype: Dtype of the arrays, ``config.dtype`` when None.
        skip_unreadable: Whether an image that cannot be read is replaced by the next one,
            with a warning; it is an error otherwise.

    Raises:
        ImportError: Pillow is not installed.
        UnreadableFile: (when an image is asked for) It is damaged, or no image.

    Source: compatible with chainer.datasets.ImageDataset.

    Example:
        >>> from PIL import Image
        >>> with minigrad.utils.tempdir() as folder:
        ...     Image.new('RGB', (4, 3)).save(f'{folder}/a.png')
        ...     minigrad.datasets.ImageDataset(['a.png'], folder)[0].shape
        (3, 3, 4)
    """

    def __init__(
        self,
        paths: str | Sequence[str],
        root: str = '.',
        dtype: Any = None,
        *,
        skip_unreadable: bool = False,
    ) -> None:
        _check_pillow_availability()
        if isinstance(paths, str):
            paths = [line.strip() for line in read_lines(paths)]
        self._paths = paths
        self._root = root
        self._dtype = get_dtype(dtype)
        self._skip_unreadable_ = skip_unreadable

    def __len__(self) -> int:
        return len(self._paths)

    def get_example(self, i: int) -> Array:
        """Reads image number ``i``."""
        return read_or_next(self._read, i, len(self), self._skip_unreadable_)

    def _read(self, i: int) -> Array:
        path = os.path.join(self._root, self._paths[i])
        return _read_image_as_array(path, self._dtype)


class LabeledImageDataset(DatasetMixin):
    """Images from files with a label each, as pairs ``(array, label)``.

    Args:
        pairs: Paths and labels; or a text file with ``path label`` in each line.
        root: Folder that the paths start from.
        dtype: Dtype of the images, ``config.dtype`` when None.
        label_dtype: Dtype of the labels, which are 0-d arrays.
        skip_unreadable: Whether an image that cannot be read is replaced by the next one,
            with a warning; it is an error otherwise.

    Raises:
        ImportError: Pillow is not installed.
        UnreadableFile: A line of the text file is not a path and a number (also a
            ValueError); or, when an image is asked for, it is damaged.

    Source: compatible with chainer.datasets.LabeledImageDataset.

    Example:
        >>> from PIL import Image
        >>> with minigrad.utils.tempdir() as folder:
        ...     Image.new('RGB', (4, 3)).save(f'{folder}/a.png')
        ...     image, label = minigrad.datasets.LabeledImageDataset([('a.png', 7)], folder)[0]
        >>> image.shape, int(label)
        ((3, 3, 4), 7)
    """

    def __init__(
        self,
        pairs: str | Sequence[tuple[str, int]],
        root: str = '.',
        dtype: Any = None,
        label_dtype: Any = numpy.int32,
        *,
        skip_unreadable: bool = False,
    ) -> None:
        _check_pillow_availability()
        self._skip_unreadable_ = skip_unreadable
        self._pairs_ = read_pairs(pairs) if isinstance(pairs, str) else pairs
        self._root = root
        self._dtype = get_dtype(dtype)
        self._label_dtype = label_dtype

    def __len__(self) -> int:
        return len(self._pairs_)

    def get_example(self, i: int) -> tuple[Array, Array]:
        """Reads image number ``i``."""
        return read_or_next(self._read, i, len(self), self._skip_unreadable_)

    def _read(self, i: int) -> tuple[Array, Array]:
        path, label = self._pairs_[i]
        image = _read_image_as_array(os.path.join(self._root, path), self._dtype)
        return image, numpy.array(label, dtype=self._label_dtype)


def read_lines(path: str) -> list[str]:
    """Returns the lines of a text file in UTF-8.

    Raises:
        UnreadableFile: It is in another encoding.
    """
    with open(path, 'rb') as file:
        raw = file.read()
    try:
        return io.StringIO(raw.decode('utf-8'), newline=None).readlines()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b'\n') + 1
        raise UnreadableFile(
            f'{path}: line {line}: no text in UTF-8 ({error})'
        ) from error


def read_pairs(path: str) -> list[tuple[str, int]]:
    """Returns the ``(path, label)`` pairs of a text file, one a line.

    Raises:
        UnreadableFile: A line is something else; also a ValueError.
    """
    pairs = []
    for i, line in enumerate(read_lines(path)):
        words = line.split()
        try:
            name, label = words
            pairs.append((name, int(label)))
        except ValueError as error:
            raise UnreadableFile(
                f'invalid format at line {i + 1} in file {path}: expected a path and a '
                f'whole number, got {line.strip()[:100]!r}'
            ) from error
    return pairs
