"""Element-wise maximum and minimum of two arrays."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.array.where import where
from minigrad.functions.math.basic_math import _Binary
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class _Choice(_Binary):
    arg_names = ('x1', 'x2')
    on_arrays = False  # `where` is a function of Variables

    def takes_first(self, x1: Array, x2: Array) -> Array:
        raise NotImplementedError

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x1, x2 = self.get_retained_inputs()
        (gy,) = grad_outputs
        first = self.takes_first(x1.array, x2.array)
        zero = gy.xp.zeros((), gy.dtype)
        return (
            where(first, gy, zero) if 0 in indexes else None,
            where(first, zero, gy) if 1 in indexes else None,
        )


class Maximum(_Choice):
    def takes_first(self, x1: Array, x2: Array) -> Array:
        return x1 >= x2

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return get_array_module(*inputs).maximum(*inputs)


class Minimum(_Choice):
    def takes_first(self, x1: Array, x2: Array) -> Array:
        return x1 <= x2

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return get_array_module(*inputs).minimum(*inputs)


@checks_arguments
def maximum(x1: Any, x2: Any) -> Variable:
    """Larger of two elements, for each place.

    Args:
        x1: Variable or array, float.
        x2: Variable or array, dtype of ``x1``, of a shape that broadcasts with it.

    Returns:
        Variable of the broadcast shape.

    Raises:
        InvalidType: The dtypes differ or are not float, or the shapes do not broadcast.

    Gradient: ``gy`` to the larger one, to ``x1`` where they are equal.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.maximum.

    Example:
        >>> F.maximum(np.array([1., 5.]), np.array([3., 4.])).array
        array([3., 5.])
    """
    return Maximum().apply((x1, x2))[0]


@checks_arguments
def minimum(x1: Any, x2: Any) -> Variable:
    """Smaller of two elements, for each place.

    Args:
        x1: Variable or array, float.
        x2: Variable or array, dtype of ``x1``, of a shape that broadcasts with it.

    Returns:
        Variable of the broadcast shape.

    Raises:
        InvalidType: The dtypes differ or are not float, or the shapes do not broadcast.

    Gradient: ``gy`` to the smaller one, to ``x1`` where they are equal.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.minimum.

    Example:
        >>> F.minimum(np.array([1., 5.]), np.array([3., 4.])).array
        array([1., 4.])
    """
    return Minimum().apply((x1, x2))[0]
