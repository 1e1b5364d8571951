"""Functions whose results do not depend on their inputs in the graph."""

from __future__ import annotations

from typing import Any

from minigrad.configuration import no_backprop_mode
from minigrad.function_node import FunctionNode
from minigrad.variable import Variable, as_variable


def apply_without_graph(node: FunctionNode, x: Any) -> Variable:
    """Returns the output of a node as a Variable that nothing has computed.

    Hooks see the node, so traces and files of the model have it.

    Args:
        node: The node.
        x: Its input.
    """
    with no_backprop_mode():
        (y,) = node.apply((x,))
    return as_variable(y.array)
