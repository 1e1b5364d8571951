"""Group normalization: groups of channels, each sample for itself."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.cast import cast
from minigrad.functions.math.sum_to import sum_to
from minigrad.functions.normalization.batch_normalization import (
    BatchNormalization,
    BatchNormalizationGrad,
)
from minigrad.types import Array
from minigrad.variable import Variable


class GroupNormalization(FunctionNode):
    """Batch normalization of a matrix, one row per group; then scale and shift."""

    arg_names = ('x', 'gamma', 'beta')

    def __init__(self, groups: int, eps: float = 1e-5) -> None:
        if not isinstance(groups, int):
            raise TypeError(
                f'{self.public_name}: groups must be an int, got {type(groups).__name__}'
            )
        if groups < 1:
            raise ValueError(
                f'{self.public_name}: groups must be positive, got {groups}'
            )
        self.groups = groups
        self.eps = eps

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, gamma, beta = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if x.ndim < 2:
            raise self.refuse('x.ndim >= 2 (N, C, ...)', x.ndim)
        if gamma.dtype.kind != 'f':
            raise self.refuse("gamma.dtype.kind == 'f'", gamma.dtype)
        if beta.dtype != gamma.dtype:
            raise self.refuse(
                'beta.dtype == gamma.dtype', f'{beta.dtype} != {gamma.dtype}'
            )
        for name, param in (('gamma', gamma), ('beta', beta)):
            if param.shape != x.shape[1:2]:
                raise self.refuse(f'{name}.shape == {x.shape[1:2]}', param.shape)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        x, gamma, beta = inputs
        N, C = x.shape[:2]
        if C % self.groups:
            raise ValueError(
                f'{self.public_name}: {C} channels cannot be split into {self.groups} '
                'groups of one size\n  hint: groups must divide x.shape[1]'
            )
        self.retain_inputs((0, 1))
        self._dtype = numpy.promote_types(x.dtype, gamma.dtype)
        pixels = math.prod(x.shape[2:])
        self._channel_shape = N, C, pixels
        self._row_shape = N * self.groups, C // self.groups * pixels
        xp = get_array_module(x)
        rows = x.reshape(self._row_shape).astype(self._dtype, copy=False)
        self._ones = xp.ones(len(rows), self._dtype)
        self._normalize_ = BatchNormalization(self.eps, axis=1)
        y = self._normalize_.forward((rows, self._ones, xp.zeros_like(self._ones)))
        y = y.reshape(self._channel_shape)
        y *= gamma[:, None]
        y += beta[:, None]
        return y.reshape(x.shape).astype(x.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gamma = self.get_retained_inputs()
        (gy,) = grad_outputs
        dtype, C = self._dtype, len(gamma)
        rows = cast(x.reshape(self._row_shape), dtype)
        gy = cast(gy.reshape(self._channel_shape), dtype)
        gradients: list[Variable] = []
        if 0 in indexes:
            gx_hat = gy * cast(gamma, dtype).reshape((C, 1))
            gx = BatchNormalizationGrad(self._normalize_).apply(
                (rows, self._ones, gx_hat.reshape(self._row_shape))
            )[0]
            gradients.append(cast(gx.reshape(x.shape), x.dtype))
        if 1 in indexes:
            x_hat = BatchNormalization(self.eps, axis=1).apply(
                (rows, self._ones, get_array_module(self._ones).zeros_like(self._ones))
            )[0]
            gradients.append(self._over_pixels(gy * x_hat.reshape(gy.shape), gamma))
        if 2 in indexes:
            gradients.append(self._over_pixels(gy, gamma))
        return gradients

    def _over_pixels(self, v: Variable, gamma: Variable) -> Variable:
        C = len(gamma)
        return cast(sum_to(v, (1, C, 1)).reshape((C,)), gamma.dtype)


def group_normalization(
    x: Any, groups: int, gamma: Any, beta: Any, eps: float = 1e-5
) -> Variable:
    """Normalizes groups of channels by the mean and variance of each sample's group.

    ``y = gamma * (x - mean) / sqrt(var + eps) + beta``

    Args:
        x: Feature maps, float, shape ``(N, C, ...)``.
        groups: Number of groups, a divisor of ``C``.
        gamma: Scale, float, shape ``(C,)``. May be of a wider dtype than ``x``.
        beta: Shift, shape and dtype of ``gamma``.
        eps: Added to the variance.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float with 2 axes or more, or the parameters do not
            fit it.
        TypeError: ``groups`` is no int.
        ValueError: ``groups`` does not divide the number of channels.

    Gradient: through the mean and the variance too.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn.
    Source: Wu and He 2018; compatible with chainer.functions.group_normalization.

    Example:
        >>> x = np.array([[[1., 3.], [5., 9.]]], 'f')
        >>> F.group_normalization(x, 2, np.ones(2, 'f'), np.zeros(2, 'f')).array.round(3)
        array([[[-1.,  1.],
                [-1.,  1.]]], dtype=float32)
    """
    return GroupNormalization(groups, eps).apply((x, gamma, beta))[0]
