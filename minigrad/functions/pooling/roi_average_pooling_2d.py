"""Average pooling of regions of interest."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.functions.pooling._roi import ROIWeighting, whole_bins
from minigrad.named_arguments import checks_arguments
from minigrad.types import Ints
from minigrad.variable import Variable


class ROIAveragePooling2D(ROIWeighting):
    """The mean of the pixels of each bin."""

    public_name = 'roi_average_pooling_2d'

    def matrices(self, corners: Any, size: Any) -> tuple[Any, Any]:
        A, B = [
            _mean(first, last, n)
            for (first, last), n in zip(
                whole_bins(corners, self.outsize, size), size, strict=True
            )
        ]
        return A, B


def _mean(first: Any, last: Any, size: int) -> Any:
    pixel = numpy.arange(size)
    inside = (first[..., None] <= pixel) & (pixel < last[..., None])
    return inside / numpy.maximum(last - first, 1)[..., None]


@checks_arguments
def roi_average_pooling_2d(
    x: Any, rois: Any, roi_indices: Any, outsize: Ints, spatial_scale: float
) -> Variable:
    """Mean of the pixels in each bin of regions of interest.

    Corners are rounded to pixels; a region has at least one.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        rois: Corners ``(y_min, x_min, y_max, x_max)`` of regions, dtype of ``x``, shape
            ``(R, 4)``; the last row and column are outside.
        roi_indices: The image of each region, int32, shape ``(R,)``.
        outsize: Number of bins, ``o`` or ``(OH, OW)``.
        spatial_scale: What corners are multiplied by to become pixels of ``x``.

    Returns:
        Variable, dtype of ``x``, shape ``(R, C, OH, OW)``; zero for a bin outside of
        the image.

    Raises:
        InvalidType: Shapes or dtypes do not fit.
        TypeError: ``outsize`` or ``spatial_scale`` is not positive.
        IndexError: A region is of an image that is not there.

    Gradient: to ``x``, spread evenly over each bin.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Girshick 2015; compatible with chainer.functions.roi_average_pooling_2d.

    Example:
        >>> x = np.arange(16, dtype='f').reshape(1, 1, 4, 4)
        >>> rois, roi_indices = np.array([[0, 0, 4, 4]], 'f'), np.zeros(1, 'i')
        >>> F.roi_average_pooling_2d(x, rois, roi_indices, 2, 1.0).array
        array([[[[ 2.5,  4.5],
                 [10.5, 12.5]]]], dtype=float32)
    """
    function = ROIAveragePooling2D(outsize, spatial_scale)
    return function.apply((x, rois, roi_indices))[0]
