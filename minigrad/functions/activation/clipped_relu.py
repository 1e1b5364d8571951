"""The rectified linear unit with an upper bound."""

from __future__ import annotations

from typing import Any

from minigrad.functions._edges import masked
from minigrad.functions.activation._activation import Activation
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class ClippedReLU(Activation):
    public_name = 'clipped_relu'
    on_arrays = True
    fresh_gradients = True

    def __init__(self, z: float) -> None:
        if not z > 0:
            raise ValueError(f'clipped_relu: expected z > 0, got {z}')
        self.cap = z

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_outputs((0,))
        return kernels_for(x).elementwise(_value, x, cap=self.cap)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        (y,) = self.get_retained_outputs()
        if not isinstance(y, Variable):
            return kernels_for(y).elementwise(_slope, y, gy, cap=self.cap)
        return masked(gy, (y.array > 0) & (y.array < self.cap))


def _value(xp: Any, x: Any, *, cap: Any) -> Any:
    return xp.minimum(xp.maximum(x, 0), cap)


def _slope(xp: Any, y: Any, gy: Any, *, cap: Any) -> Any:
    return xp.where((y > 0) & (y < cap), gy, 0)


@checks_arguments
def clipped_relu(x: Any, z: float = 20.0) -> Variable:
    """Rectified linear unit with an upper bound, ``min(max(x, 0), z)``.

    Args:
        x: Variable or array, float, any shape.
        z: The bound, positive.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float.
        ValueError: ``z`` is not positive.

    Gradient: ``gy`` where ``0 < x < z``, else 0.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.clipped_relu.

    Example:
        >>> F.clipped_relu(np.array([-1., 2., 30.])).array
        array([ 0.,  2., 20.])
    """
    return ClippedReLU(z).apply((x,))[0]


def relu6(x: Any) -> Variable:
    """Rectified linear unit with the bound 6, ``min(max(x, 0), 6)``.

    Args:
        x: Variable or array, float, any shape.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``gy`` where ``0 < x < 6``, else 0.
    Double backprop: yes.
    Kernels: reference.
    Source: Krizhevsky 2010; compatible with chainer.functions.relu6.

    Example:
        >>> F.relu6(np.array([-1., 2., 30.])).array
        array([0., 2., 6.])
    """
    return ClippedReLU(6.0).apply((x,))[0]
