"""What keeps infinities and NaN away from results that do not depend on them.

``0 * inf`` is NaN: a product is no way to leave an element out. `masked` and `bounded` work
on arrays and on Variables, so that the gradients of nodes can be written with them.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode
from minigrad.kernels import kernels_for
from minigrad.kernels.formula import Step
from minigrad.types import Array
from minigrad.variable import Variable


class _Masked(FunctionNode):
    arg_names = ('x',)
    public_name = 'masked'
    on_arrays = True

    def __init__(self, mask: Array) -> None:
        self.mask = mask

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return masked(inputs[0], self.mask)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return masked(grad_outputs[0], self.mask)


def masked(x: Any, mask: Array) -> Any:
    """Returns ``x`` where ``mask`` is True and 0 elsewhere, whatever stands there.

    Args:
        x: Variable or array, float.
        mask: Bool array whose shape broadcasts to that of ``x``.
    """
    if isinstance(x, Variable):
        return _Masked(mask).apply((x,))[0]
    if isinstance(x, Step):
        return numpy.where(mask, x, 0)  # type: ignore[call-overload]
    return kernels_for(x).masked(x, mask)


class _Bounded(FunctionNode):
    arg_names = ('x',)
    public_name = 'bounded'
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.finite = get_array_module(x).isfinite(x)
        return bounded(x)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return masked(grad_outputs[0], self.finite)


def bounded(x: Any) -> Any:
    """Returns ``x`` with infinities replaced by the largest finite numbers.

    For products with a factor that reaches zero first, as in ``x * exp(-x)``.

    Args:
        x: Variable or array, float.
    """
    if isinstance(x, Variable):
        return _Bounded().apply((x,))[0]
    largest = x.dtype.type(numpy.finfo(x.dtype).max)
    return get_array_module(x).clip(x, -largest, largest)


def from_below(x: Array) -> Array:
    """Returns an array with the lowest finite number in place of minus infinity."""
    return get_array_module(x).maximum(x, x.dtype.type(numpy.finfo(x.dtype).min))
