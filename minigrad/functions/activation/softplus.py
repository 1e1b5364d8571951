"""The softplus function."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.activation._activation import Activation
from minigrad.functions.activation.sigmoid import sigmoid, sigmoid_array
from minigrad.kernels import kernels_for
from minigrad.kernels.formula import Step
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


def softplus_array(x: Array) -> Array:
    """Returns ``log(1 + exp(x))``, without overflow.

    NumPy's logaddexp is the same, and fifteen times slower.
    """
    xp = get_array_module(x)
    return xp.maximum(x, x.dtype.type(0)) + xp.log1p(xp.exp(-abs(x)))


class Softplus(Activation):
    on_arrays = True
    fresh_gradients = True

    def __init__(self, beta: float = 1.0) -> None:
        self.beta = float(beta)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        return kernels_for(x).elementwise(_value, x, beta=self.beta, part=1 / self.beta)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        if isinstance(x, Variable):
            return gy * sigmoid(x * self.beta)
        return kernels_for(x).elementwise(_slope, x, gy, beta=self.beta)


def _value(xp: Any, x: Any, *, beta: Any, part: Any) -> Any:
    return softplus_array(x * beta) * part


def _slope(xp: Any, x: Any, gy: Any, *, beta: Any) -> Any:
    return gy * sigmoid_array(x * beta)


@checks_arguments
def softplus(x: Any, beta: float = 1.0) -> Variable:
    """Softplus, ``log(1 + exp(beta * x)) / beta``: a smooth rectified linear unit.

    Args:
        x: Variable or array, float, any shape.
        beta: Sharpness of the bend.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``gy * sigmoid(beta * x)``.
    Double backprop: yes.
    Kernels: reference, numba.
    Source: Dugas et al. 2000; compatible with chainer.functions.softplus.

    Example:
        >>> F.softplus(np.array([-1000., 0., 10.])).array.round(3)
        array([ 0.   ,  0.693, 10.   ])
    """
    if isinstance(x, Step):  # in a formula of another function
        return softplus_array(x)  # type: ignore[no-any-return]
    return Softplus(beta).apply((x,))[0]
