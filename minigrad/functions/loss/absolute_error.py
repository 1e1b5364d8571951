"""The element-wise absolute error."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.loss._pair import PairLoss
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class AbsoluteError(PairLoss):
    fresh_gradients = True
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        x0, x1 = inputs
        self.diff = x0 - x1
        return abs(self.diff)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        gx = gy * get_array_module(gy).sign(self.diff)
        return gx, -gx if 1 in indexes else None


@checks_arguments
def absolute_error(x0: Any, x1: Any) -> Variable:
    """Element-wise absolute error, ``|x0 - x1|``.

    Args:
        x0: Variable or array, float, any shape.
        x1: The same shape and dtype.

    Returns:
        Variable of that shape and dtype.

    Raises:
        InvalidType: The inputs are not float, or not alike.

    Gradient: the sign of the difference times ``gy``; 0 where they are equal.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.absolute_error.

    Example:
        >>> F.absolute_error(np.array([1., 2.]), np.array([3., 2.])).array
        array([2., 0.])
    """
    return AbsoluteError().apply((x0, x1))[0]
