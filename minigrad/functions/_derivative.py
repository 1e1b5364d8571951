"""Derivatives that are nodes of their own: recorded in a graph, or only computed."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode
from minigrad.variable import Variable


def derive(function: FunctionNode, *inputs: Any) -> tuple[Any, ...]:
    """Applies the node of a derivative; where arrays travel, runs its arithmetic alone.

    For functions that work ``on_arrays``: nobody will differentiate their gradient, and
    a node without a graph would cost more than the arithmetic of a small layer.

    Args:
        function: A new node.
        inputs: All Variables, or all arrays.

    Returns:
        Variables or arrays, like the inputs.
    """
    if isinstance(inputs[0], Variable):
        return function.apply(inputs)
    ys = function.forward(inputs)
    return ys if isinstance(ys, tuple) else (ys,)
