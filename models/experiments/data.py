"""The data of the experiments."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import minigrad as mg

from .experiment import Run


def use_folder(folder: Path | None) -> None:
    """Looks for datasets in a folder: one named mnist, or one that holds mnist/.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    if folder is None:
        return
    folder = folder.resolve()
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder')
    if folder.name == 'mnist' and not (folder / 'mnist').is_dir():
        folder = folder.parent
    mg.dataset.set_dataset_root(str(folder))


class Loader:
    """Loads datasets by name, each once; digits that come with minigrad are a fallback.

    Attributes:
        used: Name of each dataset that was asked for, and of what was given.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}
        self.used: dict[str, str] = {}

    def __call__(self, name: str) -> Any:
        """Returns the training and the test set, images flat, pixels 0 to 1."""
        if name not in self._loaded:
            self._loaded[name] = self._load_(name)
        return self._loaded[name]

    def _load_(self, name: str) -> Any:
        self.used[name] = name
        if name == 'cifar10':
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')  # extracted files have no checksums
                return mg.datasets.get_cifar10()
        try:
            return mg.datasets.get_mnist()
        except mg.dataset.DatasetError as error:
            sys.stderr.write(
                f'{error}\nMNIST cannot be had; the 5,000 digits that come with minigrad '
                'take its place.\n'
            )
            self.used[name] = 'digits'
            return mg.datasets.get_digits()


def channels_last(dataset: Any) -> Any:
    """Returns images ``(C, H, W)`` as ``(H, W, C)``, as other libraries want them."""
    x, t = mg.dataset.concat_examples(dataset[:])
    return mg.datasets.TupleDataset(x.transpose(0, 2, 3, 1).copy(), t)


def images(run: Run, n_train: int, n_test: int, scale: float = 1.0) -> Any:
    """Returns the first images of MNIST, ``(1, 28, 28)``, pixels 0 to ``scale``."""
    parts = []
    for part, n in zip(run.load('mnist'), (n_train, n_test), strict=True):
        x, t = mg.dataset.concat_examples(part[:n])
        parts.append(mg.datasets.TupleDataset(x.reshape(-1, 1, 28, 28) * scale, t))
    return parts
