"""Max pooling over a pyramid of grids, to a vector of fixed length."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker
from minigrad.functions.array.concat import concat
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def spatial_pyramid_pooling_2d(
    x: Any, pyramid_height: int, pooling: str | None = None
) -> Variable:
    """Max pooling over grids of 1x1, 2x2, 4x4, ... cells, all in one vector.

    The length of the result does not depend on the size of the images.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        pyramid_height: Number of grids.
        pooling: ``'max'``, the only one there is; it must be given.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C * (1 + 4 + 16 + ...), 1, 1)``.

    Raises:
        InvalidType: ``x`` is not a float array with 4 axes.
        ValueError: ``pooling`` is not ``'max'``.

    Gradient: to the maxima.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: He et al. 2014; compatible with
        chainer.functions.spatial_pyramid_pooling_2d.

    Example:
        >>> x = np.arange(64, dtype='f').reshape(1, 1, 8, 8)
        >>> F.spatial_pyramid_pooling_2d(x, 2, 'max').array.ravel()
        array([63., 27., 31., 59., 63.], dtype=float32)
    """
    if pooling != 'max':
        raise ValueError(
            f"spatial_pyramid_pooling_2d: pooling must be 'max', got {pooling!r}"
        )
    x = as_variable(x)
    if x.ndim != 4:
        check = Checker('spatial_pyramid_pooling_2d', x=x)
        raise check.refuse('x.ndim == 4 (N, C, H, W)', x.ndim)
    N, C, H, W = x.shape
    ys = []
    for level in range(pyramid_height):
        bins = 2**level
        kh, kw = -(-H // bins), -(-W // bins)  # rounded up
        pad = (kh * bins - H) // 2, (kw * bins - W) // 2
        y = max_pooling_2d(x, (kh, kw), pad=pad)
        ys.append(y.reshape((N, C * y.shape[2] * y.shape[3], 1, 1)))
    return concat(ys)
