"""The mean absolute error."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.loss._pair import PairLoss, wide
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class MeanAbsoluteError(PairLoss):
    fresh_gradients = True
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        x0, x1 = inputs
        self.diff = x0 - x1
        total = abs(self.diff).sum(dtype=wide(x0.dtype))
        return (total / max(x0.size, 1)).astype(x0.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        size = max(self.diff.size, 1)
        gx = (gy * (1 / size)) * get_array_module(gy).sign(self.diff)
        return gx, -gx if 1 in indexes else None


@checks_arguments
def mean_absolute_error(x0: Any, x1: Any) -> Variable:
    """Mean of ``|x0 - x1|`` over all elements.

    Args:
        x0: Variable or array, float, any shape.
        x1: The same shape and dtype.

    Returns:
        Variable of that dtype, shape ``()``; 0 if there are no elements.

    Raises:
        InvalidType: The inputs are not float, or not alike.

    Gradient: the sign of the difference times ``gy / size``; 0 where they are equal.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.mean_absolute_error.

    Example:
        >>> F.mean_absolute_error(np.array([1., 2.]), np.array([4., 2.]))
        variable(1.5)
    """
    return MeanAbsoluteError().apply((x0, x1))[0]
