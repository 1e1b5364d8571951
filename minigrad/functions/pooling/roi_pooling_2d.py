"""Max pooling of regions of interest, in its first form."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad import backend
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.pooling._roi import (
    ROIPick,
    ROIPut,
    check_batch,
    check_images_and_rois,
    whole_bins,
)
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class ROIPooling2D(FunctionNode):
    """The maximum of each bin, zero if it is empty; remembers where it was."""

    arg_names = ('x', 'rois')
    public_name = 'roi_pooling_2d'

    def __init__(self, outh: int, outw: int, spatial_scale: float) -> None:
        self.outsize = outh, outw
        self.spatial_scale = spatial_scale

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_images_and_rois(self, in_types, 5)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        x, rois = inputs
        rois = backend.to_cpu(rois).astype('d')
        batch = check_batch(self, rois[:, 0].astype('l'), len(x))
        # From (x_min, y_min, x_max, y_max), the last pixels inside.
        corners = numpy.rint(rois[:, [2, 1, 4, 3]] * self.spatial_scale)
        corners[:, 2:] += 1
        rows, columns = whole_bins(corners, self.outsize, x.shape[2:])
        self.places = kernels_for(x).roi_argmax(x, rows, columns, batch)
        self._shape = x.shape
        return ROIPick(self.places, 0.0).forward((x,))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gx,) = ROIPut(self.places, self._shape).apply(grad_outputs)
        return gx, None


@checks_arguments
def roi_pooling_2d(
    x: Any, rois: Any, outh: int, outw: int, spatial_scale: float
) -> Variable:
    """Maximum of the pixels in each bin of regions of interest.

    Unlike `roi_max_pooling_2d`, regions include their last row and column.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        rois: The image of each region, and its corners, ``(index, x_min, y_min, x_max,
            y_max)``, dtype of ``x``, shape ``(R, 5)``.
        outh: Number of bins in a column, OH.
        outw: Number of bins in a row, OW.
        spatial_scale: What corners are multiplied by, and rounded, to become pixels.

    Returns:
        Variable, dtype of ``x``, shape ``(R, C, OH, OW)``; zero for a bin outside of
        the image.

    Raises:
        InvalidType: Shapes or dtypes do not fit.
        IndexError: A region is of an image that is not there.

    Gradient: to ``x``, at the first maximum of each bin.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Girshick 2015; compatible with chainer.functions.roi_pooling_2d.

    Example:
        >>> x = np.arange(16, dtype='f').reshape(1, 1, 4, 4)
        >>> F.roi_pooling_2d(x, np.array([[0, 0, 0, 1, 3]], 'f'), 2, 1, 1.0).array
        array([[[[ 5.],
                 [13.]]]], dtype=float32)
    """
    return ROIPooling2D(outh, outw, spatial_scale).apply((x, rois))[0]
