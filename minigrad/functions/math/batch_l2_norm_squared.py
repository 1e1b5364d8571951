"""Squared length of each sample of a batch."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.types import Array
from minigrad.variable import Variable


class BatchL2NormSquared(FunctionNode):
    arg_names = ('x',)
    public_name = 'batch_l2_norm_squared'

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if x.ndim < 2:
            raise self.refuse('x.ndim >= 2', x.ndim)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        return (x * x).sum(axis=tuple(range(1, x.ndim)))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        gy = reshape(grad_outputs[0], (-1,) + (1,) * (x.ndim - 1))
        return broadcast_to(gy, x.shape) * x * 2.0


def batch_l2_norm_squared(x: Any) -> Variable:
    """Sums the squares of each sample of a batch.

    Args:
        x: Variable or array, float, shape ``(N, ...)`` with two axes or more.

    Returns:
        Variable, dtype of ``x``, shape ``(N,)``.

    Raises:
        InvalidType: ``x`` is not float, or has fewer than two axes.

    Gradient: ``2 * x * gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.batch_l2_norm_squared.

    Example:
        >>> F.batch_l2_norm_squared(np.array([[3., 4.], [0., 1.]])).array
        array([25.,  1.])
    """
    return BatchL2NormSquared().apply((x,))[0]
