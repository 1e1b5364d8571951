"""Maximum and minimum over axes, and where they are."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import Axis, is_int, reduced_shape
from minigrad.functions._edges import masked
from minigrad.functions.math._reduction import Reduction
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class _Extremum(Reduction):
    fresh_gradients = True
    on_arrays = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        return self.choose(x)

    def choose(self, x: Array) -> Array:
        raise NotImplementedError

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (y,) = self.get_retained_outputs()
        extreme = as_array(y).reshape(reduced_shape(x.shape, self.axis))
        chosen = as_array(x) == extreme
        return masked(self.spread(grad_outputs[0], x.shape), chosen)


class Max(_Extremum):
    def choose(self, x: Array) -> Array:
        return x.max(axis=self.axis, keepdims=self.keepdims)


class Min(_Extremum):
    def choose(self, x: Array) -> Array:
        return x.min(axis=self.axis, keepdims=self.keepdims)


@checks_arguments
def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Variable:
    """Takes the maximum over given axes.

    Args:
        x: Variable or array, float, any shape.
        axis: None for all axes, an int, or a tuple of ints.
        keepdims: If True, the reduced axes stay, with length 1.

    Returns:
        Variable, dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        TypeError: ``axis`` is of another type.
        ValueError: An axis stands twice in ``axis``, or there is nothing to choose from.

    Gradient: ``gy`` to every element that equals the maximum, also if there are several.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.max.

    Example:
        >>> F.max(np.array([[1., 5.], [3., 4.]]), axis=0).array
        array([3., 5.])
    """
    return Max(axis, keepdims).apply((x,))[0]


@checks_arguments
def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Variable:
    """Takes the minimum over given axes.

    Args:
        x: Variable or array, float, any shape.
        axis: None for all axes, an int, or a tuple of ints.
        keepdims: If True, the reduced axes stay, with length 1.

    Returns:
        Variable, dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        TypeError: ``axis`` is of another type.
        ValueError: An axis stands twice in ``axis``, or there is nothing to choose from.

    Gradient: ``gy`` to every element that equals the minimum, also if there are several.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.min.

    Example:
        >>> F.min(np.array([[1., 5.], [3., 4.]]), axis=0).array
        array([1., 4.])
    """
    return Min(axis, keepdims).apply((x,))[0]


class _IndexOfExtremum(FunctionNode):
    arg_names = ('x',)

    def __init__(self, axis: int | None = None) -> None:
        if axis is not None and not is_int(axis):
            raise TypeError(
                f'{self.public_name}: axis must be None or an int, got {axis!r}'
            )
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if self.axis is not None and not -x.ndim <= self.axis < x.ndim:
            raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', self.axis)


class ArgMax(_IndexOfExtremum):
    public_name = 'argmax'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        return get_array_module(x).asarray(x.argmax(axis=self.axis), dtype='int32')


class ArgMin(_IndexOfExtremum):
    public_name = 'argmin'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        return get_array_module(x).asarray(x.argmin(axis=self.axis), dtype='int32')


@checks_arguments
def argmax(x: Any, axis: int | None = None) -> Variable:
    """Finds where the maximum along an axis is.

    Args:
        x: Variable or array, float, any shape.
        axis: An int, or None for the index into the flattened array.

    Returns:
        Variable, int32: the index of the first maximum.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        TypeError: ``axis`` is of another type.

    Gradient: none.
    Double backprop: no gradient to differentiate.
    Kernels: reference.
    Source: compatible with chainer.functions.argmax.

    Example:
        >>> F.argmax(np.array([[1., 5.], [3., 4.]]), axis=0).array
        array([1, 0], dtype=int32)
    """
    return ArgMax(axis).apply((x,))[0]


@checks_arguments
def argmin(x: Any, axis: int | None = None) -> Variable:
    """Finds where the minimum along an axis is.

    Args:
        x: Variable or array, float, any shape.
        axis: An int, or None for the index into the flattened array.

    Returns:
        Variable, int32: the index of the first minimum.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        TypeError: ``axis`` is of another type.

    Gradient: none.
    Double backprop: no gradient to differentiate.
    Kernels: reference.
    Source: compatible with chainer.functions.argmin.

    Example:
        >>> F.argmin(np.array([[1., 5.], [3., 4.]]), axis=0).array
        array([0, 1], dtype=int32)
    """
    return ArgMin(axis).apply((x,))[0]
