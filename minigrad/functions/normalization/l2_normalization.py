"""Normalization by the Euclidean norm."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import Axis
from minigrad.functions.math.sum import sum as sum_over
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class NormalizeL2(FunctionNode):
    """``y = x / (norm + eps)``."""

    arg_names = ('x',)
    public_name = 'normalize'

    def __init__(self, eps: float = 1e-5, axis: Any = 1) -> None:
        self.eps = eps
        self.axis = (axis,) if isinstance(axis, int) else tuple(axis)

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        for axis in self.axis:
            if not -x.ndim <= axis < x.ndim:
                raise self.refuse(f'an axis from {-x.ndim} to {x.ndim - 1}', axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        (x,) = inputs
        norm = get_array_module(x).sqrt((x * x).sum(axis=self.axis, keepdims=True))
        return x / (norm + self.eps)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        square = sum_over(x * x, axis=self.axis, keepdims=True)
        # The norm has no derivative at zero; there its part is zero, not 0 / 0.
        zero = (square.array == 0).astype(x.dtype)
        inv_norm = (square + zero) ** -0.5 * (1 - zero)
        inv = 1 / (square * inv_norm + self.eps)
        along = sum_over(x * gy, axis=self.axis, keepdims=True)
        return gy * inv - x * (along * inv_norm * inv * inv)


@checks_arguments
def normalize(x: Any, eps: float = 1e-5, axis: Axis = 1) -> Variable:
    """Divides by the Euclidean norm along axes: ``x / (norm + eps)``.

    Args:
        x: Variable or array, float.
        eps: Added to the norm, so that zero stays zero.
        axis: Axis or axes that the norm is taken over.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.

    Gradient: through the norm too; where all values are zero, ``gy / eps``.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: compatible with chainer.functions.normalize.

    Example:
        >>> F.normalize(np.array([[3., 4.]]), eps=0).array
        array([[0.6, 0.8]])
    """
    return NormalizeL2(eps, axis).apply((x,))[0]
