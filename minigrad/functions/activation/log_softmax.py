"""The logarithm of the softmax function."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation._activation import AlongAxis
from minigrad.functions.math.elementary import exp
from minigrad.functions.math.sum import sum as sum_of
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class LogSoftmax(AlongAxis):
    on_arrays = True
    fresh_gradients = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_outputs((0,))
        return kernels_for(inputs[0]).log_softmax(inputs[0], self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (y,) = self.get_retained_outputs()
        (gy,) = grad_outputs
        if not isinstance(y, Variable):
            return kernels_for(y).log_softmax_grad(y, gy, self.axis)
        return gy - exp(y) * sum_of(gy, axis=self.axis, keepdims=True)


@checks_arguments
def log_softmax(x: Any, axis: int = 1) -> Variable:
    """Logarithm of the softmax, ``x - log(sum(exp(x)))`` along an axis.

    It stays finite where ``log(softmax(x))`` would be the logarithm of zero.

    Args:
        x: Variable or array, float, with at least ``axis + 1`` axes.
        axis: The axis that is normalised.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.

    Gradient: ``gy - softmax(x) * sum(gy)``.
    Double backprop: yes.
    Kernels: reference, numba, cupy.
    Source: compatible with chainer.functions.log_softmax.

    Example:
        >>> F.log_softmax(np.array([[0., 1000.]], 'f')).array
        array([[-1000.,     0.]], dtype=float32)
    """
    return LogSoftmax(axis).apply((x,))[0]
