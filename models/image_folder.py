"""A folder of images, one subfolder per class, read when they are asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad.dataset import UnreadableFile
from minigrad.datasets.image_dataset import read_or_next

SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp')
TEST_NAMES = ('test', 'val', 'valid', 'validation')


class ImageFolder(mg.dataset.DatasetMixin):
    """Images as pairs of an array ``(3, H, W)`` with pixels 0 to 1, and a label.

    Only the names of the files are kept, so memory does not grow with the images. Large
    images are shrunk while they are read, which for JPEG saves most of the work.

    Args:
        folder: Folder that the names start from.
        examples: Pairs of a file name and a label.
        short_side: Images are shrunk until their shorter side has so many pixels.
        skip_unreadable: Whether an image that cannot be read is replaced by the next one,
            with a warning; it is an error otherwise.

    Raises:
        ImportError: Pillow is not installed.
    """

    def __init__(
        self,
        folder: Path,
        examples: list[tuple[str, int]],
        short_side: int,
        *,
        skip_unreadable: bool = False,
    ) -> None:
        _pillow()
        self.folder = str(folder)
        self.examples = examples
        self.short_side = short_side
        self.skip_unreadable = skip_unreadable

    def __len__(self) -> int:
        return len(self.examples)

    def get_example(self, i: int) -> tuple[Any, Any]:
        """Reads image number ``i``.

        Raises:
            UnreadableFile: The file is damaged (also an OSError).
            OSError: The file is gone.
        """
        return read_or_next(self._read, i, len(self), self.skip_unreadable)

    def _read(self, i: int) -> tuple[Any, Any]:
        name, label = self.examples[i]
        path = os.path.join(self.folder, name)
        return read_image(path, self.short_side), np.int32(label)


def read_image(path: str, short_side: int) -> Any:
    """Returns an image as float32 ``(3, H, W)``, pixels 0 to 1, shrunk if it is larger.

    Raises:
        UnreadableFile: The file is damaged; the message names it (also an OSError).
        OSError: The file is gone.
    """
    image_module, image_ops = _pillow()
    try:
        with image_module.open(path) as image:
            width, height = image.size
            scale = short_side / min(width, height)
            if scale < 1.0:
                new = (
                    max(round(width * scale), short_side),
                    max(round(height * scale), short_side),
                )
                image.draft('RGB', new)  # JPEG: decodes at a half, a quarter, an eighth
                image = image.convert('RGB').resize(
                    new, image_module.Resampling.BILINEAR
                )
            image = image_ops.exif_transpose(image).convert('RGB')
            pixels = np.asarray(image, np.float32)
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # Pillow raises many kinds
        raise UnreadableFile(
            f'{path}: cannot be read as an image ({type(error).__name__}: {error})\n'
            '  hint: replace the file, or pass over it with --skip-unreadable'
        ) from error
    return pixels.transpose(2, 0, 1) / np.float32(255.0)


class Split(NamedTuple):
    """What was found in a folder."""

    classes: list[str]
    train: tuple[Path, list[tuple[str, int]]]  # folder, (file, label)
    test: tuple[Path, list[tuple[str, int]]]


def find_images(folder: Path) -> Split:
    """Finds the images of a folder, their classes, and which of them are for testing.

    If there are subfolders ``train`` and ``test`` (or ``val``, ``validation``), they
    hold the classes. If not, every tenth image of each class is for testing.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: There are no images, or test images of a class that is not learnt.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder, nor a dataset of this name')
    parts = [folder / name for name in TEST_NAMES if (folder / name).is_dir()]
    if (folder / 'train').is_dir() and parts:
        classes, train = _list(folder / 'train')
        test_classes, test = _list(parts[0], at_least=1)
        unknown = sorted(set(test_classes) - set(classes))
        if unknown:
            raise ValueError(
                f'{parts[0]}: no class in {folder / "train"} is called '
                f'{", ".join(unknown)}'
            )
        labels = [classes.index(name) for name in test_classes]
        test = [(file, labels[label]) for file, label in test]
        return Split(classes, (folder / 'train', train), (parts[0], test))
    classes, found = _list(folder)
    train, test = [], []
    counts = [0] * len(classes)
    for file, label in found:
        counts[label] += 1
        (test if counts[label] % 10 == 0 else train).append((file, label))
    if not test:
        raise ValueError(
            f'{folder}: no class has the ten images that are needed to put one aside for '
            'testing'
        )
    return Split(classes, (folder, train), (folder, test))


def _list(folder: Path, at_least: int = 2) -> tuple[list[str], list[tuple[str, int]]]:
    """Returns the classes, in the order of their names, and the images of each."""
    classes: list[str] = []
    found = []
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.name.startswith('.'):
            continue
        files = sorted(
            str(file.relative_to(folder))
            for file in path.rglob('*')
            if file.suffix.lower() in SUFFIXES and not file.name.startswith('.')
        )
        if files:
            found += [(file, len(classes)) for file in files]
            classes.append(path.name)
    if len(classes) < at_least:
        raise ValueError(
            f'{folder}: expected a folder of images for each of {at_least} or more '
            f'classes, as in {folder}/cat/1.jpg and {folder}/dog/1.jpg; found '
            f'{len(classes)}'
        )
    return classes, found


def _pillow() -> tuple[Any, Any]:
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError(
            f'images are read by Pillow, which is not installed ({error})\n'
            '  hint: pip install pillow'
        ) from error
    return Image, ImageOps
