"""The mean squared error."""

from __future__ import annotations

from typing import Any

from minigrad.functions.loss._pair import PairLoss, wide
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class MeanSquaredError(PairLoss):
    fresh_gradients = True
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x0, x1 = inputs
        diff = (x0 - x1).ravel().astype(wide(x0.dtype), copy=False)
        return (diff.dot(diff) / max(x0.size, 1)).astype(x0.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x0, x1 = self.get_retained_inputs()
        gx = (grad_outputs[0] * (2 / max(x0.size, 1))) * (x0 - x1)
        return gx, -gx if 1 in indexes else None


@checks_arguments
def mean_squared_error(x0: Any, x1: Any) -> Variable:
    """Mean of ``(x0 - x1) ** 2`` over all elements, without a factor 1/2.

    Args:
        x0: Variable or array, float, any shape.
        x1: The same shape and dtype.

    Returns:
        Variable of that dtype, shape ``()``; 0 if there are no elements.

    Raises:
        InvalidType: The inputs are not float, or not alike.

    Gradient: ``2 * gy / size`` times the difference.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.mean_squared_error.

    Example:
        >>> F.mean_squared_error(np.array([1., 2.]), np.array([3., 2.]))
        variable(2.)
    """
    return MeanSquaredError().apply((x0, x1))[0]
