"""Average pooling of regions of interest, without rounding."""

from __future__ import annotations

from typing import Any

from minigrad.functions.pooling._roi import ROIWeighting, interpolation, read_ratio
from minigrad.named_arguments import checks_arguments
from minigrad.types import Ints
from minigrad.variable import Variable


class ROIAverageAlign2D(ROIWeighting):
    """The mean of values that are interpolated at points within each bin."""

    public_name = 'roi_average_align_2d'

    def __init__(
        self, outsize: Any, spatial_scale: Any, sampling_ratio: Any = None
    ) -> None:
        super().__init__(outsize, spatial_scale)
        self.sampling_ratio = read_ratio(self.public_name, sampling_ratio)

    def matrices(self, corners: Any, size: Any) -> tuple[Any, Any]:
        means = []
        for i in range(2):
            weights, counts = interpolation(
                corners[:, i],
                corners[:, i + 2],
                self.outsize[i],
                self.sampling_ratio[i],
                size[i],
            )
            means.append(weights.sum(axis=2) / counts[:, None, None])
        A, B = means
        return A, B


@checks_arguments
def roi_average_align_2d(
    x: Any,
    rois: Any,
    roi_indices: Any,
    outsize: Ints,
    spatial_scale: float,
    sampling_ratio: Ints = None,
) -> Variable:
    """Mean of interpolated values in each bin of regions of interest.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        rois: Corners ``(y_min, x_min, y_max, x_max)`` of regions, dtype of ``x``, shape
            ``(R, 4)``. They are not rounded; a region is at least one pixel long.
        roi_indices: The image of each region, int32, shape ``(R,)``.
        outsize: Number of bins, ``o`` or ``(OH, OW)``.
        spatial_scale: What corners are multiplied by to become pixels of ``x``.
        sampling_ratio: Points per bin on each axis, ``s`` or ``(sh, sw)``; None takes
            as many as a bin has pixels.

    Returns:
        Variable, dtype of ``x``, shape ``(R, C, OH, OW)``. Points more than a pixel
        outside of the image count as zeros.

    Raises:
        InvalidType: Shapes or dtypes do not fit.
        TypeError: ``outsize``, ``spatial_scale`` or ``sampling_ratio`` is not positive.
        IndexError: A region is of an image that is not there.

    Gradient: to ``x``, by the weights of the interpolation.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: He et al. 2017; compatible with chainer.functions.roi_average_align_2d.

    Example:
        >>> x = np.arange(16, dtype='f').reshape(1, 1, 4, 4)
        >>> rois, roi_indices = np.array([[0, 0, 3, 3]], 'f'), np.zeros(1, 'i')
        >>> F.roi_average_align_2d(x, rois, roi_indices, 1, 1.0).array
        array([[[[7.5]]]], dtype=float32)
    """
    function = ROIAverageAlign2D(outsize, spatial_scale, sampling_ratio)
    return function.apply((x, rois, roi_indices))[0]
