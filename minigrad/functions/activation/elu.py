"""The exponential linear unit."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions._edges import masked
from minigrad.functions.activation._activation import Activation, split_at_zero
from minigrad.functions.math.elementary import exp
from minigrad.types import Array
from minigrad.variable import Variable


class ELU(Activation):
    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = float(alpha)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        above, below = split_at_zero(x)
        return above + get_array_module(x).expm1(below) * x.dtype.type(self.alpha)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        negative = ~(x.array > 0)  # NaN too
        # Not y + alpha, which has lost its digits at -17; exp(0) where x is positive.
        gx = gy * exp(masked(x, negative))
        if self.alpha != 1:
            gx = gx * (1 + negative * x.dtype.type(self.alpha - 1))
        return gx


def elu(x: Any, alpha: float = 1.0) -> Variable:
    """Exponential linear unit: ``x`` where ``x > 0``, else ``alpha * (exp(x) - 1)``.

    Args:
        x: Variable or array, float, any shape.
        alpha: Minus the limit for very negative ``x``.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``gy`` where ``x > 0``, else ``gy * alpha * exp(x)``.
    Double backprop: yes.
    Kernels: reference.
    Source: Clevert et al. 2015; compatible with chainer.functions.elu.

    Example:
        >>> F.elu(np.array([-1000., 2.])).array
        array([-1.,  2.])
    """
    return ELU(alpha).apply((x,))[0]
