"""Group normalization: groups of channels, each sample for itself."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.cast import cast
from minigrad.functions.math.sum import sum as sum_of
from minigrad.functions.normalization.batch_normalization import (
    BatchNormalization,
    BatchNormalizationGrad,
)
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_variable

FEWEST_PIXELS = 8  # for which a channel's pixels are worth a row


class GroupNormalization(FunctionNode):
    """Batch normalization of a matrix, one row per group; then scale and shift."""

    fresh_gradients = True
    arg_names = ('x', 'gamma', 'beta')
    on_arrays = True

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
        # Where a row is one pass: (N, D) as they are, else channels of some pixels.
        self._fused = (
            kernels_for(x).fuses_rows
            and x.size > 0
            and x.dtype == gamma.dtype
            and x.dtype.char in 'fd'
            and (pixels >= FEWEST_PIXELS or (x.ndim == 2 and self.groups == 1))
        )
        if self._fused:
            return self._forward_fused(x, gamma, beta)
        return self._forward_by_batch_norm(x, gamma, beta)

    def _forward_by_batch_norm(self, x: Array, gamma: Array, beta: Array) -> Array:
        xp = get_array_module(x)
        rows = x.reshape(self._row_shape).astype(self._dtype, copy=False)
        self._ones = xp.ones(len(rows), self._dtype)
        self._normalize_ = BatchNormalization(self.eps, axis=1)
        y = self._normalize_.forward((rows, self._ones, xp.zeros_like(self._ones)))
        y = y.reshape(self._channel_shape)
        y *= gamma[:, None]
        y += beta[:, None]
        return y.reshape(x.shape).astype(x.dtype, copy=False)

    def _forward_fused(self, x: Array, gamma: Array, beta: Array) -> Any:
        along_rows = kernels_for(x).along_rows
        if x.ndim == 2:
            y, self._mean, self._inv_std = along_rows(
                _normalized, x, gamma, beta, eps=self.eps
            )
            return y
        rows = x.reshape(self._row_shape)
        self._mean, rest, self._inv_std = along_rows(_moments, rows, eps=self.eps)
        mean, inv_std, gamma, beta = self._of_channels(gamma, beta)
        scale = inv_std * gamma
        shift = beta - rest.repeat(x.shape[1] // self.groups, axis=0) * scale
        pixels = x.reshape(len(gamma), -1)
        return along_rows(_shifted, pixels, mean, scale, shift).reshape(x.shape)

    def _of_channels(self, *params: Array) -> list[Array]:
        """Returns the groups' moments and parameters, one number per row of pixels."""
        N, C, _ = self._channel_shape
        group = self._mean, self._inv_std
        return [
            *[m.repeat(C // self.groups, axis=0).reshape(-1, 1) for m in group],
            *[p[None].repeat(N, axis=0).reshape(-1, 1) for p in params],
        ]

    def _backward_fused(self, x: Array, gamma: Array, gy: Array) -> Any:
        along_rows = kernels_for(x).along_rows
        if x.ndim == 2:
            return along_rows(_normalized_grad, x, gy, gamma, self._mean, self._inv_std)
        N, C, _ = self._channel_shape
        mean, inv_std, scale = self._of_channels(gamma)
        pixels, gy = x.reshape(len(mean), -1), gy.reshape(len(mean), -1)
        plain, products = along_rows(_sums, pixels, gy, mean, inv_std)
        per_group = C // self.groups
        means = [
            (scale * s).reshape(-1, per_group).sum(axis=1)
            / scale.dtype.type(self._row_shape[1])
            for s in (plain, products)
        ]
        shift, slope = [m.repeat(per_group).reshape(-1, 1) for m in means]
        gx = along_rows(
            _sloped, pixels, gy, mean, scale * inv_std, shift * inv_std,
            slope * inv_std * inv_std,
        )  # fmt: skip
        return (
            gx.reshape(x.shape),
            products.reshape(N, C).sum(axis=0),
            plain.reshape(N, C).sum(axis=0),
        )

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gamma = self.get_retained_inputs()
        (gy,) = grad_outputs
        if not isinstance(x, Variable):
            if self._fused:
                results = self._backward_fused(x, gamma, gy)
                return tuple([results[i] if i in indexes else None for i in range(3)])
            x, gamma, gy = as_variable(x), as_variable(gamma), as_variable(gy)
        elif self._fused:  # and somebody differentiates it again
            zeros = get_array_module(gamma.array).zeros_like(gamma.array)
            self._forward_by_batch_norm(x.array, gamma.array, zeros)
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
        return cast(sum_of(v, (0, 2)), gamma.dtype)


# Formulas along rows.


def _moments(xp: Any, x: Any, *, eps: Any) -> Any:
    # The mean of numbers around 10,000 is rounded to where the variance has its digits:
    # what it lacks, the mean of the differences, is found on the way to the variance.
    mean = x.mean(axis=-1, keepdims=True)
    centred = x - mean
    rest = centred.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True) - rest * rest
    return mean, rest, 1 / xp.sqrt(variance + eps)


def _normalized(xp: Any, x: Any, gamma: Any, beta: Any, *, eps: Any) -> Any:
    mean, rest, inv_std = _moments(xp, x, eps=eps)
    scale = inv_std * gamma
    return (x - mean) * scale + (beta - rest * scale), mean, inv_std


def _normalized_grad(
    xp: Any, x: Any, gy: Any, gamma: Any, mean: Any, inv_std: Any
) -> Any:
    x_hat, g = (x - mean) * inv_std, gy * gamma
    along = (g * x_hat).mean(axis=-1, keepdims=True)
    gx = (g - g.mean(axis=-1, keepdims=True) - x_hat * along) * inv_std
    return gx, (gy * x_hat).sum(axis=0), gy.sum(axis=0)


def _shifted(xp: Any, x: Any, mean: Any, scale: Any, shift: Any) -> Any:
    return (x - mean) * scale + shift


def _sums(xp: Any, x: Any, gy: Any, mean: Any, inv_std: Any) -> Any:
    products = (gy * (x - mean)).sum(axis=-1, keepdims=True)
    return gy.sum(axis=-1, keepdims=True), products * inv_std


def _sloped(
    xp: Any, x: Any, gy: Any, mean: Any, scale: Any, shift: Any, slope: Any
) -> Any:
    return gy * scale - shift - (x - mean) * slope


@checks_arguments
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
