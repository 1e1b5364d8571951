"""The rectified linear unit."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode
from minigrad.functions.activation._activation import Activation
from minigrad.kernels import kernels_for
from minigrad.types import Array
from minigrad.variable import Variable


class ReLU(Activation):
    public_name = 'relu'
    on_arrays = True
    fresh_gradients = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_outputs((0,))
        return kernels_for(inputs[0]).relu(inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (y,), (gy,) = self.get_retained_outputs(), grad_outputs
        if isinstance(gy, Variable):
            return ReLUGrad(y.array).apply((gy,))
        return kernels_for(gy).relu_grad(y, gy)


class ReLUGrad(FunctionNode):
    """``gy`` where ``y > 0``: linear in ``gy``, so it is its own derivative."""

    arg_names = ('gy',)

    def __init__(self, y: Array) -> None:
        self.y = y

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return kernels_for(inputs[0]).relu_grad(self.y, inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return ReLUGrad(self.y).apply(grad_outputs)


def relu(x: Any) -> Variable:
    """Rectified linear unit, ``max(x, 0)``; NaN stays NaN.

    Args:
        x: Variable or array, float, any shape.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``gy`` where ``x > 0``, else 0 (also at 0).
    Double backprop: yes.
    Kernels: reference, numba, cupy.
    Source: Nair and Hinton 2010; compatible with chainer.functions.relu.

    Example:
        >>> F.relu(np.array([-1., 0., 2.], 'f')).array
        array([0., 0., 2.], dtype=float32)
    """
    return ReLU().apply((x,))[0]
