"""What the poolings of regions of interest share.

A region is cut into bins. The average over a bin, of pixels or of values interpolated
between them, is linear and separable: the pixels of a region times one matrix for the
rows and one for the columns. These matrices are made here, from the corners alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy

from minigrad import backend
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.kernels import kernels_for
from minigrad.types import Array

INTEGER = (int, numpy.integer)
REAL = (*INTEGER, float, numpy.floating)


class ROIFunction(FunctionNode):
    """A function of images, corners of regions, and the image of each region."""

    arg_names = ('x', 'rois', 'roi_indices')

    def __init__(self, outsize: Any, spatial_scale: Any) -> None:
        self.outsize = read_outsize(self.public_name, outsize)
        self.spatial_scale = read_scale(self.public_name, spatial_scale)

    def check_type_forward(self, in_types: InputTypes) -> None:
        rois, roi_indices = in_types[1:]
        check_images_and_rois(self, in_types, 4)
        got: Any = roi_indices.dtype
        if got != 'i':
            raise self.refuse('roi_indices.dtype == int32', got)
        if roi_indices.shape != (len(rois),):
            raise self.refuse(
                f'roi_indices.shape == ({len(rois)},), one image per region',
                roi_indices.shape,
            )

    def read(self, inputs: tuple[Array, ...]) -> tuple[Any, Any]:
        """Returns the corners on the feature maps, and the images, on the CPU."""
        x, rois, roi_indices = inputs
        batch = check_batch(self, backend.to_cpu(roi_indices), len(x))
        return backend.to_cpu(rois).astype('d') * self.spatial_scale, batch


class ROIWeighting(ROIFunction):
    """A pooling that is a product with matrices for rows and columns."""

    def matrices(self, corners: Any, size: Any) -> tuple[Any, Any]:
        """Returns (R, OH, H) for the rows and (R, OW, W) for the columns."""
        raise NotImplementedError

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        x = inputs[0]
        corners, batch = self.read(inputs)
        A, B = self.matrices(corners, x.shape[2:])
        self._arguments = A, B, batch, x.shape
        return kernels_for(x).roi_weight(x, A, B, batch)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gx,) = ROIWeightingGrad(*self._arguments).apply(grad_outputs)
        return gx, None, None


class ROIWeightingGrad(FunctionNode):
    """The transpose of a weighting."""

    arg_names = ('gy',)

    def __init__(self, A: Any, B: Any, batch: Any, shape: tuple[int, ...]) -> None:
        self._arguments = A, B, batch, shape

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        return kernels_for(gy).roi_weight_grad(gy, *self._arguments)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return ROIWeightingGradGrad(*self._arguments).apply(grad_outputs)


class ROIWeightingGradGrad(FunctionNode):
    """The weighting again, with matrices that are there already."""

    arg_names = ('ggx',)

    def __init__(self, A: Any, B: Any, batch: Any, shape: tuple[int, ...]) -> None:
        self._arguments = A, B, batch, shape

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (ggx,) = inputs
        return kernels_for(ggx).roi_weight(ggx, *self._arguments[:3])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return ROIWeightingGrad(*self._arguments).apply(grad_outputs)


class ROIPick(FunctionNode):
    """The elements of ``x`` at flat places; a constant where there is none (-1)."""

    arg_names = ('x',)

    def __init__(self, places: Array, fill: float) -> None:
        self.places = places
        self.fill = fill

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._shape = x.shape
        xp = backend.get_array_module(x)
        if self.places.size == 0 or x.size == 0:
            return xp.full(self.places.shape, self.fill, x.dtype)
        picked = x.ravel()[self.places]
        return xp.where(self.places >= 0, picked, x.dtype.type(self.fill))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return ROIPut(self.places, self._shape).apply(grad_outputs)


class ROIPut(FunctionNode):
    """Adds elements at flat places; the transpose of picking."""

    arg_names = ('gy',)

    def __init__(self, places: Array, shape: tuple[int, ...]) -> None:
        self.places = places
        self._shape = shape

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        xp = backend.get_array_module(gy)
        gx = xp.zeros(math.prod(self._shape), gy.dtype)
        there = self.places >= 0
        xp.add.at(gx, self.places[there], gy[there])
        return gx.reshape(self._shape)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return ROIPick(self.places, 0.0).apply(grad_outputs)


def bins(start: Any, length: Any, n_bins: int, size: int) -> tuple[Any, Any]:
    """Cuts whole pixels into bins, which may share a pixel.

    Args:
        start: First pixel of each region, (R,).
        length: Its length in pixels, (R,).
        n_bins: Number of bins.
        size: Length of the image, to which bins are clipped.

    Returns:
        First and last-but-one pixel of each bin, int64, (R, n_bins).
    """
    stride = (length / n_bins)[:, None]
    number = numpy.arange(n_bins)
    first = numpy.floor(number * stride).astype('l') + start[:, None]
    last = numpy.ceil((number + 1) * stride).astype('l') + start[:, None]
    return first.clip(0, size), last.clip(0, size)


def whole_bins(
    corners: Any, outsize: tuple[int, int], size: tuple[int, int]
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Rounds corners (y_min, x_min, y_max, x_max) to pixels; returns rows and columns.

    A region ends before its last corner, and has at least one pixel.
    """
    corners = numpy.rint(corners).astype('l')
    starts, ends = corners[:, :2], corners[:, 2:]
    lengths = numpy.maximum(ends - starts, 1)
    rows, columns = [
        bins(starts[:, i], lengths[:, i], outsize[i], size[i]) for i in range(2)
    ]
    return rows, columns


def interpolation(
    start: Any, end: Any, n_bins: int, ratio: int | None, size: int
) -> tuple[Any, Any]:
    """Returns the weights of pixels in values sampled within bins, along one axis.

    Args:
        start: Start of each region, a real number, (R,).
        end: Its end.
        n_bins: Number of bins, O.
        ratio: Samples per bin, G; None takes as many as a bin has pixels.
        size: Length of the image.

    Returns:
        Weights (R, O, G, size), zero for a sample that is not there or more than a
        pixel outside, and the number of samples per bin, (R,).
    """
    length = numpy.maximum(end - start, 1.0)
    stride = length / n_bins
    counts = numpy.ceil(stride) if ratio is None else numpy.full(len(start), ratio)
    most = int(counts.max(initial=1))
    stride, n = stride[:, None, None], counts[:, None, None]  # (R, 1, 1)
    number = numpy.arange(most)
    place = (
        start[:, None, None]
        + numpy.arange(n_bins)[:, None] * stride
        + (number + 0.5) * stride / n
    )  # (R, O, G)
    there = (number < n) & (place >= -1) & (place <= size)
    place = place.clip(0, max(size - 1, 0))[..., None]
    weights = numpy.maximum(1 - abs(place - numpy.arange(size)), 0)
    return weights * there[..., None], counts


def check_images_and_rois(node: FunctionNode, in_types: InputTypes, width: int) -> None:
    """Refuses images that are not float, and regions of another dtype or width."""
    x, rois = in_types[:2]
    if x.dtype.kind != 'f':
        raise node.refuse("x.dtype.kind == 'f'", x.dtype)
    if x.ndim != 4:
        raise node.refuse('x.ndim == 4 (N, C, H, W)', x.ndim)
    got = f'{rois.dtype} != {x.dtype}'
    if rois.dtype != x.dtype:
        raise node.refuse('rois.dtype == x.dtype', got)
    if rois.ndim != 2 or rois.shape[1] != width:
        raise node.refuse(f'rois.shape == (R, {width})', rois.shape)


def check_batch(node: FunctionNode, batch: Any, n_images: int) -> Any:
    """Returns the image of each region, a number within the batch.

    Raises:
        IndexError: There is no such image.
    """
    wrong = (batch < 0) | (batch >= n_images)
    if wrong.any():
        raise IndexError(
            f'{node.public_name}: a region is of image {int(batch[wrong][0])}, but '
            f'there are {n_images}'
        )
    return batch


def read_outsize(function: str, outsize: Any) -> tuple[int, int]:
    """Reads ``o`` as ``(o, o)``.

    Raises:
        TypeError: A number is not a positive integer.
    """
    height, width = outsize if isinstance(outsize, Iterable) else (outsize, outsize)
    for number in (height, width):
        if not (isinstance(number, INTEGER) and number > 0):
            raise TypeError(
                f'{function}: outsize must be a positive integer or a pair of them, '
                f'got {outsize!r}'
            )
    return int(height), int(width)


def read_scale(function: str, spatial_scale: Any) -> float:
    """Returns the scale as a float.

    Raises:
        TypeError: It is not a positive number.
    """
    if not (isinstance(spatial_scale, REAL) and spatial_scale > 0):
        raise TypeError(
            f'{function}: spatial_scale must be a positive number, '
            f'got {spatial_scale!r}'
        )
    return float(spatial_scale)


def read_ratio(function: str, ratio: Any) -> tuple[int | None, int | None]:
    """Reads samples per bin, ``s`` as ``(s, s)``; None leaves the number open.

    Raises:
        TypeError: A number is not an integer of at least 1.
    """
    height, width = ratio if isinstance(ratio, Iterable) else (ratio, ratio)
    for number in (height, width):
        if number is not None and not (isinstance(number, INTEGER) and number >= 1):
            raise TypeError(
                f'{function}: sampling_ratio must be an integer of at least 1, None, '
                f'or a pair of them, got {ratio!r}'
            )
    return height, width
