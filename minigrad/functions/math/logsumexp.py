"""Logarithm of a sum of exponentials."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.functions._axis import Axis
from minigrad.functions._edges import masked
from minigrad.functions.math._reduction import Reduction
from minigrad.functions.math.elementary import exp
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class LogSumExp(Reduction):
    public_name = 'logsumexp'
    on_arrays = True
    fresh_gradients = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        # The last axis alone, which is the usual one, is a formula along rows.
        self._by_rows = (
            kernels_for(x).fuses_rows
            and x.size > 0
            and self.axis in ((x.ndim - 1,), (-1,))
        )
        if self._by_rows:
            with numpy.errstate(divide='ignore'):
                y = kernels_for(x).along_rows(_value, x.reshape(-1, x.shape[-1]))
            return y.reshape(x.shape[:-1])
        xp = get_array_module(x)
        largest = x.max(axis=self.axis, keepdims=True)  # exp cannot overflow below it
        largest = xp.where(abs(largest) == math.inf, x.dtype.type(0), largest)
        with numpy.errstate(divide='ignore'):  # the logarithm of nothing is -inf
            total = xp.exp(x - largest).sum(axis=self.axis)
            return xp.log(total) + largest.reshape(total.shape)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (y,) = self.get_retained_outputs()
        (gy,) = grad_outputs
        if not isinstance(x, Variable):
            if self._by_rows:
                rows = x.reshape(-1, x.shape[-1])
                columns = y.reshape(-1, 1), gy.reshape(-1, 1)
                gx = kernels_for(x).along_rows(_slope, rows, *columns)
                return gx.reshape(x.shape)
            x, y, gy = as_variable(x), as_variable(y), as_variable(gy)
        total = self.spread(y, x.shape)
        # Infinity less itself: a term of inf is all of the sum, one of -inf nothing.
        share = exp(masked(x - total, x.array != total.array))
        share = masked(share, x.array != -math.inf)
        return self.spread(gy, x.shape) * share


def _value(xp: Any, x: Any) -> Any:
    largest = x.max(axis=-1, keepdims=True)
    largest = xp.where(abs(largest) == math.inf, 0, largest)
    return xp.log(xp.exp(x - largest).sum(axis=-1, keepdims=True)) + largest


def _slope(xp: Any, x: Any, y: Any, gy: Any) -> Any:
    share = xp.exp(xp.where(x == y, 0, x - y))
    return gy * xp.where(x == -math.inf, 0, share)


@checks_arguments
def logsumexp(x: Any, axis: Axis = None) -> Variable:
    """Logarithm of the sum of the exponentials over given axes, without overflow.

    Args:
        x: Variable or array, float, any shape.
        axis: None for all axes, an int, or a tuple of ints.

    Returns:
        Variable, dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        TypeError: ``axis`` is of another type.
        ValueError: An axis stands twice in ``axis``.

    Gradient: ``gy`` times the softmax of ``x`` over the axes.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.logsumexp.

    Example:
        >>> F.logsumexp(np.array([1000., 1000.])).array.round(4)
        np.float64(1000.6931)
    """
    return LogSumExp(axis).apply((x,))[0]
