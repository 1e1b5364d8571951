"""The polygamma functions."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.math._scipy import special
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class PolyGamma(FunctionNode):
    arg_names = ('n', 'x')
    broadcasting = True
    label = 'polygamma'
    public_name = 'polygamma'

    def check_type_forward(self, in_types: InputTypes) -> None:
        n, x = in_types
        if n.dtype.kind != 'i':
            raise self.refuse("n.dtype.kind == 'i'", n.dtype)
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        n, x = inputs
        xp = get_array_module(x)
        return xp.asarray(special(xp, 'polygamma').polygamma(n, x), dtype=x.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        n, x = self.get_retained_inputs()
        one_more = get_array_module(n).asarray(n.array + 1)  # NumPy makes 0-d a scalar
        return None, grad_outputs[0] * polygamma(one_more, x)


@checks_arguments
def polygamma(n: Any, x: Any) -> Variable:
    """Derivative of order ``n`` of `digamma`, at each element.

    Args:
        n: Orders, signed integers, not negative; broadcast with ``x``.
        x: Variable or array, float, any shape.

    Returns:
        Variable, dtype of ``x``, the broadcast shape.

    Raises:
        InvalidType: ``n`` is not of integers, or ``x`` not float.
        ImportError: ``x`` lives on the CPU and SciPy is not installed.

    Gradient: ``gy * polygamma(n + 1, x)`` to ``x``; none to ``n``.
    Double backprop: yes.
    Kernels: reference, by SciPy or CuPy.
    Source: compatible with chainer.functions.polygamma.

    Example:
        >>> F.polygamma(np.array([0, 1]), np.ones(2)).array.round(4)
        array([-0.5772,  1.6449])
    """
    if isinstance(n, int):
        n = get_array_module(as_array(x)).asarray(n)
    return PolyGamma().apply((n, x))[0]
