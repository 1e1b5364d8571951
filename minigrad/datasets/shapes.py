"""Drawn circles, squares and crosses: colour images without a download."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.configuration import get_dtype
from minigrad.datasets.tuple_dataset import TupleDataset
from minigrad.named_arguments import checks_arguments


@checks_arguments
def make_shapes(
    n: int = 1000,
    size: int = 32,
    seed: int | None = 0,
    withlabel: bool = True,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = numpy.int32,
) -> Any:
    """Draws ``n`` colour images of a circle (0), a square (1) or a cross (2).

    Place, size, both colours and a little noise are random; the classes take turns.

    Args:
        n: Number of images.
        size: Height and width in pixels, 8 or more.
        seed: Equal seeds give equal images; None new ones each time.
        withlabel: Whether examples are pairs of an image and a label.
        scale: Pixels are 0 to ``scale``.
        dtype: Dtype of the images, ``config.dtype`` when None.
        label_dtype: Dtype of the labels.

    Returns:
        `TupleDataset` of images ``(3, size, size)`` and labels, or the array of images.

    Raises:
        ValueError: ``size`` is below 8.

    Example:
        >>> image, label = minigrad.datasets.make_shapes(6)[4]
        >>> image.shape, int(label)
        ((3, 32, 32), 1)
    """
    if size < 8:
        raise ValueError(f'make_shapes: expected size >= 8 pixels, got {size}')
    rng = numpy.random.default_rng(seed)
    labels = numpy.arange(n) % 3
    radius = rng.uniform(size / 8, size / 3.2, (n, 1, 1))
    center = rng.uniform(size / 3.2, size - size / 3.2, (2, n, 1, 1))
    dy = numpy.abs(numpy.arange(size)[:, None] - center[0])  # (n, size, 1)
    dx = numpy.abs(numpy.arange(size)[None, :] - center[1])  # (n, 1, size)
    near, far = numpy.minimum(dy, dx), numpy.maximum(dy, dx)
    inside = numpy.select(
        [labels[:, None, None] == 0, labels[:, None, None] == 1],
        [dy**2 + dx**2 <= radius**2, far <= radius * 0.87],
        (near <= radius * 0.3) & (far <= radius),
    )
    # Ground dark, figure bright, in each channel: the shape is always visible.
    ground = rng.uniform(0.0, 0.45, (n, 3, 1, 1))
    figure = rng.uniform(0.55, 1.0, (n, 3, 1, 1))
    images = numpy.where(inside[:, None], figure, ground)  # (n, 3, size, size)
    images += rng.normal(0.0, 0.03, images.shape)
    images = (images.clip(0.0, 1.0) * scale).astype(get_dtype(dtype))
    return TupleDataset(images, labels.astype(label_dtype)) if withlabel else images
