"""The hyperbolic tangent."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.activation._activation import Activation
from minigrad.types import Array
from minigrad.variable import Variable


class Tanh(Activation):
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_outputs((0,))
        return get_array_module(inputs[0]).tanh(inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (y,), (gy,) = self.get_retained_outputs(), grad_outputs
        return gy * (1 - y * y)


def tanh(x: Any) -> Variable:
    """Hyperbolic tangent.

    Args:
        x: Variable or array, float, any shape.

    Returns:
        Variable of the same shape and dtype, values in [-1, 1].

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``gy * (1 - y ** 2)``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.tanh.

    Example:
        >>> F.tanh(np.array([0., 1e4], 'f')).array
        array([0., 1.], dtype=float32)
    """
    return Tanh().apply((x,))[0]
