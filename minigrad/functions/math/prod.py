"""Product over axes."""

from __future__ import annotations

from typing import Any

from minigrad.functions._axis import Axis
from minigrad.functions.array.flip import flip
from minigrad.functions.array.reshape import reshape
from minigrad.functions.array.transpose import transpose
from minigrad.functions.math._reduction import Reduction
from minigrad.functions.math.cumulative import cumprod, shift
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Prod(Reduction):
    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        return x.prod(axis=self.axis, keepdims=self.keepdims)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        ndim = x.ndim
        axes = range(ndim) if self.axis is None else [a % ndim for a in self.axis]
        order = (*axes, *[a for a in range(ndim) if a not in axes])
        moved = transpose(x, order) if ndim > 1 else x
        factors = reshape(moved, (self.count(x.shape), *moved.shape[len(axes) :]))
        # The product of all others, without dividing: those before times those after.
        before = shift(cumprod(factors, 0), 0, 1.0)
        after = flip(shift(cumprod(flip(factors, 0), 0), 0, 1.0), 0)
        others = reshape(before * after, moved.shape)
        if ndim > 1:
            inverse = [order.index(a) for a in range(ndim)]
            others = transpose(others, inverse)
        return self.spread(grad_outputs[0], x.shape) * others


@checks_arguments
def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Variable:
    """Multiplies elements over given axes.

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

    Gradient: ``gy`` times the product of all other elements, exact also where elements
        are zero.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.prod.

    Example:
        >>> F.prod(np.array([[1., 2.], [3., 4.]]), axis=1).array
        array([ 2., 12.])
    """
    return Prod(axis, keepdims).apply((x,))[0]
