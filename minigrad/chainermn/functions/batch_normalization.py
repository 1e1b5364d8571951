"""Batch normalization with the statistics of the batches of all processes."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.chainermn.functions.collective_communication import allreduce
from minigrad.configuration import config
from minigrad.functions.array.cast import cast
from minigrad.functions.array.concat import concat
from minigrad.functions.array.split_axis import split_axis
from minigrad.functions.math.sum_to import sum_to
from minigrad.functions.normalization.batch_normalization import _NormalizesOverAxes
from minigrad.types import Array
from minigrad.variable import Variable


class MultiNodeBatchNormalizationFunction(_NormalizesOverAxes):
    """``y = gamma * (x - mean) * inv_std + beta``; mean and variance are everybody's.

    Counts, sums and sums of squares are added up in float64, in one message: mean and
    variance are as exact as over one batch, and batches may differ in size.
    """

    def __init__(
        self,
        comm: Any,
        eps: float = 2e-5,
        mean: Array | None = None,
        var: Array | None = None,
        decay: float = 0.9,
        axis: Any = None,
    ) -> None:
        super().__init__(eps, axis)
        self.comm = comm
        self.running_mean: Any = mean
        self.running_var: Any = var
        self.decay = decay

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gamma, beta = inputs
        self._resolve(x, gamma)
        xp = get_array_module(x)
        wide = numpy.promote_types(x.dtype, numpy.float32)
        mean = x.mean(axis=self.axis, keepdims=True, dtype=wide)
        centred = x - mean
        squares = (centred * centred).mean(axis=self.axis, dtype=wide)

        n, size = self.count, gamma.size
        own = mean.reshape(-1).astype(numpy.float64)
        message = xp.empty(2 * size + 1, numpy.float64)
        message[:size] = n * own
        message[size:-1] = n * (squares.reshape(-1) + own * own)
        message[-1] = n
        total = self.comm.allreduce(message)
        self.total = int(total[-1])
        everyones = total[:size] / total[-1]
        variance = (total[size:-1] / total[-1] - everyones**2).clip(0)
        self.inv_std = ((variance + self.eps) ** -0.5).reshape(self.shape).astype(wide)
        self.shift = everyones.reshape(self.shape).astype(wide)
        self._average(everyones.reshape(gamma.shape), variance.reshape(gamma.shape))

        y = x - self.shift
        y *= self.inv_std * gamma.reshape(self.shape)
        y += beta.reshape(self.shape)
        return y.astype(x.dtype, copy=False)

    def _average(self, mean: Array, var: Array) -> None:
        if self.running_mean is None:
            return
        unbiased = self.total / max(self.total - 1, 1)
        for running, now in (
            (self.running_mean, mean),
            (self.running_var, unbiased * var),
        ):
            running *= self.decay
            running += (1 - self.decay) * now

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        # With s = inv_std, z = (x - mean) s, S the sum over the axes and A the sum over
        # the axes and all processes, of m values each:
        #   gx = gamma s (gy - (A(gy) + z A(gy z)) / m), ggamma = A(gy z) / processes
        # Mean and s are made of x here, by functions, so that they have derivatives.
        x, gamma = self.get_retained_inputs()
        (gy,) = grad_outputs
        in_dtypes = x.dtype, gamma.dtype, gamma.dtype
        dtype = numpy.promote_types(
            numpy.promote_types(x.dtype, gamma.dtype), numpy.float32
        )
        shape, stored, m = self.shape, gamma.shape, self.total
        x, gy, gamma = [cast(v, dtype) for v in (x, gy, gamma)]
        gamma = gamma.reshape(shape)

        mean, s = self._statistics(x)
        z = (x - mean) * s
        gbeta, ggamma = self._everyones(sum_to(gy, shape), sum_to(gy * z, shape))
        gx = gamma * s * (gy - (gbeta + z * ggamma) / m)
        gradients = (
            gx,
            ggamma.reshape(stored) / self.comm.size,
            gbeta.reshape(stored) / self.comm.size,
        )
        return [cast(gradients[i], in_dtypes[i]) for i in indexes]

    def _statistics(self, x: Variable) -> tuple[Variable, Variable]:
        """Returns the mean and the inverse deviation, in the shape of a statistic."""
        if not config.enable_backprop:
            return Variable(self.shift.astype(x.dtype)), Variable(
                self.inv_std.astype(x.dtype)
            )
        (mean,) = self._everyones(sum_to(x, self.shape) / self.total)
        centred = x - mean
        (var,) = self._everyones(sum_to(centred * centred, self.shape) / self.total)
        return mean, (var + self.eps) ** -0.5

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
