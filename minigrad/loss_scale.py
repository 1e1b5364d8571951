"""Scaled losses: small gradients of float16 are computed times a factor.

`Variable.backward` multiplies the gradient that it starts from, and notes the factor on
every parameter that gets a gradient; update rules divide by it, and hooks that add
something to a gradient multiply it first.
"""

from __future__ import annotations

from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.variable import Variable


def scaled(gradient: Array, scale: float | None) -> Array:
    """Multiplies a gradient in place; None for no factor."""
    if scale is not None:
        gradient *= scale
    return gradient


def note_scale(variable: Variable | None, scale: float | None) -> None:
    """Notes on a parameter by what its gradient was multiplied."""
    if isinstance(variable, Parameter):
        variable._loss_scale = scale


def scale_of(param: Parameter) -> float:
    """Returns the factor by which a parameter's gradient is too large."""
    scale = param._loss_scale
    return 1.0 if scale is None else scale
