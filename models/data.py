"""Datasets for the training program, by name or from a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import minigrad as mg

from .image_folder import ImageFolder, find_images
from .transforms import margin


class Data(NamedTuple):
    """Examples are pairs of an image ``(C, H, W)``, pixels 0 to 1, and a label."""

    train: Any
    test: Any
    classes: list[str]
    flip: bool  # whether a mirrored image keeps its class
    from_files: bool = False  # read one by one, by processes of their own


def _shapes() -> tuple[Any, Any]:
    make = mg.datasets.make_shapes
    return make(3000, seed=0), make(600, seed=1)


# name: what loads it, number of classes, whether a mirrored image keeps its class
NAMED: dict[str, tuple[Callable[[], Any], int, bool]] = {
    'digits': (lambda: mg.datasets.get_digits(ndim=3), 10, False),
    'mnist': (lambda: mg.datasets.get_mnist(ndim=3), 10, False),
    'fashion': (lambda: mg.datasets.get_fashion_mnist(ndim=3), 10, True),
    'kmnist': (lambda: mg.datasets.get_kuzushiji_mnist(ndim=3), 10, False),
    'cifar10': (mg.datasets.get_cifar10, 10, True),
    'cifar100': (mg.datasets.get_cifar100, 100, True),
    'shapes': (_shapes, 3, True),
}


def load(name: str, size: int, skip_unreadable: bool = False) -> Data:
    """Loads a dataset.

    Args:
        name: One of `NAMED`, or a folder with a folder of images for each class.
        size: Pixels that a model wants; larger images of a folder are shrunk to a little
            more than this.
        skip_unreadable: Whether an image of a folder that cannot be read is replaced by
            the next one, with a warning.

    Raises:
        FileNotFoundError: There is neither such a dataset nor such a folder.
        ValueError: The folder does not hold images by class.
        DatasetError: The files of a dataset cannot be had.

    Example:
        >>> from models.data import load
        >>> data = load('digits', 28)
        >>> len(data.train), len(data.test), data.train[0][0].shape
        (4000, 1000, (1, 28, 28))
    """
    if name in NAMED:
        get, n_classes, flip = NAMED[name]
        train, test = get()
        return Data(train, test, [str(i) for i in range(n_classes)], flip)
    split = find_images(Path(name))
    short_side = size + margin(size)
    train, test = [
        ImageFolder(folder, examples, short_side, skip_unreadable=skip_unreadable)
        for folder, examples in (split.train, split.test)
    ]
    return Data(train, test, split.classes, flip=True, from_files=True)
