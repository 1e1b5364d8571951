"""Cumulative sums and products along an axis."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.functions._derivative import derive
from minigrad.functions.array.concat import concat
from minigrad.functions.array.flip import flip
from minigrad.functions.array.get_item import get_item
from minigrad.functions.array.reshape import reshape
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class _Cumulative(FunctionNode):
    """A function along one axis; ``axis=None`` is flattened by the caller."""

    arg_names = ('x',)

    def __init__(self, axis: int) -> None:
        if not is_int(axis):
            raise TypeError(
                f'{self.public_name}: axis must be None or an int, got {axis!r}'
            )
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if not -x.ndim <= self.axis < x.ndim:
            raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', self.axis)


class Cumsum(_Cumulative):
    on_arrays = True
    fresh_gradients = True

    def __init__(self, axis: int, backwards: bool = False) -> None:
        super().__init__(axis)
        self.backwards = backwards

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        return kernels_for(x).cumulate(x, self.axis, backwards=self.backwards)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        gradient = Cumsum(self.axis, not self.backwards)
        return derive(gradient, grad_outputs[0])[0]


class Cumprod(_Cumulative):
    on_arrays = True
    fresh_gradients = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        return kernels_for(x).cumulate(x, self.axis, product=True)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (y,) = self.get_retained_outputs()
        (gy,) = grad_outputs
        axis = self.axis
        if not isinstance(x, Variable):
            return kernels_for(x).cumprod_grad(x, gy, axis)
        # As the kernel: no division, so zeros in x do no harm.
        before = shift(y, axis, 1.0)
        factor = shift(flip(x, axis), axis, 0.0)
        s = flip(recurrence(factor, flip(gy, axis), axis), axis)
        return before * s


class Recurrence(FunctionNode):
    """``s[i] = a[i] s[i - 1] + b[i]`` along an axis, with zero before the start."""

    arg_names = ('a', 'b')

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        a, b = inputs
        s = b.copy()
        # Views with the axis in front: writing to `along_s` writes to `s`.
        xp = get_array_module(s)
        along_a, along_s = xp.moveaxis(a, self.axis, 0), xp.moveaxis(s, self.axis, 0)
        for i in range(1, len(along_s)):
            along_s[i] += along_a[i] * along_s[i - 1]
        return s

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (a,) = self.get_retained_inputs()
        (s,) = self.get_retained_outputs()
        axis = self.axis
        # The same recurrence from the other end, its factors moved by one.
        factor = shift(flip(a, axis), axis, 0.0)
        gb = flip(recurrence(factor, flip(grad_outputs[0], axis), axis), axis)
        return gb * shift(s, axis, 0.0), gb


def recurrence(a: Variable, b: Variable, axis: int) -> Variable:
    """Returns ``s`` with ``s[i] = a[i] s[i - 1] + b[i]`` along an axis."""
    return Recurrence(axis).apply((a, b))[0]


def shift(x: Variable, axis: int, first: float) -> Variable:
    """Moves elements one place further along an axis; ``first`` comes before them."""
    axis %= x.ndim
    if x.shape[axis] == 0:
        return x
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    filled = x.xp.full(shape, first, x.dtype)
    body = get_item(x, (*[slice(None)] * axis, slice(None, -1)))
    return concat([filled, body], axis)


@checks_arguments
def cumsum(x: Any, axis: int | None = None) -> Variable:
    """Sums of the elements up to each place along an axis.

    Args:
        x: Variable or array, float, any shape.
        axis: An int, or None to flatten ``x`` first.

    Returns:
        Variable, shape of ``x``, or ``(x.size,)`` when ``axis`` is None.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        TypeError: ``axis`` is of another type.

    Gradient: sums of ``gy`` from each place on.
    Double backprop: yes.
    Kernels: reference, numba.
    Source: compatible with chainer.functions.cumsum.

    Example:
        >>> F.cumsum(np.array([1., 2., 3.])).array
        array([1., 3., 6.])
    """
    if axis is None:
        return Cumsum(0).apply((reshape(x, (-1,)),))[0]
    return Cumsum(axis).apply((x,))[0]


@checks_arguments
def cumprod(x: Any, axis: int | None = None) -> Variable:
    """Products of the elements up to each place along an axis.

    Args:
        x: Variable or array, float, any shape.
        axis: An int, or None to flatten ``x`` first.

    Returns:
        Variable, shape of ``x``, or ``(x.size,)`` when ``axis`` is None.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        TypeError: ``axis`` is of another type.

    Gradient: exact also where elements are zero.
    Double backprop: yes.
    Kernels: reference, numba.
    Source: compatible with chainer.functions.cumprod.

    Example:
        >>> F.cumprod(np.array([1., 2., 3.])).array
        array([1., 2., 6.])
    """
    if axis is None:
        return Cumprod(0).apply((reshape(x, (-1,)),))[0]
    return Cumprod(axis).apply((x,))[0]
