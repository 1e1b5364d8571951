"""The rectified linear unit with a slope for negative inputs."""

from __future__ import annotations

from typing import Any

from minigrad.functions._edges import masked
from minigrad.functions.activation._activation import Activation, split_at_zero
from minigrad.types import Array
from minigrad.variable import Variable


class LeakyReLU(Activation):
    public_name = 'leaky_relu'
    on_arrays = True

    def __init__(self, slope: float = 0.2) -> None:
        self.slope = slope

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.positive = x > 0
        above, below = split_at_zero(x)
        # With a slope of 0 it is relu: minus infinity times 0 would be NaN.
        return above + below * x.dtype.type(self.slope) if self.slope else above

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        if not self.slope:
            return masked(gy, self.positive)
        slope = gy.dtype.type(self.slope)
        return gy * (self.positive + ~self.positive * slope)


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
    Kernels: reference.
    Source: Maas et al. 2013; compatible with chainer.functions.leaky_relu.

    Example:
        >>> F.leaky_relu(np.array([-1., 0., 2.])).array
        array([-0.2,  0. ,  2. ])
    """
    return LeakyReLU(slope).apply((x,))[0]
