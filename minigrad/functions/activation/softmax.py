"""The softmax function."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation._activation import AlongAxis
from minigrad.functions.math.sum import sum as sum_of
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Softmax(AlongAxis):
    on_arrays = True
    fresh_gradients = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_outputs((0,))
        return kernels_for(inputs[0]).softmax(inputs[0], self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (y,) = self.get_retained_outputs()
        if not isinstance(y, Variable):
            return kernels_for(y).softmax_grad(y, grad_outputs[0], self.axis)
        gx = y * grad_outputs[0]
        return gx - y * sum_of(gx, axis=self.axis, keepdims=True)


@checks_arguments
def softmax(x: Any, axis: int = 1) -> Variable:
    """Softmax, ``exp(x) / sum(exp(x))`` along an axis.

    Args:
        x: Variable or array, float, with at least ``axis + 1`` axes.
        axis: The axis along which the values sum to 1.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.

    Gradient: ``y * (gy - sum(y * gy))``.
    Double backprop: yes.
    Kernels: reference, numba, cupy.
    Source: Bridle 1990; compatible with chainer.functions.softmax.

    Example:
        >>> F.softmax(np.array([[0., 0., 1000., 1000.]], 'f')).array
        array([[0. , 0. , 0.5, 0.5]], dtype=float32)
    """
    return Softmax(axis).apply((x,))[0]
