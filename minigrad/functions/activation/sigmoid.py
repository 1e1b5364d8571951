"""The logistic sigmoid."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.activation._activation import Activation
from minigrad.types import Array
from minigrad.variable import Variable


def sigmoid_array(x: Array) -> Array:
    """Returns ``1 / (1 + exp(-x))``, as a tanh, which cannot overflow."""
    xp = get_array_module(x)
    half = x.dtype.type(0.5)
    y = xp.multiply(x, half, out=xp.empty_like(x))
    xp.tanh(y, out=y)
    y *= half
    y += half
    return y


class Sigmoid(Activation):
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_outputs((0,))
        return sigmoid_array(inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (y,), (gy,) = self.get_retained_outputs(), grad_outputs
        return gy * (y * (1 - y))


def sigmoid(x: Any) -> Variable:
    """Logistic sigmoid, ``1 / (1 + exp(-x))``.

    Args:
        x: Variable or array, float, any shape.

    Returns:
        Variable of the same shape and dtype, values in [0, 1].

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``gy * y * (1 - y)``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.sigmoid.

    Example:
        >>> F.sigmoid(np.array([0., 1e4], 'f')).array
        array([0.5, 1. ], dtype=float32)
    """
    return Sigmoid().apply((x,))[0]
