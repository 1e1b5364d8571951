"""The zeta function of Hurwitz."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.math._scipy import special
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class Zeta(FunctionNode):
    arg_names = ('q',)
    broadcasting = True
    label = 'zeta'
    public_name = 'zeta'

    def __init__(self, x: Any) -> None:
        self._x = x

    def check_type_forward(self, in_types: InputTypes) -> None:
        (q,) = in_types
        if q.dtype.kind != 'f':
            raise self.refuse("q.dtype.kind == 'f'", q.dtype)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        (q,) = inputs
        xp = get_array_module(q)
        self._x = xp.asarray(self._x, dtype=q.dtype)
        return xp.asarray(special(xp, 'zeta').zeta(self._x, q), dtype=q.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (q,) = self.get_retained_inputs()
        return grad_outputs[0] * zeta(self._x + 1, q) * -self._x


@checks_arguments
def zeta(x: Any, q: Any) -> Variable:
    """Zeta function of Hurwitz: the sum of ``(q + k) ** -x`` over ``k = 0, 1, ...``.

    Args:
        x: Exponents above 1, numbers or an array; broadcast with ``q``.
        q: Variable or array, float, any shape, positive.

    Returns:
        Variable, dtype of ``q``, the broadcast shape.

    Raises:
        InvalidType: ``q`` is not float.
        ImportError: ``q`` lives on the CPU and SciPy is not installed.

    Gradient: ``-x * gy * zeta(x + 1, q)`` to ``q``; none to ``x``.
    Double backprop: yes.
    Kernels: reference, by SciPy or CuPy.
    Source: compatible with chainer.functions.zeta.

    Example:
        >>> F.zeta(2, np.array([1., 2.])).array.round(4)
        array([1.6449, 0.6449])
    """
    return Zeta(as_array(x)).apply((q,))[0]
