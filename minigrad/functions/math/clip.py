"""Limitation to an interval."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class Clip(FunctionNode):
    fresh_gradients = True
    arg_names = ('x',)
    on_arrays = True

    def __init__(self, x_min: float | None, x_max: float | None) -> None:
        if x_min is None and x_max is None:
            raise ValueError('clip: x_min, x_max or both must be given')
        if x_min is not None and x_max is not None and x_min >= x_max:
            raise ValueError(f'clip: expected x_min < x_max, got {x_min} and {x_max}')
        self.x_min = x_min
        self.x_max = x_max

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        xp = get_array_module(x)
        return xp.asarray(xp.clip(x, self.x_min, self.x_max), dtype=x.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x = as_array(self.get_retained_inputs()[0])
        inside = True
        if self.x_min is not None:
            inside = x >= self.x_min
        if self.x_max is not None:
            inside = inside & (x <= self.x_max)
        return masked(grad_outputs[0], get_array_module(x).asarray(inside))


@checks_arguments
def clip(x: Any, x_min: float | None, x_max: float | None) -> Variable:
    """Limits elements to an interval.

    Args:
        x: Variable or array, float, any shape.
        x_min: Lower limit, or None.
        x_max: Upper limit, or None.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float.
        ValueError: Neither limit is given, or ``x_min >= x_max``.

    Gradient: ``gy`` in the interval and at its ends, zero outside.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.clip.

    Example:
        >>> F.clip(np.array([-2., 0.5, 3.]), 0., 1.).array
        array([0. , 0.5, 1. ])
    """
    return Clip(x_min, x_max).apply((x,))[0]
