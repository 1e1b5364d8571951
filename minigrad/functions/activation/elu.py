"""The exponential linear unit."""

from __future__ import annotations

from typing import Any

from minigrad.functions._edges import masked
from minigrad.functions.activation._activation import Activation
from minigrad.functions.math.elementary import exp
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class ELU(Activation):
    on_arrays = True
    fresh_gradients = True

    def __init__(self, alpha: float = 1.0, scale: float = 1.0) -> None:
        self.alpha = float(alpha)
        self.scale = float(scale)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        steep = self.scale * self.alpha
        return kernels_for(x).elementwise(_value, x, scale=self.scale, steep=steep)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        steep = self.scale * self.alpha
        if not isinstance(x, Variable):
            elementwise = kernels_for(x).elementwise
            return elementwise(_slope, x, gy, scale=self.scale, steep=steep)
        positive = x.array > 0
        slope = exp(masked(x, ~positive)) * steep
        return masked(gy, positive) * self.scale + masked(gy, ~positive) * slope


def _value(xp: Any, x: Any, *, scale: Any, steep: Any) -> Any:
    return xp.maximum(x, 0) * scale + xp.expm1(xp.minimum(x, 0)) * steep


def _slope(xp: Any, x: Any, gy: Any, *, scale: Any, steep: Any) -> Any:
    # Not from y, which has lost its digits at -17.
    return xp.where(x > 0, gy * scale, gy * steep * xp.exp(xp.minimum(x, 0)))


@checks_arguments
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
    Kernels: reference, numba.
    Source: Clevert et al. 2015; compatible with chainer.functions.elu.

    Example:
        >>> F.elu(np.array([-1000., 2.])).array
        array([-1.,  2.])
    """
    return ELU(alpha).apply((x,))[0]
