"""Angle of a point in the plane."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions._edges import bounded
from minigrad.functions.math.basic_math import _Binary
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class Arctan2(_Binary):
    label = 'arctan2'
    arg_names = ('x1', 'x2')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return get_array_module(*inputs).arctan2(*inputs)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x1, x2 = [bounded(x) for x in self.get_retained_inputs()]
        xp = get_array_module(as_array(x1))
        # In units of the longer side: squares would leave the range. 0 at the origin.
        unit = xp.maximum(abs(as_array(x1)), abs(as_array(x2)))
        unit = xp.where(unit == 0, unit.dtype.type(1), unit)
        x1, x2 = x1 / unit, x2 / unit
        square = x1 * x1 + x2 * x2
        g = grad_outputs[0] / (square + (as_array(square) == 0)) / unit
        return g * x2 if 0 in indexes else None, -g * x1 if 1 in indexes else None


@checks_arguments
def arctan2(x1: Any, x2: Any) -> Variable:
    """Angle of the point ``(x2, x1)`` seen from the origin, in radians.

    Args:
        x1: Variable or array, float: the vertical coordinates.
        x2: Variable or array, dtype of ``x1``: the horizontal coordinates.

    Returns:
        Variable, between -pi and pi.

    Raises:
        InvalidType: The dtypes differ or are not float, or the shapes do not broadcast.

    Gradient: ``gy * x2 / r**2`` for ``x1``, ``-gy * x1 / r**2`` for ``x2``, with
        ``r**2 = x1**2 + x2**2``; 0 at the origin.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.arctan2.

    Example:
        >>> F.arctan2(np.array([1., 0.]), np.array([1., -1.])).array.round(4)
        array([0.7854, 3.1416])
    """
    return Arctan2().apply((x1, x2))[0]
