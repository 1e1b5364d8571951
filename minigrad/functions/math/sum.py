"""Sum over axes."""

from __future__ import annotations

from typing import Any

from minigrad.functions._axis import Axis
from minigrad.functions.math._reduction import Reduction
from minigrad.functions.math.sum_to import SumTo as SumTo
from minigrad.functions.math.sum_to import sum_to as sum_to
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Sum(Reduction):
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        return x.sum(axis=self.axis, keepdims=self.keepdims)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return self.spread(grad_outputs[0], self._in_shape)


@checks_arguments
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Variable:
    """Sums elements over given axes.

    Args:
        x: Variable or array, float, any shape.
        axis: None for all axes, an int, or a tuple of ints.
        keepdims: If True, the reduced axes stay, with length 1.

    Returns:
        Variable, dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        TypeError: ``axis`` is of another type.
        ValueError: An axis stands twice in ``axis``.

    Gradient: ``gy``, broadcast to the shape of ``x``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.sum.

    Example:
        >>> F.sum(np.array([[1., 2.], [3., 4.]]), axis=1).array
        array([3., 7.])
    """
    return Sum(axis, keepdims).apply((x,))[0]
