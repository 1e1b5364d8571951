"""Product over axes."""

from __future__ import annotations

from typing import Any

from minigrad.functions._axis import Axis
from minigrad.functions.array.flip import flip
from minigrad.functions.math._reduction import Reduction
from minigrad.functions.math.cumulative import cumprod, shift
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Prod(Reduction):
    on_arrays = True
    fresh_gradients = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        if self.axis is None or len(self.axis) != 1:
            return x.prod(axis=self.axis, keepdims=self.keepdims)
        y = kernels_for(x).prod(x, self.axis[0])
        return y if self.keepdims else y.squeeze(self.axis[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        ndim = x.ndim
        axes = range(ndim) if self.axis is None else [a % ndim for a in self.axis]
        # What is multiplied, as the last axis.
        order = [*[a for a in range(ndim) if a not in axes], *sorted(axes)]
        moved = x if order == [*range(ndim)] else x.transpose(order)
        kept = moved.shape[: ndim - len(axes)]
        factors = moved.reshape((*kept, self.count(x.shape)))
        gx = _prod_grad(factors, gy.reshape((*kept, 1))).reshape(moved.shape)
        if moved is x:
            return gx
        return gx.transpose([order.index(a) for a in range(ndim)])


def _prod_grad(x: Any, gy: Any) -> Any:
    """Returns ``gy`` times the product of all others along the last axis."""
    if not isinstance(x, Variable):
        return kernels_for(x).prod_grad(x, gy, -1)
    # Without dividing: those before times those after.
    axis = x.ndim - 1
    before = shift(cumprod(x, axis), axis, 1.0)
    others = before * flip(shift(cumprod(flip(x, axis), axis), axis, 1.0), axis)
    return broadcast_to(gy, x.shape) * others


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
    Kernels: reference, numba.
    Source: compatible with chainer.functions.prod.

    Example:
        >>> F.prod(np.array([[1., 2.], [3., 4.]]), axis=1).array
        array([ 2., 12.])
    """
    return Prod(axis, keepdims).apply((x,))[0]
