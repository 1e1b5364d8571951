"""Crops of images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from minigrad.types import Array


def oversample(images: Sequence[Array], crop_dims: tuple[int, int]) -> Array:
    """Cuts ten crops out of each image: four corners, the centre, and their mirrors.

    Args:
        images: Arrays of shape ``(C, H, W)``, all alike.
        crop_dims: Height and width of a crop.

    Returns:
        Array of shape ``(10 * len(images), C, h, w)``.

    Example:
        >>> from minigrad.utils import imgproc
        >>> imgproc.oversample([np.zeros((3, 8, 8), 'f')], (6, 6)).shape
        (10, 3, 6, 6)
    """
    H, W = images[0].shape[1:]
    h, w = crop_dims
    places = [(y, x) for y in (0, H - h) for x in (0, W - w)]
    places.append((int(H / 2 - h / 2), int(W / 2 - w / 2)))
    crops = []
    for image in images:
        cut = [image[:, y : y + h, x : x + w] for y, x in places]
        crops.extend(cut)
        crops.extend([crop[:, :, ::-1] for crop in cut])
    return numpy.stack(crops)
