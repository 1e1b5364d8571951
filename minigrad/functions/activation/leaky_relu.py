"""The rectified linear unit with a slope for negative inputs."""

from __future__ import annotations

from typing import Any

from minigrad.functions._edges import masked
from minigrad.functions.activation._activation import Activation
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class LeakyReLU(Activation):
    public_name = 'leaky_relu'
    on_arrays = True
    fresh_gradients = True

    def __init__(self, slope: float = 0.2) -> None:
        self.slope = slope

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        if self.slope < 0:
            self.retain_inputs((0,))
        else:  # y has the sign of x, and the next function often keeps it
            self.retain_outputs((0,))
        kernels = kernels_for(x)
        if not self.slope:  # minus infinity times 0 would be NaN
            return kernels.relu(x)
        return kernels.elementwise(_value, x, slope=self.slope)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        (x,) = self.get_retained_inputs() or self.get_retained_outputs()
        if not self.slope:
            return masked(gy, as_array(x) > 0)
        if not isinstance(x, Variable):
            return kernels_for(x).elementwise(_slope, x, gy, slope=self.slope)
        positive = x.array > 0
        return gy * (positive + ~positive * gy.dtype.type(self.slope))


def _value(xp: Any, x: Any, *, slope: Any) -> Any:
    return xp.where(x > 0, x, x * slope)


def _slope(xp: Any, x: Any, gy: Any, *, slope: Any) -> Any:
    return xp.where(x > 0, gy, gy * slope)


@checks_arguments
def leaky_relu(x: Any, slope: float = 0.2) -> Variable:
    """Leaky rectified linear unit: ``x`` where ``x > 0``, else ``slope * x``.

    Args:
        x: Variable or array, float, any shape.
        slope: Factor on negative elements.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``gy`` where ``x > 0``, else ``slope * gy`` (also at 0).
    Double backprop: yes.
    Kernels: reference, numba.
    Source: Maas et al. 2013; compatible with chainer.functions.leaky_relu.

    Example:
        >>> F.leaky_relu(np.array([-1., 0., 2.])).array
        array([-0.2,  0. ,  2. ])
    """
    return LeakyReLU(slope).apply((x,))[0]
