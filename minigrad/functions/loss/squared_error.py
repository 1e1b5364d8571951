"""The element-wise squared error."""

from __future__ import annotations

from typing import Any

from minigrad.functions.loss._pair import PairLoss
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class SquaredError(PairLoss):
    fresh_gradients = True
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        diff = inputs[0] - inputs[1]
        return diff * diff

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x0, x1 = self.get_retained_inputs()
        gx = (2 * grad_outputs[0]) * (x0 - x1)
        return gx, -gx if 1 in indexes else None


@checks_arguments
def squared_error(x0: Any, x1: Any) -> Variable:
    """Element-wise squared error, ``(x0 - x1) ** 2``.

    Args:
        x0: Variable or array, float, any shape.
        x1: The same shape and dtype.

    Returns:
        Variable of that shape and dtype.

    Raises:
        InvalidType: The inputs are not float, or not alike.

    Gradient: ``2 * gy`` times the difference.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.squared_error.

    Example:
        >>> F.squared_error(np.array([1., 2.]), np.array([3., 2.])).array
        array([4., 0.])
    """
    return SquaredError().apply((x0, x1))[0]


@checks_arguments
def squared_difference(x1: Any, x2: Any) -> Variable:
    """Element-wise squared difference, another name of `squared_error`.

    Args:
        x1: Variable or array, float, any shape.
        x2: The same shape and dtype.

    Returns:
        Variable of that shape and dtype.

    Raises:
        InvalidType: The inputs are not float, or not alike.

    Gradient: ``2 * gy`` times the difference.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.squared_difference.

    Example:
        >>> F.squared_difference(np.array([1., 2.]), np.array([3., 2.])).array
        array([4., 0.])
    """
    return SquaredError().apply((x1, x2))[0]
