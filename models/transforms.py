"""What happens to an image between its file and the model."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minigrad.kernels.threads import single_threaded_blas


@functools.lru_cache(maxsize=256)
def resampling(n_in: int, n_out: int) -> Any:
    """Returns the matrix ``(n_out, n_in)`` that resamples a line of pixels.

    Each new pixel is a mean of the old ones around its place, weighted by a triangle
    that is as wide as the new pixels are apart, and never narrower than the old ones.
    """
    scale = n_in / n_out
    places = (np.arange(n_out) + 0.5) * scale
    distances = np.abs(np.arange(n_in) + 0.5 - places[:, None])
    weights = np.maximum(1.0 - distances / max(scale, 1.0), 0.0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def resize(image: Any, height: int, width: int) -> Any:
    """Resizes an image by bilinear interpolation, smoothed where it shrinks.

    Args:
        image: Array ``(C, H, W)``.
        height: New height in pixels.
        width: New width in pixels.

    Example:
        >>> from models.transforms import resize
        >>> resize(np.array([[[0.0, 1.0]]], 'f'), 1, 4)
        array([[[0.  , 0.25, 0.75, 1.  ]]], dtype=float32)
    """
    _, h, w = image.shape
    if (h, w) == (height, width):
        return image
    with single_threaded_blas():  # to share such small products takes a hundred times
        return resampling(h, height) @ image @ resampling(w, width).T


def margin(size: int) -> int:
    """Returns how far a random crop of ``size`` pixels may move: an eighth."""
    return size // 8


class Prepare:
    """Makes an example fit for a model: channels, size, crop, flip, and zero mean.

    Smaller images are enlarged until they cover ``size x size``; then the middle is cut
    out. With ``augment`` the cut is at a random place instead (images that leave no room
    for that get a border of an eighth of ``size``, made of their outermost pixels).

    Args:
        size: Height and width for the model; None keeps those of the image.
        channels: Channels for the model; grey images are repeated. None keeps them.
        mean: Mean of each channel over the training set.
        deviation: Standard deviation of each channel.
        augment: Whether to crop at random places.
        flip: Whether to mirror half of the images, with ``augment``.

    Example:
        >>> from models.transforms import Prepare
        >>> image, label = Prepare(size=32, channels=3)((np.zeros((1, 28, 28), 'f'), 7))
        >>> image.shape, label
        ((3, 32, 32), 7)
    """

    def __init__(
        self,
        size: int | None = None,
        channels: int | None = None,
        mean: Any = 0.0,
        deviation: Any = 1.0,
        augment: bool = False,
        flip: bool = False,
    ) -> None:
        self.size = size
        self.channels = channels
        self.mean = np.asarray(mean, np.float32).reshape(-1, 1, 1)
        self.deviation = np.asarray(deviation, np.float32).reshape(-1, 1, 1)
        self.augment = augment
        self.flip = flip

    def __call__(self, example: tuple[Any, Any]) -> tuple[Any, Any]:
        """Returns the example ``(image, label)`` as the model wants it."""
        image, label = example
        size = min(image.shape[1:]) if self.size is None else self.size
        image = self._crop(_cover(image, size), size)
        if self.augment and self.flip and np.random.rand() < 0.5:
            image = image[:, :, ::-1]
        if len(image) == 1 and self.channels is not None:
            image = np.repeat(image, self.channels, axis=0)
        image = (image - self.mean) / self.deviation
        return np.ascontiguousarray(image, np.float32), label

    def _crop(self, image: Any, size: int) -> Any:
        if not self.augment:
            top, left = [(n - size) // 2 for n in image.shape[1:]]
            return image[:, top : top + size, left : left + size]
        border = margin(size)
        if min(image.shape[1:]) < size + border:
            sides = (border, border)
            image = np.pad(image, ((0, 0), sides, sides), mode='edge')
        top, left = [np.random.randint(n - size + 1) for n in image.shape[1:]]
        return image[:, top : top + size, left : left + size]


def _cover(image: Any, size: int) -> Any:
    """Enlarges an image, keeping its proportions, if ``size x size`` does not fit in."""
    _, h, w = image.shape
    if min(h, w) >= size:
        return image
    scale = size / min(h, w)
    return resize(image, max(round(h * scale), size), max(round(w * scale), size))


def statistics(dataset: Any, n: int = 1000) -> tuple[list[float], list[float]]:
    """Returns the mean and the standard deviation of each channel.

    Args:
        dataset: Examples are pairs of an image ``(C, H, W)`` and a label.
        n: Number of images to look at, evenly spaced; all if there are fewer.

    Example:
        >>> from models.transforms import statistics
        >>> statistics([(np.array([[[0.0, 1.0]], [[2.0, 4.0]]]), 0)])
        ([0.5, 3.0], [0.5, 1.0])
    """
    indexes = np.linspace(0, len(dataset) - 1, min(n, len(dataset))).astype(int)
    means, squares = [], []
    for i in indexes:
        image = np.asarray(dataset[int(i)][0], np.float64)
        means.append(image.mean(axis=(1, 2)))
        squares.append((image**2).mean(axis=(1, 2)))
    mean = np.mean(means, axis=0)
    variance = np.mean(squares, axis=0) - mean**2
    # An image of one colour has no deviation to divide by.
    deviation = np.sqrt(np.maximum(variance, 1e-8))
    return mean.tolist(), deviation.tolist()
