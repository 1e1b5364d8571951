"""Parts of a graph that hang together through other processes only."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.function_node import FunctionNode
from minigrad.types import Array
from minigrad.variable import Variable


class PseudoConnect(FunctionNode):
    """Returns its inputs but the first, and gives the first a gradient of zeros."""

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        # Views, so that each output is an array of its own.
        return tuple([x[...] for x in inputs[1:]])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        node = (self.inputs or ())[0]
        xp = next(g for g in grad_outputs if g is not None).xp
        zeros = Variable(xp.zeros(node.shape, node.dtype), requires_grad=False)
        return (zeros, *grad_outputs)


def pseudo_connect(
    delegate_variable: Variable | None, *actual_variables: Any
) -> tuple[Variable, ...]:
    """Makes variables that also lead back to another part of the graph.

    A model that is cut over processes may send and receive several times in one process.
    Its graph there falls into parts, and backward from the last would never reach those
    before. `send` therefore returns an empty *delegate* variable that stands for all
    that came before it. Give it to the next `recv`, or here: backward from the results
    goes on behind the delegate too.

    Args:
        delegate_variable: What `send` returned; None connects nothing.
        *actual_variables: Variables or arrays.

    Returns:
        Tuple of Variables with the values of ``actual_variables``.

    Gradient: passed on; the delegate gets zeros.
    Double backprop: yes, to any order.
    Source: compatible with chainermn.functions.pseudo_connect.

    Example:
        >>> from minigrad.chainermn.functions import pseudo_connect
        >>> delegate = minigrad.Variable(np.zeros(0, 'f'))
        >>> (y,) = pseudo_connect(delegate, minigrad.Variable(np.ones(2, 'f')))
        >>> F.sum(y).backward()
        >>> delegate.grad.shape
        (0,)
    """
    if delegate_variable is None:
        delegate_variable = Variable(
            numpy.zeros((0,), numpy.float32), requires_grad=False
        )
    return PseudoConnect().apply((delegate_variable, *actual_variables))
