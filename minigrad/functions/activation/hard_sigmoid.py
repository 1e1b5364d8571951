"""A piecewise linear sigmoid."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.activation._activation import Activation
from minigrad.types import Array
from minigrad.variable import Variable


class HardSigmoid(Activation):
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        number = x.dtype.type
        self.sloping = abs(x) < number(2.5)
        return get_array_module(x).clip(
            x * number(0.2) + number(0.5), number(0), number(1)
        )

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        return gy * (self.sloping * gy.dtype.type(0.2))


def hard_sigmoid(x: Any) -> Variable:
    """Piecewise linear sigmoid, ``0.2 * x + 0.5`` clipped to [0, 1].

    Args:
        x: Variable or array, float, any shape.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``0.2 * gy`` where ``-2.5 < x < 2.5``, else 0.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.hard_sigmoid.

    Example:
        >>> F.hard_sigmoid(np.array([-3., 0., 1., 3.])).array
        array([0. , 0.5, 0.7, 1. ])
    """
    return HardSigmoid().apply((x,))[0]
