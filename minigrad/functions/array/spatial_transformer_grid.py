"""Affine grids of sampling points."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker
from minigrad.functions.array.spatial_transformer_sampler import USE_CUDNN
from minigrad.functions.math.matmul import matmul
from minigrad.named_arguments import checks_arguments
from minigrad.utils import argument
from minigrad.variable import Variable, as_variable


@checks_arguments
def spatial_transformer_grid(theta: Any, output_shape: Any, **kwargs: Any) -> Variable:
    """Maps a regular grid by affine transformations, to sample images on.

    A point ``(x, y)`` of the grid, both from -1 to 1, goes to ``theta @ (x, y, 1)``.

    Args:
        theta: Transformations, float, shape ``(N, 2, 3)``.
        output_shape: ``(OH, OW)``, the size of the grid.
        kwargs: For an old argument only, which is refused.

    Returns:
        Variable, dtype of ``theta``, shape ``(N, 2, OH, OW)``: horizontal and vertical
        coordinates, as `spatial_transformer_sampler` takes them.

    Raises:
        InvalidType: ``theta`` is not a float array of that shape.
        ValueError: ``use_cudnn`` is given.

    Gradient: the sum over the grid of ``gy`` times ``(x, y, 1)``.
    Double backprop: yes, to any order.
    Kernels: those of `matmul`.
    Source: Jaderberg et al. 2015; compatible with
        chainer.functions.spatial_transformer_grid.

    Example:
        >>> to_the_right = np.array([[[1., 0., 0.5], [0., 1., 0.]]])
        >>> F.spatial_transformer_grid(to_the_right, (1, 3)).array[0, 0]
        array([[-0.5,  0.5,  1.5]])
    """
    argument.parse_kwargs(kwargs, use_cudnn=USE_CUDNN)
    check = Checker('spatial_transformer_grid', theta=theta)
    check.float_with_axes(theta=3)
    if theta.shape[1:] != (2, 3):
        raise check.refuse('theta.shape[1:] == (2, 3)', theta.shape)
    theta = as_variable(theta)
    N, xp = len(theta), theta.xp
    OH, OW = output_shape
    y, x = xp.meshgrid(xp.linspace(-1, 1, OH), xp.linspace(-1, 1, OW), indexing='ij')
    points = xp.stack([x.ravel(), y.ravel(), xp.ones(OH * OW)])  # (3, OH * OW)
    moved = matmul(theta.reshape((2 * N, 3)), points.astype(theta.dtype))
    return moved.reshape((N, 2, OH, OW))
