"""Max pooling of regions of interest."""

from __future__ import annotations

from typing import Any

from minigrad.functions.pooling._roi import ROIFunction, ROIPick, ROIPut, whole_bins
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable


class ROIMaxPooling2D(ROIFunction):
    """The maximum of each bin; remembers where it was."""

    public_name = 'roi_max_pooling_2d'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        x = inputs[0]
        corners, batch = self.read(inputs)
        rows, columns = whole_bins(corners, self.outsize, x.shape[2:])
        self.places = kernels_for(x).roi_argmax(x, rows, columns, batch)
        self._shape = x.shape
        return ROIPick(self.places, -float('inf')).forward((x,))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gx,) = ROIPut(self.places, self._shape).apply(grad_outputs)
        return gx, None, None


@checks_arguments
def roi_max_pooling_2d(
    x: Any, rois: Any, roi_indices: Any, outsize: Ints, spatial_scale: float
) -> Variable:
    """Maximum of the pixels in each bin of regions of interest.

    Corners are rounded to pixels; a region has at least one.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        rois: Corners ``(y_min, x_min, y_max, x_max)`` of regions, dtype of ``x``, shape
            ``(R, 4)``; the last row and column are outside.
        roi_indices: The image of each region, int32, shape ``(R,)``.
        outsize: Number of bins, ``o`` or ``(OH, OW)``.
        spatial_scale: What corners are multiplied by to become pixels of ``x``.

    Returns:
        Variable, dtype of ``x``, shape ``(R, C, OH, OW)``; minus infinity for a bin
        outside of the image.

    Raises:
        InvalidType: Shapes or dtypes do not fit.
        TypeError: ``outsize`` or ``spatial_scale`` is not positive.
        IndexError: A region is of an image that is not there.

    Gradient: to ``x``, at the first maximum of each bin.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Girshick 2015; compatible with chainer.functions.roi_max_pooling_2d.

    Example:
        >>> x = np.arange(16, dtype='f').reshape(1, 1, 4, 4)
        >>> rois, roi_indices = np.array([[0, 0, 4, 4]], 'f'), np.zeros(1, 'i')
        >>> F.roi_max_pooling_2d(x, rois, roi_indices, 2, 1.0).array
        array([[[[ 5.,  7.],
                 [13., 15.]]]], dtype=float32)
    """
    function = ROIMaxPooling2D(outsize, spatial_scale)
    return function.apply((x, rois, roi_indices))[0]
