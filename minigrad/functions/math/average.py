"""Mean and weighted average over axes."""

from __future__ import annotations

from typing import Any

from minigrad.functions._axis import Axis
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math._reduction import Reduction
from minigrad.functions.math.sum import sum as sum_of
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class Mean(Reduction):
    on_arrays = True
    public_name = 'average'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        return x.mean(axis=self.axis, keepdims=self.keepdims)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        # An empty input has no element that this number could reach.
        count = max(self.count(self._in_shape), 1)
        return self.spread(grad_outputs[0] * (1 / count), self._in_shape)


@checks_arguments
def average(
    x: Any, axis: Axis = None, weights: Any = None, keepdims: bool = False
) -> Variable:
    """Averages elements over given axes, with weights if there are any.

    ``mean`` is another name of this function.

    Args:
        x: Variable or array, float, any shape.
        axis: None for all axes, an int, or (without weights) a tuple of ints.
        weights: None, or Variable or array: of the shape of ``x`` when ``axis`` is
            None, else ``(x.shape[axis],)``.
        keepdims: If True, the reduced axes stay, with length 1.

    Returns:
        Variable, dtype of ``x``: ``sum(x * weights) / sum(weights)``.

    Raises:
        InvalidType: ``x`` is not float, has no such axis, or does not fit ``weights``.
        TypeError: ``axis`` is of another type.
        ValueError: An axis stands twice in ``axis``, or several come with weights.

    Gradient: ``gy * weights / sum(weights)``, broadcast to the shape of ``x``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.average and chainer.functions.mean.

    Example:
        >>> x = np.array([[1., 2.], [3., 6.]])
        >>> F.average(x, axis=1).array
        array([1.5, 4.5])
        >>> F.mean(x, axis=0, weights=np.array([3., 1.])).array
        array([1.5, 3. ])
    """
    if weights is None:
        return Mean(axis, keepdims).apply((x,))[0]
    return _weighted(as_variable(x), axis, as_variable(weights), keepdims)


def _weighted(x: Variable, axis: Any, weights: Variable, keepdims: bool) -> Variable:
    if isinstance(axis, tuple):
        axes = sorted([a + x.ndim if a < 0 else a for a in axis])
        if len(set(axes)) != len(axes):
            raise ValueError(f'average: duplicate value in axis: {axis}')
        if len(axes) > 1:
            raise ValueError(
                f'average: only one axis can have weights, got axis={axis}\n'
                '  hint: with axis=None, weights have the shape of x'
            )
        axis = axes[0]
    divider = sum_of(weights)
    if axis is not None:
        shape = [1] * x.ndim
        shape[axis] = x.shape[axis]
        weights = broadcast_to(reshape(weights, shape), x.shape)
    total = sum_of(x * weights, axis, keepdims)
    return total / broadcast_to(divider, total.shape)


mean = average
