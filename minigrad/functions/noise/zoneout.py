"""Zoneout."""

from __future__ import annotations

from typing import Any

from minigrad.configuration import config
from minigrad.function_node import FunctionNode
from minigrad.functions._edges import masked
from minigrad.functions.noise._draw import uniform_like
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.utils import argument
from minigrad.variable import Variable, as_variable


class Zoneout(FunctionNode):
    arg_names = ('h', 'x')
    on_arrays = True

    def __init__(self, zoneout_ratio: float) -> None:
        if not 0 <= zoneout_ratio <= 1:
            raise ValueError(f'zoneout: expected 0 <= ratio <= 1, got {zoneout_ratio}')
        self.zoneout_ratio = zoneout_ratio

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        h, x = inputs
        new = uniform_like(x) >= self.zoneout_ratio
        self.flag_x, self.flag_h = new, ~new
        return masked(h, self.flag_h) + masked(x, self.flag_x)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        return masked(gy, self.flag_h), masked(gy, self.flag_x)


@checks_arguments
def zoneout(h: Any, x: Any, ratio: float = 0.5, **kwargs: Any) -> Variable:
    """Keeps elements of the former state at random, takes the new state elsewhere.

    Outside training (``config.train`` is False) it returns ``x`` itself.

    Args:
        h: Former state, float, any shape.
        x: New state, the same shape and dtype.
        ratio: Probability that an element stays what it was.
        kwargs: None; ``train`` is refused with a hint.

    Returns:
        Variable of that shape and dtype.

    Raises:
        ValueError: ``ratio`` is out of range.

    Gradient: ``gy`` to whichever of the two an element came from.
    Double backprop: yes.
    Kernels: reference.
    Source: Krueger et al. 2016; compatible with chainer.functions.zoneout.

    Example:
        >>> F.zoneout(np.zeros(2), np.ones(2), ratio=0.).array
        array([1., 1.])
    """
    if kwargs:
        argument.parse_kwargs(kwargs, train=argument.NO_TRAIN)
    if config.train:
        return Zoneout(ratio).apply((h, x))[0]
    return as_variable(x)
