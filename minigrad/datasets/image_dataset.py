"""Images in files, read when they are asked for. Needs Pillow."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Sequence
from typing import IO, Any

import numpy

from minigrad.configuration import get_dtype
from minigrad.dataset import DatasetMixin
from minigrad.types import Array

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


def _read_image_as_array(file: str | IO[bytes], dtype: Any) -> Array:
    """Returns an image as an array of shape ``(C, H, W)``."""
    with _check_pillow_availability().open(file) as image:
        array = numpy.asarray(image, dtype=dtype)
    if array.ndim == 2:
        array = array[..., None]  # grey: one channel
    return array.transpose(2, 0, 1)


class ImageDataset(DatasetMixin):
    """Images from files, as arrays ``(channels, height, width)`` of 0 to 255.

    Args:
        paths: The files; or a text file that lists them, one a line.
        root: Folder that the paths start from.
        dtype: Dtype of the arrays, ``config.dtype`` when None.

    Raises:
        ImportError: Pillow is not installed.

    Source: compatible with chainer.datasets.ImageDataset.
    """

    def __init__(
        self, paths: str | Sequence[str], root: str = '.', dtype: Any = None
    ) -> None:
        _check_pillow_availability()
        if isinstance(paths, str):
            with open(paths, encoding='utf-8') as file:
                paths = [line.strip() for line in file]
        self._paths = paths
        self._root = root
        self._dtype = get_dtype(dtype)

    def __len__(self) -> int:
        return len(self._paths)

    def get_example(self, i: int) -> Array:
        """Reads image number ``i``."""
        return _read_image_as_array(
            os.path.join(self._root, self._paths[i]), self._dtype
        )


class LabeledImageDataset(DatasetMixin):
    """Images from files with a label each, as pairs ``(array, label)``.

    Args:
        pairs: Paths and labels; or a text file with ``path label`` in each line.
        root: Folder that the paths start from.
        dtype: Dtype of the images, ``config.dtype`` when None.
        label_dtype: Dtype of the labels, which are 0-d arrays.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: A line of the text file is not a path and a number.

    Source: compatible with chainer.datasets.LabeledImageDataset.
    """

    def __init__(
        self,
        pairs: str | Sequence[tuple[str, int]],
        root: str = '.',
        dtype: Any = None,
        label_dtype: Any = numpy.int32,
    ) -> None:
        _check_pillow_availability()
        self._pairs = read_pairs(pairs) if isinstance(pairs, str) else pairs
        self._root = root
        self._dtype = get_dtype(dtype)
        self._label_dtype = label_dtype

    def __len__(self) -> int:
        return len(self._pairs)

    def get_example(self, i: int) -> tuple[Array, Array]:
        """Reads image number ``i``."""
        path, label = self._pairs[i]
        image = _read_image_as_array(os.path.join(self._root, path), self._dtype)
        return image, numpy.array(label, dtype=self._label_dtype)


def read_pairs(path: str) -> list[tuple[str, int]]:
    """Returns the ``(path, label)`` pairs of a text file, one a line."""
    pairs = []
    with open(path, encoding='utf-8') as file:
        for i, line in enumerate(file):
            words = line.split()
            if len(words) != 2:
                raise ValueError(
                    f'invalid format at line {i} in file {path}: expected a path and a '
                    f'label, got {line.strip()!r}'
                )
            pairs.append((words[0], int(words[1])))
    return pairs
