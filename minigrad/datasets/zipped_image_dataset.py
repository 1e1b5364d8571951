"""Images inside zip files: one large file suits network drives. Needs Pillow."""

from __future__ import annotations

import bisect
import io
import itertools
import os
import threading
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy

from minigrad.configuration import get_dtype
from minigrad.dataset import DatasetMixin
from minigrad.dataset.download import UnreadableFile
from minigrad.datasets.image_dataset import (
    _check_pillow_availability,
    _read_image_as_array,
    read_or_next,
    read_pairs,
)
from minigrad.types import Array

_LARGE = 1 << 26


class ZippedImageDataset(DatasetMixin):
    """All images of a zip file, as arrays ``(channels, height, width)``.

    Args:
        zipfilename: Path of the zip file, which holds nothing but images.
        dtype: Dtype of the arrays, ``config.dtype`` when None.
        skip_unreadable: Whether an image that cannot be read is replaced by the next one,
            with a warning; it is an error otherwise.

    Raises:
        UnreadableFile: It is no zip file; or, when an image is asked for, it is damaged.

    Example:
        >>> import io, zipfile
        >>> from PIL import Image
        >>> image = io.BytesIO()
        >>> Image.new('RGB', (4, 3)).save(image, 'png')
        >>> with minigrad.utils.tempdir() as folder:
        ...     with zipfile.ZipFile(f'{folder}/images.zip', 'w') as file:
        ...         file.writestr('a.png', image.getvalue())
        ...     minigrad.datasets.ZippedImageDataset(f'{folder}/images.zip')[0].shape
        (3, 3, 4)
    """

    def __init__(
        self, zipfilename: str, dtype: Any = None, *, skip_unreadable: bool = False
    ) -> None:
        _check_pillow_availability()
        self._skip_unreadable_ = skip_unreadable
        self._zipfilename = zipfilename
        self._dtype = get_dtype(dtype)
        self._lock = threading.Lock()
        self._open()
        self._paths = [n for n in self._archive_.namelist() if not n.endswith('/')]

    def _open(self) -> None:
        # A process of its own needs a file position of its own.
        try:
            self._archive_ = zipfile.ZipFile(self._zipfilename)
        except (FileNotFoundError, PermissionError):
            raise
        except Exception as error:  # a zip file can be damaged in any way
            raise UnreadableFile(
                f'{self._zipfilename}: not a zip file, or cut short ({error})'
            ) from error
        self._process_ = os.getpid()

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state['_archive_'], state['_lock']
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
        self._open()

    def __len__(self) -> int:
        return len(self._paths)

    def get_example(self, i: int | str) -> Array:
        """Reads an image, by number or by its name in the zip file."""
        if isinstance(i, str):
            return self._read(i)
        return read_or_next(
            lambda i: self._read(self._paths[i]), i, len(self), self._skip_unreadable_
        )

    def _read(self, name: str) -> Array:
        with self._lock:
            if self._process_ != os.getpid():
                self._open()
            content = self._read_member_(name)
        where = f'{self._zipfilename}: {name}'
        return _read_image_as_array(io.BytesIO(content), self._dtype, where)

    def _read_member_(self, name: str) -> bytes:
        try:
            info = self._archive_.getinfo(name)
            # Images are packed already; what shrinks to a hundredth is none.
            if info.file_size > _LARGE and info.file_size > 100 * info.compress_size:
                raise ValueError(f'it unfolds to {info.file_size} bytes')
            return self._archive_.read(info)
        except Exception as error:  # a zip file can be damaged in any way
            reason = 'it is not there' if isinstance(error, KeyError) else error
            raise UnreadableFile(
                f'{self._zipfilename}: {name}: cannot be read ({reason})'
            ) from error


class MultiZippedImageDataset(DatasetMixin):
    """All images of several zip files, one file after another.

    Args:
        zipfilenames: Paths of the zip files.
        dtype: Dtype of the arrays, ``config.dtype`` when None.
        skip_unreadable: Whether an image that cannot be read is replaced by the next one,
            with a warning; it is an error otherwise.
    """

    def __init__(
        self,
        zipfilenames: Sequence[str],
        dtype: Any = None,
        *,
        skip_unreadable: bool = False,
    ) -> None:
        self._parts_ = [
            ZippedImageDataset(name, dtype, skip_unreadable=skip_unreadable)
            for name in zipfilenames
        ]
        self._ends_ = list(itertools.accumulate([len(part) for part in self._parts_]))

    def __len__(self) -> int:
        return self._ends_[-1] if self._ends_ else 0

    def get_example(self, i: int) -> Array:
        """Reads image number ``i`` of the whole."""
        if not 0 <= i < len(self):
            raise IndexError(f'dataset index {i} is out of range: {len(self)} images')
        part = bisect.bisect_right(self._ends_, i)
        start = self._ends_[part] - len(self._parts_[part])
        return self._parts_[part].get_example(i - start)


class LabeledZippedImageDataset(DatasetMixin):
    """Images of a zip file with a label each, as pairs ``(array, label)``.

    Args:
        zipfilename: Path of the zip file.
        labelfilename: Text file with ``name label`` in each line; the names are those in
            the zip file.
        dtype: Dtype of the images, ``config.dtype`` when None.
        label_dtype: Dtype of the labels, which are 0-d arrays.
        skip_unreadable: Whether an image that cannot be read is replaced by the next one,
            with a warning; it is an error otherwise.

    Raises:
        UnreadableFile: It is no zip file, or a line of the text file is not a name and a
            number; or, when an image is asked for, it is damaged or not there.
    """

    def __init__(
        self,
        zipfilename: str,
        labelfilename: str,
        dtype: Any = None,
        label_dtype: Any = numpy.int32,
        *,
        skip_unreadable: bool = False,
    ) -> None:
        self._skip_unreadable_ = skip_unreadable
        self._pairs_ = read_pairs(labelfilename)
        self._label_dtype = label_dtype
        self._images_ = ZippedImageDataset(zipfilename, dtype)

    def __len__(self) -> int:
        return len(self._pairs_)

    def get_example(self, i: int) -> tuple[Array, Array]:
        """Reads image number ``i`` of the text file."""
        return read_or_next(self._example_, i, len(self), self._skip_unreadable_)

    def _example_(self, i: int) -> tuple[Array, Array]:
        name, label = self._pairs_[i]
        image = self._images_.get_example(name)
        return image, numpy.array(label, dtype=self._label_dtype)
