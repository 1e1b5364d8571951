"""The function that changes nothing."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode
from minigrad.types import Array


class Identity(FunctionNode):
    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return grad_outputs


def identity(*inputs: Any) -> Any:
    """Returns its inputs as they are.

    Args:
        inputs: Variables or arrays.

    Returns:
        Variable, or a tuple of Variables for several inputs.

    Gradient: ``gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.identity.

    Example:
        >>> F.identity(np.array([1., 2.])).array
        array([1., 2.])
    """
    outputs = Identity().apply(inputs)
    return outputs[0] if len(outputs) == 1 else outputs
