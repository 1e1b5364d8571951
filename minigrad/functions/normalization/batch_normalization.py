"""Batch normalization, with the statistics of the batch or with given ones."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import Axis
from minigrad.functions._derivative import derive
from minigrad.functions.array.cast import cast
from minigrad.functions.math.sum_to import sum_to
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class _NormalizesOverAxes(FunctionNode):
    """Has ``x`` first, and parameters that go along the axes not reduced."""

    arg_names = ('x', 'gamma', 'beta', 'mean', 'var')

    def __init__(self, eps: float = 2e-5, axis: Axis = None) -> None:
        self.eps = eps
        self.axis: Any = _sorted_axis(self.public_name, axis)  # a tuple after forward

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, gamma = in_types[:2]
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if gamma.dtype.kind != 'f':
            raise self.refuse("gamma.dtype.kind == 'f'", gamma.dtype)
        for name, param in zip(self.arg_names[2:], in_types[2:], strict=False):
            if param.dtype != gamma.dtype:
                raise self.refuse(
                    f'{name}.dtype == gamma.dtype', f'{param.dtype} != {gamma.dtype}'
                )
            if param.shape != gamma.shape:
                raise self.refuse(
                    f'{name}.shape == gamma.shape', f'{param.shape} != {gamma.shape}'
                )
        axis = _reduced_axis(x.ndim, gamma.ndim, self.axis)
        channels = tuple([n for i, n in enumerate(x.shape) if i not in axis])
        if gamma.shape != channels or x.ndim != len(axis) + gamma.ndim:
            raise self.refuse(
                f'gamma.shape == {channels}, the axes of x that axis={axis} leaves',
                gamma.shape,
            )

    def _resolve(self, x: Array, gamma: Array) -> None:
        """Notes the reduced axes, the shape of a statistic beside x, and its count."""
        self.axis = axis = _reduced_axis(x.ndim, gamma.ndim, self.axis)
        self.shape = tuple([1 if i in axis else n for i, n in enumerate(x.shape)])
        self.count = x.size // max(gamma.size, 1)


class BatchNormalization(_NormalizesOverAxes):
    """``y = gamma * (x - mean) * inv_std + beta``, in one kernel."""

    fresh_gradients = True
    on_arrays = True

    def __init__(
        self,
        eps: float = 2e-5,
        mean: Array | None = None,
        var: Array | None = None,
        decay: float = 0.9,
        axis: Axis = None,
    ) -> None:
        super().__init__(eps, axis)
        self.running_mean: Any = mean
        self.running_var: Any = var
        self.decay = decay

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gamma, beta = inputs
        self._resolve(x, gamma)
        if not x.size:  # nothing to normalize, and nothing to learn from
            self.mean, self.inv_std = gamma * 0, gamma * 0 + 1
            return x.copy()
        y, self.mean, self.inv_std = kernels_for(x).batch_norm(
            x, gamma, beta, self.eps, self.axis
        )
        if self.running_mean is not None:
            var = (self.inv_std**-2 - self.eps).clip(0)
            self._update_running_statistics(self.mean, var, self.count)
        return y

    def _update_running_statistics(self, mean: Array, var: Array, count: int) -> None:
        weight = 1 - self.decay
        # The variance is expected of other batches, so it must be the unbiased one.
        unbiased = count / max(count - 1, 1)
        self.running_mean *= self.decay
        self.running_mean += weight * mean
        self.running_var *= self.decay
        self.running_var += weight * unbiased * var

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gamma = self.get_retained_inputs()
        return derive(BatchNormalizationGrad(self), x, gamma, grad_outputs[0])


class BatchNormalizationGrad(FunctionNode):
    """``gx``, ``ggamma`` and ``gbeta``, in one kernel."""

    arg_names = ('x', 'gamma', 'gy')

    def __init__(self, forward: Any) -> None:
        self.eps, self.axis, self.shape = forward.eps, forward.axis, forward.shape
        self.count = forward.count
        self.mean, self.inv_std = forward.mean, forward.inv_std

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1, 2))
        x, gamma, gy = inputs
        return kernels_for(x).batch_norm_grad(
            x, gamma, gy, self.mean, self.inv_std, self.axis
        )

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        # With s = inv_std, z = (x - mean) s, m = count and S the sum over the axes:
        #   ggamma = S(gy z), gbeta = S(gy), gx = gamma s Q(gy),
        #   Q(v) = v - (S(v) + z S(v z)) / m, which is symmetric.
        # mean and s are functions of x here, so derivatives of any order are right.
        x, gamma, gy = self.get_retained_inputs()
        dtype = numpy.promote_types(
            numpy.promote_types(x.dtype, gamma.dtype), numpy.float32
        )
        in_dtypes = x.dtype, gamma.dtype, gy.dtype
        shape, m = self.shape, max(self.count, 1)

        def S(v: Variable) -> Variable:
            return sum_to(v, shape)

        def wide(v: Variable | None, like: Variable, shape: Any) -> Variable:
            if v is None:
                return Variable(like.xp.zeros(shape, dtype), requires_grad=False)
            return cast(v, dtype).reshape(shape)

        ggx = wide(grad_outputs[0], x, x.shape)
        gggamma = wide(grad_outputs[1], x, shape)
        ggbeta = wide(grad_outputs[2], x, shape)
        x, gamma, gy = (
            cast(x, dtype),
            cast(gamma, dtype).reshape(shape),
            cast(gy, dtype),
        )

        centred = x - S(x) / m
        s = (S(centred * centred) / m + self.eps) ** -0.5
        z = centred * s
        ggx_z, gy_z = S(ggx * z), S(gy * z)
        # S(ggx Q(gy)): what the factor gamma s of gx is multiplied by
        product = S(ggx * gy) - (S(ggx) * S(gy) + ggx_z * gy_z) / m

        gradients: list[Any] = []
        if 0 in indexes:
            gz = gggamma * gy - (gamma * s / m) * (ggx * gy_z + gy * ggx_z)
            gx = s * (gz - (S(gz) + z * S(gz * z)) / m) - z * (
                gamma * product * s * s / m
            )
            gradients.append(gx)
        if 1 in indexes:
            gradients.append((s * product).reshape(self.mean.shape))
        if 2 in indexes:
            ggy = gggamma * z + ggbeta
            ggy += gamma * s * (ggx - (S(ggx) + z * ggx_z) / m)
            gradients.append(ggy)
        return [cast(g, in_dtypes[i]) for i, g in zip(indexes, gradients, strict=True)]


class FixedBatchNormalization(_NormalizesOverAxes):
    """``y = gamma * (x - mean) / sqrt(var + eps) + beta``, all five differentiable."""

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1, 3, 4))
        x, gamma, beta, mean, var = inputs
        self._resolve(x, gamma)
        shape = self.shape
        factor = gamma / get_array_module(x).sqrt(var + self.eps)
        y = x - mean.reshape(shape)
        y *= factor.reshape(shape)
        y += beta.reshape(shape)
        return y.astype(x.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gamma, mean, var = self.get_retained_inputs()
        (gy,) = grad_outputs
        in_dtypes = (x.dtype, *[gamma.dtype] * 4)
        dtype = numpy.promote_types(x.dtype, gamma.dtype)
        stored, shape = gamma.shape, self.shape
        x, gy, gamma, mean, var = [cast(v, dtype) for v in (x, gy, gamma, mean, var)]
        inv_std = (var + self.eps) ** -0.5
        x_hat = (x - mean.reshape(shape)) * inv_std.reshape(shape)
        factor = gamma * inv_std
        gbeta = sum_to(gy, shape).reshape(stored)
        ggamma = sum_to(gy * x_hat, shape).reshape(stored)
        gradients = (
            gy * factor.reshape(shape),
            ggamma,
            gbeta,
            -factor * gbeta,
            -0.5 * factor * inv_std * ggamma,
        )
        return [cast(gradients[i], in_dtypes[i]) for i in indexes]


def _sorted_axis(function: str, axis: Axis) -> tuple[int, ...] | None:
    if axis is None:
        return None
    if isinstance(axis, int):
        return (axis,)
    if not isinstance(axis, Sequence):
        raise RuntimeError(
            f'{function}: axis must be int, tuple of int or None, got {axis!r}'
        )
    if any(a >= b for a, b in itertools.pairwise(axis)):
        raise RuntimeError(
            f'{function}: numbers in axis must be sorted in ascending order, got {axis}'
        )
    return tuple(axis)


def _reduced_axis(
    x_ndim: int, gamma_ndim: int, axis: tuple[int, ...] | None
) -> tuple[int, ...]:
    """Returns the axes to normalize over; by default the first and the last ones."""
    return (0, *range(gamma_ndim + 1, x_ndim)) if axis is None else axis


@checks_arguments
def batch_normalization(
    x: Any,
    gamma: Any,
    beta: Any,
    *,
    eps: float = 2e-5,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    decay: float = 0.9,
    axis: Axis = None,
) -> Variable:
    """Normalizes each channel by the mean and variance of the batch.

    ``y = gamma * (x - mean) / sqrt(var + eps) + beta``

    Args:
        x: Variable or array, float, shape ``(N, C, ...)``.
        gamma: Scale, float, of the shape of a channel: that of ``x`` without the axes
            normalized over, usually ``(C,)``. May be of a wider dtype than ``x``.
        beta: Shift, shape and dtype of ``gamma``.
        eps: Added to the variance.
        running_mean: Running average of the mean, updated in place; None for none.
        running_var: Running average of the unbiased variance, updated in place; given
            if and only if ``running_mean`` is.
        decay: Weight of the past in the running averages.
        axis: Axes to normalize over, ascending; None takes the first axis and those
            after the channel's.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: An input is not float, or the shapes do not fit.
        RuntimeError: ``axis`` is not ascending.
        ValueError: Only one of the running averages is given.

    Warns:
        UserWarning: Only one value per channel: the output is ``beta``.

    Gradient: through the mean and the variance too.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn.
    Source: Ioffe and Szegedy 2015; compatible with chainer.functions.batch_normalization.

    Example:
        >>> x = np.array([[1.], [3.]], 'f')
        >>> F.batch_normalization(x, np.ones(1, 'f'), np.zeros(1, 'f')).array.round(3)
        array([[-1.],
               [ 1.]], dtype=float32)
    """
    if (running_mean is None) != (running_var is None):
        raise ValueError(
            'batch_normalization: running_mean and running_var must be given together, '
            f'got only {"running_mean" if running_var is None else "running_var"}'
        )
    function = BatchNormalization(eps, running_mean, running_var, decay, axis)
    (y,) = function.apply((x, gamma, beta))
    if function.count == 1:
        cause = (
            'a batch of one sample; perhaps an evaluation runs while config.train is '
            'True, or the last batch of an epoch is short'
            if 0 in function.axis
            else f'length 1 along every axis of {function.axis}'
        )
        warnings.warn(
            'batch_normalization: there is one value per channel, so the output is '
            f'always beta: {cause}',
            UserWarning,
            stacklevel=2,
        )
    return y


@checks_arguments
def fixed_batch_normalization(
    x: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    eps: float = 2e-5,
    axis: Axis = None,
) -> Variable:
    """Normalizes each channel by a given mean and variance, as after training.

    ``y = gamma * (x - mean) / sqrt(var + eps) + beta``

    Args:
        x: Variable or array, float, shape ``(N, C, ...)``.
        gamma: Scale, float, of the shape of a channel, usually ``(C,)``.
        beta: Shift, shape and dtype of ``gamma``.
        mean: Mean, shape and dtype of ``gamma``.
        var: Variance, shape and dtype of ``gamma``.
        eps: Added to the variance.
        axis: Axes that are not the channel's, ascending; None takes the first axis and
            those after the channel's.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: An input is not float, or the shapes do not fit.
        RuntimeError: ``axis`` is not ascending.

    Gradient: to all five inputs.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Ioffe and Szegedy 2015; compatible with
        chainer.functions.fixed_batch_normalization.

    Example:
        >>> one = np.ones(1, 'f')
        >>> F.fixed_batch_normalization(
        ...     np.array([[5.]], 'f'), one, one, one, 4 * one, eps=0).array
        array([[3.]], dtype=float32)
    """
    function = FixedBatchNormalization(eps, axis)
    return function.apply((x, gamma, beta, mean, var))[0]
