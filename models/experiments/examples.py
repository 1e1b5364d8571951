"""Examples that stay on the device; batches are taken there by their numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import minigrad as mg

from ..transforms import margin, resampling


class Examples:
    """The images and labels of a dataset on one device.

    An iterator over `numbers` gives the numbers of a batch; called with these as a
    converter, it gives the batch. To gather 128 images on a GPU takes microseconds, to
    stack and send them longer than a step of a small network.

    Args:
        dataset: Pairs of an image and a label, in memory.
        device: Where they are kept.
        prepare: What is done to the images of each batch, such as `Enlarge`.

    Example:
        >>> from models.experiments.examples import Examples
        >>> dataset = minigrad.datasets.TupleDataset(np.eye(4, dtype='f'), np.arange(4))
        >>> x, t = Examples(dataset)([3, 1])
        >>> t
        array([3, 1])
    """

    def __init__(
        self,
        dataset: Any,
        device: Any = '@numpy',
        prepare: Callable[[Any], Any] | None = None,
    ) -> None:
        self._device = mg.get_device(device)
        self._x, self._t = mg.dataset.concat_examples(dataset[:], self._device)
        self._prepare = prepare

    def __len__(self) -> int:
        return len(self._t)

    @property
    def numbers(self) -> range:
        """What an iterator draws from."""
        return range(len(self))

    def __call__(
        self, numbers: Sequence[int] | np.ndarray, device: Any = None
    ) -> tuple[Any, Any]:
        """Returns the images and the labels with these numbers."""
        with self._device.create_context():
            i = self._device.xp.asarray(np.asarray(numbers))
            x = self._x[i]
            return x if self._prepare is None else self._prepare(x), self._t[i]


class Enlarge:
    """Enlarges square images by bilinear interpolation, and repeats their one channel.

    Args:
        size: New height and width.
        channels: New number of channels.

    Example:
        >>> from models.experiments.examples import Enlarge
        >>> Enlarge(224, 3)(np.zeros((2, 1, 28, 28), 'f')).shape
        (2, 3, 224, 224)
    """

    def __init__(self, size: int, channels: int) -> None:
        self._size, self._channels = size, channels

    def __call__(self, x: Any) -> Any:
        """Returns the images, ``(N, channels, size, size)``."""
        xp = mg.backend.get_array_module(x)
        weights = xp.asarray(resampling(x.shape[2], self._size))
        x = weights @ x @ weights.T
        return xp.repeat(x, self._channels, axis=1)


def crop_and_flip(x: Any) -> Any:
    """Moves each image by up to an eighth of its size, and mirrors half of them.

    The border repeats the outermost pixels. The numbers are drawn by NumPy, whose state
    a snapshot holds.

    Example:
        >>> from models.experiments.examples import crop_and_flip
        >>> crop_and_flip(np.ones((2, 3, 32, 32), 'f')).shape
        (2, 3, 32, 32)
    """
    xp = mg.backend.get_array_module(x)
    n, channels, height, width = x.shape
    border = margin(height)
    down, right = np.random.randint(-border, border + 1, size=(2, n, 1))
    rows = (np.arange(height) + down).clip(0, height - 1)  # (N, H)
    columns = (np.arange(width) + right).clip(0, width - 1)  # (N, W)
    columns = np.where(np.random.rand(n, 1) < 0.5, columns, columns[:, ::-1])
    return x[
        xp.arange(n)[:, None, None, None],
        xp.arange(channels)[:, None, None],
        xp.asarray(rows)[:, None, :, None],
        xp.asarray(columns)[:, None, None, :],
    ]
