"""The Huber loss."""

from __future__ import annotations

from typing import Any

from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.loss._pair import PairLoss
from minigrad.functions.math.clip import clip
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class HuberLoss(PairLoss):
    fresh_gradients = True
    arg_names = ('x', 't')
    on_arrays = True

    def __init__(self, delta: float, reduce: str = 'sum_along_second_axis') -> None:
        check_reduce('huber_loss', reduce, 'sum_along_second_axis', 'no')
        self.delta = delta
        self.reduce = reduce

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, t = inputs
        kernels = kernels_for(x)
        if self.reduce != 'no' and x.ndim == 2:
            return kernels.along_rows(_row, x, t, delta=self.delta)[:, 0]
        y = kernels.elementwise(_value, x, t, delta=self.delta)
        return y if self.reduce == 'no' else y.sum(axis=1)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, t = self.get_retained_inputs()
        (gy,) = grad_outputs
        if self.reduce == 'sum_along_second_axis':
            gy = gy[:, None]
        if not isinstance(x, Variable):
            kernels = kernels_for(x)
            if gy.shape == (len(x), 1):
                return kernels.along_rows(_slopes, x, t, gy, delta=self.delta)
            gx = gy * kernels.elementwise(_slope, x, t, delta=self.delta)
            return gx, -gx if 1 in indexes else None
        gx = gy * clip(x - t, -self.delta, self.delta)
        return gx, -gx if 1 in indexes else None


def _value(xp: Any, x: Any, t: Any, *, delta: Any) -> Any:
    """``size ** 2 / 2`` up to delta, then on along the tangent."""
    size = abs(x - t)
    bent = xp.minimum(size, delta)
    return bent * (size - 0.5 * bent)


def _row(xp: Any, x: Any, t: Any, *, delta: Any) -> Any:
    return _value(xp, x, t, delta=delta).sum(axis=-1, keepdims=True)


def _slope(xp: Any, x: Any, t: Any, *, delta: Any) -> Any:
    return xp.minimum(xp.maximum(x - t, -delta), delta)


def _slopes(xp: Any, x: Any, t: Any, gy: Any, *, delta: Any) -> Any:
    gx = gy * _slope(xp, x, t, delta=delta)
    return gx, -gx


@checks_arguments
def huber_loss(
    x: Any, t: Any, delta: float, reduce: str = 'sum_along_second_axis'
) -> Variable:
    """Huber loss: squared error for small differences, absolute error for large ones.

    With ``a = x - t`` it is ``a ** 2 / 2`` where ``|a| <= delta``, else
    ``delta * (|a| - delta / 2)``.

    Args:
        x: Variable or array, float, shape ``(N, K, ...)``.
        t: Targets, the same shape and dtype.
        delta: Where the loss turns from square to linear.
        reduce: ``'sum_along_second_axis'`` or ``'no'``.

    Returns:
        Variable of that dtype, the shape of ``x`` without or with axis 1.

    Raises:
        InvalidType: The inputs are not float, or not alike.
        ValueError: ``reduce`` is not one of the above.

    Gradient: the difference, clipped to [-delta, delta], times ``gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: Huber 1964; compatible with chainer.functions.huber_loss.

    Example:
        >>> F.huber_loss(np.array([[1., 5.]]), np.zeros((1, 2)), 2., reduce='no').array
        array([[0.5, 8. ]])
    """
    return HuberLoss(delta, reduce).apply((x, t))[0]
