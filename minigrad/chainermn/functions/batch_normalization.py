"""Batch normalization with the statistics of the batches of all processes."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.chainermn.functions.collective_communication import allreduce
from minigrad.configuration import config
from minigrad.functions.array.cast import cast
from minigrad.functions.array.concat import concat, split_axis
from minigrad.functions.math.sum_to import sum_to
from minigrad.functions.normalization import batch_normalization as _of_one_process
from minigrad.kernels import kernels_for
from minigrad.types import Array
from minigrad.variable import Variable


class MultiNodeBatchNormalizationFunction(_of_one_process.BatchNormalization):
    """``y = gamma * (x - mean) * inv_std + beta``; mean and variance are everybody's.

    One message carries counts, sums and sums of squares, so batches may differ in size.
    """

    on_arrays = False

    def __init__(
        self,
        comm: Any,
        eps: float = 2e-5,
        mean: Array | None = None,
        var: Array | None = None,
        decay: float = 0.9,
        axis: Any = None,
    ) -> None:
        super().__init__(eps, mean, var, decay, axis)
        self.comm = comm

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gamma, beta = inputs
        self._resolve(x, gamma)
        y, mean, inv_std = kernels_for(x).batch_norm(
            x, gamma, beta, self.eps, self.axis
        )
        # Sums of all in float64, in which squares of large means cost no digits.
        n, size, shape = self.count, gamma.size, gamma.shape
        own = mean.reshape(-1).astype(numpy.float64)
        own_var = inv_std.reshape(-1).astype(numpy.float64) ** -2 - self.eps
        xp = get_array_module(x)
        message = xp.empty(2 * size + 1, numpy.float64)
        message[:size] = n * own
        message[size:-1] = n * (own_var + own * own)
        message[-1] = n
        sums = self.comm.allreduce(message)
        self.total = int(sums[-1])
        means = sums[:size] / self.total
        var = (sums[size:-1] / self.total - means**2).clip(0)
        if self.running_mean is not None:
            self._update_running_statistics(
                means.reshape(shape), var.reshape(shape), self.total
            )

        dtype = mean.dtype
        self.mean = means.reshape(shape).astype(dtype)
        self.inv_std = ((var + self.eps) ** -0.5).reshape(shape).astype(dtype)
        if self.comm.size > 1:  # alone it is right already
            factor = (gamma * self.inv_std).reshape(self.shape)
            y = (x - self.mean.reshape(self.shape)) * factor
            y += beta.reshape(self.shape)
        return y.astype(x.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gamma = self.get_retained_inputs()
        (gy,) = grad_outputs
        if config.enable_backprop:
            gradients = self._recorded(x, gamma, gy)
        else:
            gradients = self._computed(x.array, gamma.array, gy.array)
        return [gradients[i] for i in indexes]

    # With s = inv_std, z = (x - mean) s, S the sum over the axes and A the sum over the
    # axes and all processes, of m values each:
    #   gx = gamma s (gy - (A(gy) + z A(gy z)) / m), ggamma = A(gy z) / processes

    def _computed(self, x: Array, gamma: Array, gy: Array) -> list[Variable]:
        """Returns the gradients, by the kernel of one process and the difference."""
        gx, ggamma, gbeta = kernels_for(x).batch_norm_grad(
            x, gamma, gy, self.mean, self.inv_std, self.axis
        )
        if self.comm.size > 1:
            size, n, shape = gamma.size, self.count, self.shape
            own = get_array_module(x).empty(2 * size, numpy.float64)
            own[:size], own[size:] = ggamma.reshape(-1), gbeta.reshape(-1)
            sums = self.comm.allreduce(own)
            # The kernel took S / n where A / m belongs.
            excess = (own / n - sums / self.total).astype(self.mean.dtype)
            factor = (gamma * self.inv_std).reshape(shape)
            slope = factor * self.inv_std.reshape(shape) * excess[:size].reshape(shape)
            correction = (x - self.mean.reshape(shape)) * slope
            correction += factor * excess[size:].reshape(shape)
            gx = (gx + correction).astype(x.dtype, copy=False)
            means = (sums / self.comm.size).astype(gamma.dtype)
            ggamma = means[:size].reshape(gamma.shape)
            gbeta = means[size:].reshape(gamma.shape)
        return [Variable(g, requires_grad=False) for g in (gx, ggamma, gbeta)]

    def _recorded(self, x: Variable, gamma: Variable, gy: Variable) -> list[Variable]:
        """Returns the gradients by functions, which have gradients in turn."""
        in_dtypes = x.dtype, gamma.dtype, gamma.dtype
        dtype = numpy.promote_types(
            numpy.promote_types(x.dtype, gamma.dtype), numpy.float32
        )
        shape, stored, m = self.shape, gamma.shape, self.total
        x, gy, gamma = [cast(v, dtype) for v in (x, gy, gamma)]
        gamma = gamma.reshape(shape)
        (mean,) = self._everyones(sum_to(x, shape) / m)
        centred = x - mean
        (var,) = self._everyones(sum_to(centred * centred, shape) / m)
        s = (var + self.eps) ** -0.5
        z = centred * s
        gbeta, ggamma = self._everyones(sum_to(gy, shape), sum_to(gy * z, shape))
        gradients = (
            gamma * s * (gy - (gbeta + z * ggamma) / m),
            ggamma.reshape(stored) / self.comm.size,
            gbeta.reshape(stored) / self.comm.size,
        )
        return [cast(g, to) for g, to in zip(gradients, in_dtypes, strict=True)]

    def _everyones(self, *sums: Variable) -> list[Variable]:
        """Adds up statistics over the processes, in one message."""
        parts = [v.reshape(-1) for v in sums]
        message = allreduce(self.comm, concat(parts, axis=0))
        return [v.reshape(self.shape) for v in split_axis(message, len(parts), axis=0)]


def multi_node_batch_normalization(
    comm: Any,
    x: Any,
    gamma: Any,
    beta: Any,
    *,
    eps: float = 2e-5,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    decay: float = 0.9,
    axis: Any = None,
) -> Variable:
    """Normalizes each channel by the mean and variance over the batches of all.

    Args:
        comm: Communicator; all its processes have to call this.
        x: Variable or array, float, shape ``(N, C, ...)``; ``N`` may differ.
        gamma: Scale, of the shape of a channel.
        beta: Shift, shape and dtype of ``gamma``.
        eps: Added to the variance.
        running_mean: Running average of the mean, updated in place.
        running_var: Running average of the unbiased variance, updated in place.
        decay: Weight of the past in the running averages.
        axis: Axes to normalize over; None takes all but the second.

    Returns:
        Variable, shape and dtype of ``x``.

    Gradient: through mean and variance, across the processes. Those of ``gamma`` and
        ``beta`` are means over the processes, as in ChainerMN.
    Double backprop: yes, to any order.
    Source: Ioffe and Szegedy 2015; not in ChainerMN.
    """
    function = MultiNodeBatchNormalizationFunction(
        comm, eps, running_mean, running_var, decay, axis
    )
    return function.apply((x, gamma, beta))[0]
