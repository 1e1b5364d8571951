"""Sampling of images on a grid."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker
from minigrad.functions.array._sample import sample_images
from minigrad.named_arguments import checks_arguments
from minigrad.utils import argument
from minigrad.variable import Variable, as_variable


@checks_arguments
def spatial_transformer_sampler(x: Any, grid: Any, **kwargs: Any) -> Variable:
    """Samples images at the points of a grid, by bilinear interpolation.

    Args:
        x: Images, float, shape ``(N, C, H, W)``; outside of them are zeros.
        grid: Points, dtype of ``x``, shape ``(N, 2, OH, OW)``: first the horizontal
            coordinate, then the vertical one. -1 is the centre of the first pixel, 1
            that of the last.
        kwargs: For an old argument only, which is refused.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)``.

    Raises:
        InvalidType: Dtypes, axes or batch sizes do not fit.
        ValueError: ``use_cudnn`` is given.

    Gradient: to the four pixels around a point by their weights; to the point by their
        differences, zero where it lies a pixel or more outside.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Jaderberg et al. 2015; compatible with
        chainer.functions.spatial_transformer_sampler.

    Example:
        >>> x = np.array([[[[0., 2.], [4., 6.]]]])
        >>> F.spatial_transformer_sampler(x, np.zeros((1, 2, 1, 1))).array
        array([[[[3.]]]])
    """
    argument.parse_kwargs(kwargs, use_cudnn=USE_CUDNN)
    check = Checker('spatial_transformer_sampler', x=x, grid=grid)
    check.float_with_axes(x=4, grid=4)
    if grid.dtype != x.dtype:
        raise check.refuse('grid.dtype == x.dtype', f'{grid.dtype} != {x.dtype}')
    if grid.shape[1] != 2:
        raise check.refuse('grid.shape[1] == 2', grid.shape[1])
    if len(x) != len(grid):
        raise check.refuse('len(x) == len(grid)', f'{len(x)} != {len(grid)}')
    H, W = x.shape[2:]
    N, _, OH, OW = grid.shape
    points = (as_variable(grid) + 1).reshape((N, 2, OH * OW))
    v, u = points[:, 1] * ((H - 1) / 2), points[:, 0] * ((W - 1) / 2)
    return sample_images(x, v, u).reshape((N, x.shape[1], OH, OW))


USE_CUDNN = (
    'use_cudnn is not an argument any more; write with '
    "minigrad.using_config('use_cudnn', value) around the call"
)
