"""Batch renormalization: batch normalization that stays near the running statistics."""

from __future__ import annotations

import warnings
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.functions.array.cast import cast
from minigrad.functions.loss._pair import wide
from minigrad.functions.math.sum_to import sum_to
from minigrad.functions.normalization.batch_normalization import (
    _NormalizesOverAxes,
    fixed_batch_normalization,
)
from minigrad.kernels.reference import centre
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class BatchRenormalizationFunction(_NormalizesOverAxes):
    """``y = gamma * ((x - mean) / std * r + d) + beta``; r and d count as constants."""

    public_name = 'batch_renormalization'

    def __init__(
        self,
        eps: float = 2e-5,
        mean: Array | None = None,
        var: Array | None = None,
        decay: float = 0.9,
        rmax: float = 1,
        dmax: float = 0,
        update_statistics: bool = True,
    ) -> None:
        super().__init__(eps)
        self.running_mean: Any = mean
        self.running_var: Any = var
        self.decay = decay
        self.rmax, self.dmax = rmax, dmax
        self.update_statistics = update_statistics

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gamma, beta = inputs
        self._resolve(x, gamma)
        xp, shape = get_array_module(x), self.shape
        dtype = wide(numpy.promote_types(x.dtype, gamma.dtype))
        if not x.size:  # nothing to normalize, and nothing to learn from
            self.r, self.d = xp.ones(shape, dtype), xp.zeros(shape, dtype)
            return x.copy()
        mean, centred = centre(x.astype(dtype), self.axis)
        var = (centred * centred).mean(axis=self.axis, keepdims=True)
        std = xp.sqrt(var + self.eps)
        known_mean = self.running_mean.reshape(shape).astype(dtype)
        known_std = xp.sqrt(self.running_var.reshape(shape).astype(dtype) + self.eps)
        self.r = xp.clip(std / known_std, 1 / self.rmax, self.rmax)
        self.d = xp.clip((mean - known_mean) / known_std, -self.dmax, self.dmax)
        y = gamma.reshape(shape) * (centred / std * self.r + self.d)
        y += beta.reshape(shape)
        if self.update_statistics:
            self._update_(self.running_mean, mean)
            # As in batch normalization, the unbiased variance.
            self._update_(self.running_var, var * (self.count / max(self.count - 1, 1)))
        return y.astype(x.dtype, copy=False)

    def _update_(self, running: Array, statistic: Array) -> None:
        running *= self.decay
        running += ((1 - self.decay) * statistic.reshape(running.shape)).astype(
            running.dtype
        )

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        # With s = 1 / std, z = (x - mean) s and S the sum over the axes:
        #   gx = gamma r s (gy - (S(gy) + z S(gy z)) / m)
        x, gamma = self.get_retained_inputs()
        in_dtypes = x.dtype, gamma.dtype, gamma.dtype
        stored, shape, m = gamma.shape, self.shape, max(self.count, 1)
        dtype = self.r.dtype
        x, gy = cast(x, dtype), cast(grad_outputs[0], dtype)
        gamma = cast(gamma, dtype).reshape(shape)
        centred = x - sum_to(x, shape) / m
        s = (sum_to(centred * centred, shape) / m + self.eps) ** -0.5
        z = centred * s
        gbeta, gscale = sum_to(gy, shape), sum_to(gy * z, shape)
        gradients = (
            gamma * self.r * s * (gy - (gbeta + z * gscale) / m),
            (gscale * self.r + gbeta * self.d).reshape(stored),
            gbeta.reshape(stored),
        )
        return [cast(gradients[i], in_dtypes[i]) for i in indexes]


@checks_arguments
def batch_renormalization(
    x: Any,
    gamma: Any,
    beta: Any,
    rmax: float,
    dmax: float,
    eps: float = 2e-5,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    decay: float = 0.9,
    update_statistics: bool = False,
) -> Variable:
    """Normalizes by the batch, corrected towards the running statistics.

    ``y = gamma * ((x - mean) / std * r + d) + beta``, where ``r`` is ``std`` over the
    running one, within ``[1 / rmax, rmax]``, and ``d`` how far ``mean`` is from the
    running one in units of the running deviation, within ``[-dmax, dmax]``. Without
    those bounds the output would be that of the running statistics.

    Args:
        x: Variable or array, float, shape ``(N, C, ...)``.
        gamma: Scale, float, of the shape of a channel, usually ``(C,)``.
        beta: Shift, shape and dtype of ``gamma``.
        rmax: Largest correction of the deviation, at least 1.
        dmax: Largest correction of the mean, at least 0.
        eps: Added to the variances.
        running_mean: Running average of the mean, required.
        running_var: Running average of the variance, required.
        decay: Weight of the past in the running averages.
        update_statistics: If True, the averages are updated in place.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: An input is not float, or the shapes do not fit.
        TypeError: A running average is missing.

    Gradient: through the mean and the variance, but not through ``r`` and ``d``.
    Double backprop: yes, with ``r`` and ``d`` as constants.
    Kernels: reference.
    Source: Ioffe 2017; compatible with chainer.functions.batch_renormalization.

    Example:
        >>> x, one, zero = np.array([[1.], [3.]]), np.ones(1), np.zeros(1)
        >>> F.batch_renormalization(
        ...     x, one, zero, 3, 5, running_mean=zero, running_var=one).array.round(3)
        array([[1.],
               [3.]])
    """
    if running_mean is None or running_var is None:
        missing = 'running_mean' if running_mean is None else 'running_var'
        raise TypeError(f'batch_renormalization: {missing} is required')
    function = BatchRenormalizationFunction(
        eps, running_mean, running_var, decay, rmax, dmax, update_statistics
    )
    return function.apply((x, gamma, beta))[0]


@checks_arguments
def fixed_batch_renormalization(
    x: Any, gamma: Any, beta: Any, mean: Any, var: Any, eps: float = 2e-5
) -> Variable:
    """Normalizes each channel by a given mean and variance, as after training.

    Deprecated name of `fixed_batch_normalization`.

    Args:
        x: Variable or array, float, shape ``(N, C, ...)``.
        gamma: Scale, float, of the shape of a channel, usually ``(C,)``.
        beta: Shift, shape and dtype of ``gamma``.
        mean: Mean, shape and dtype of ``gamma``.
        var: Variance, shape and dtype of ``gamma``.
        eps: Added to the variance.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: An input is not float, or the shapes do not fit.

    Warns:
        DeprecationWarning: Always.

    Gradient: to all five inputs.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Ioffe 2017; compatible with chainer.functions.fixed_batch_renormalization.

    Example:
        >>> import warnings
        >>> one = np.ones(1, 'f')
        >>> with warnings.catch_warnings(action='ignore'):
        ...     F.fixed_batch_renormalization(
        ...         np.array([[5.]], 'f'), one, one, one, 4 * one, eps=0).array
        array([[3.]], dtype=float32)
    """
    warnings.warn(
        'fixed_batch_renormalization is deprecated. '
        'Use fixed_batch_normalization instead.',
        DeprecationWarning,
        stacklevel=2,
    )
    return fixed_batch_normalization(x, gamma, beta, mean, var, eps)
