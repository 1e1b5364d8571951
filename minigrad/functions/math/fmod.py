"""Remainders of division."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.math.basic_math import _Binary
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class Fmod(_Binary):
    label = 'fmod'
    arg_names = ('x', 'divisor')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return get_array_module(*inputs).fmod(*inputs)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        if 1 not in indexes:
            return gy, None
        x, divisor = [as_array(v) for v in self.get_retained_inputs()]
        return gy, gy * -get_array_module(x).trunc(x / divisor)


@checks_arguments
def fmod(x: Any, divisor: Any) -> Variable:
    """Remainder of a division, with the sign of ``x``, as in C.

    The operator ``%`` has the sign of the divisor, as in Python.

    Args:
        x: Variable or array, float.
        divisor: Variable or array, dtype of ``x``, of a shape that broadcasts with it.

    Returns:
        Variable, ``x - fix(x / divisor) * divisor``.

    Raises:
        InvalidType: The dtypes differ or are not float, or the shapes do not broadcast.

    Gradient: ``gy`` for ``x``, ``-fix(x / divisor) * gy`` for ``divisor``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.fmod.

    Example:
        >>> F.fmod(np.array([5., -5.]), np.array([3., 3.])).array
        array([ 2., -2.])
    """
    return Fmod().apply((x, divisor))[0]


class Remainder(_Binary):
    label = '_ % _'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return inputs[0] % inputs[1]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        if 1 not in indexes:
            return gy, None
        x, divisor = [as_array(v) for v in self.get_retained_inputs()]
        return gy, gy * -get_array_module(x).floor(x / divisor)


def remainder(x: Any, divisor: Any) -> Variable:
    """Returns ``x % divisor``, with the sign of the divisor, as NumPy does."""
    return Remainder().apply((x, divisor))[0]
