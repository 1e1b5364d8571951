"""Arithmetic: the nodes behind the operators of Variable."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.backend import get_array_module, is_array
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.functions.math.elementary import log
from minigrad.kernels import kernels_for
from minigrad.types import Array
from minigrad.variable import Variable, as_array, as_variable


def _broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    if a == b:
        return True
    return all(
        n == m or n == 1 or m == 1 for n, m in zip(a[::-1], b[::-1], strict=False)
    )


class _Binary(FunctionNode):
    """Two arrays of one dtype whose shapes broadcast."""

    arg_names = ('lhs', 'rhs')
    broadcasting = True
    on_arrays = True
    needs_float = True

    def check_type_forward(self, in_types: InputTypes) -> None:
        a, b = in_types
        dtype = a.dtype
        if dtype is not b.dtype and dtype != b.dtype:
            raise self.refuse(
                'lhs.dtype == rhs.dtype',
                f'{a.dtype} != {b.dtype}',
                'cast one of them with F.cast(x, dtype)',
            )
        if a.shape != b.shape and not _broadcasts(a.shape, b.shape):
            raise self.refuse('shapes that broadcast', f'{a.shape} and {b.shape}')
        if self.needs_float and dtype.kind != 'f':
            raise self.refuse("dtype.kind == 'f'", a.dtype)


class _WithConstant(FunctionNode):
    """One array and a Python or NumPy scalar, taken in the array's dtype."""

    arg_names = ('x',)
    needs_float = False
    sign = '_ + {}'

    def __init__(self, value: Any) -> None:
        # A Python number takes the dtype of the array; a NumPy scalar would promote it.
        self.value = value.item() if isinstance(value, numpy.generic) else value

    @property
    def label(self) -> str:
        text = f'({self.value})' if self.value < 0 else str(self.value)
        return self.sign.format(text)

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if self.needs_float and x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)

    def constant(self, x: Array) -> Any:
        return self.value if x.dtype.kind == 'f' else x.dtype.type(self.value)


class Neg(FunctionNode):
    fresh_gradients = True
    on_arrays = True
    label = '__neg__'
    arg_names = ('x',)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return -inputs[0]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return -grad_outputs[0]


class Absolute(FunctionNode):
    fresh_gradients = True
    on_arrays = True
    label = '|_|'
    arg_names = ('x',)

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        return abs(inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        x = as_array(x)
        (gy,) = grad_outputs
        if isinstance(gy, Variable):
            return gy * get_array_module(x).sign(x)
        return kernels_for(x).elementwise(_signed, gy, x)


def _signed(xp: Any, gy: Any, x: Any) -> Any:
    return gy * xp.sign(x)


class Add(_Binary):
    label = '_ + _'
    needs_float = False

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs[0] + inputs[1]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        gy = grad_outputs[0]
        return gy, gy


class AddConstant(_WithConstant):
    on_arrays = True
    public_name = 'add'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs[0] + self.constant(inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return grad_outputs[0]


class MultiAdd(FunctionNode):
    on_arrays = True
    public_name = 'add'
    broadcasting = True

    def check_type_forward(self, in_types: InputTypes) -> None:
        first = in_types[0]
        for x in in_types:
            if x.dtype != first.dtype:
                raise self.refuse('one dtype', f'{first.dtype} and {x.dtype}')
            if not _broadcasts(x.shape, first.shape):
                raise self.refuse(
                    'shapes that broadcast', f'{first.shape} and {x.shape}'
                )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        y = inputs[0]
        for x in inputs[1:]:  # in place would change an input
            y = y + x
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return (grad_outputs[0],) * len(self.inputs or ())


class Sub(_Binary):
    label = '_ - _'
    needs_float = False

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs[0] - inputs[1]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        gy = grad_outputs[0]
        return gy, -gy if 1 in indexes else None


class SubFromConstant(_WithConstant):
    fresh_gradients = True
    on_arrays = True
    public_name, sign = 'sub', '{} - _'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return self.constant(inputs[0]) - inputs[0]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return -grad_outputs[0]


class Mul(_Binary):
    fresh_gradients = True
    label = '_ * _'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return inputs[0] * inputs[1]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        a, b = self.get_retained_inputs()
        gy = grad_outputs[0]
        return gy * b if 0 in indexes else None, gy * a if 1 in indexes else None


class MulConstant(_WithConstant):
    fresh_gradients = True
    on_arrays = True
    public_name, sign = 'mul', '_ * {}'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return self.constant(inputs[0]) * inputs[0]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return grad_outputs[0] * self.value


class Div(_Binary):
    fresh_gradients = True
    label = '_ / _'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return inputs[0] / inputs[1]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        a, b = self.get_retained_inputs()
        ga = grad_outputs[0] / b
        return ga, -ga * (a / b) if 1 in indexes else None


class DivFromConstant(_WithConstant):
    fresh_gradients = True
    on_arrays = True
    public_name, sign = 'div', '{} / _'
    needs_float = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        return self.constant(inputs[0]) / inputs[0]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        return grad_outputs[0] * (-self.value / (x * x))


class PowVarVar(_Binary):
    fresh_gradients = True
    on_arrays = False  # its logarithm is a function of Variables
    label, public_name = '_ ** _', 'pow'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return inputs[0] ** inputs[1]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        a, b = self.get_retained_inputs()
        gy = grad_outputs[0]
        ga = gb = None
        if 0 in indexes:
            # a ** 0 is 1 everywhere: its slope at a == 0 is 0, not 0 * inf.
            ga = gy * b * a ** masked(b - 1, b.array != 0)
        if 1 in indexes:
            # 0 ** b is 0 near every b > 0, and its slope is 0, not -inf * 0.
            flat = (a.array == 0) & (b.array >= 0)
            gb = gy * log(a + flat.astype(a.dtype)) * a**b
        return ga, gb


class PowVarConst(_WithConstant):
    on_arrays = True
    public_name, sign = 'pow', '_ ** {}'
    needs_float = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        return inputs[0] ** self.value

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        if self.value == 0:
            return masked(gy, get_array_module(as_array(x)).zeros(x.shape, bool))
        if self.value == 1:
            return gy
        slope = x if self.value == 2 else x ** (self.value - 1)
        return gy * slope * self.value


class PowConstVar(_WithConstant):
    fresh_gradients = True
    on_arrays = True
    public_name, sign = 'pow', '{} ** _'
    needs_float = True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_outputs((0,))
        return self.constant(inputs[0]) ** inputs[0]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (y,) = self.get_retained_outputs()
        if self.value == 0:  # 0 ** x is 0 near every x > 0
            return masked(grad_outputs[0] * y * -math.inf, as_array(y) == math.inf)
        with numpy.errstate(divide='ignore', invalid='ignore'):
            slope = float(numpy.log(self.value))
        return grad_outputs[0] * y * slope


def is_scalar(value: Any) -> bool:
    return value.__class__ in (float, int) or numpy.isscalar(value)


def operand(x: Variable, value: Any) -> Any:
    """Returns the other side of an operator: a Variable, or an array in x's dtype."""
    if isinstance(value, Variable):
        return value
    if not is_array(value):
        raise TypeError(
            'Value must be a scalar, `numpy.ndarray`, `cupy.ndarray` or a `Variable`.\n'
            f'Actual: {type(value)}'
        )
    return value.astype(x.dtype, copy=False)


def absolute(self: Any) -> Variable:
    """Element-wise absolute value.

    Args:
        self: Variable or array, float, any shape.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: The input is not float.

    Gradient: the sign of the input times ``gy``; 0 at 0.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.absolute.

    Example:
        >>> F.absolute(np.array([1., -2.])).array
        array([1., 2.])
    """
    return Absolute().apply((self,))[0]


def add(*xs: Any) -> Variable:
    """Element-wise sum of one or more operands, with broadcasting.

    Args:
        xs: Variables, arrays, or (second of two) a scalar.

    Returns:
        Variable of the broadcast shape.

    Raises:
        InvalidType: The dtypes differ, or the shapes do not broadcast.

    Gradient: ``gy``, summed to each operand's shape.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.add.

    Example:
        >>> F.add(np.ones(2), np.ones(2), np.ones(1)).array
        array([3., 3.])
    """
    if len(xs) == 2:
        lhs, rhs = xs
        if is_scalar(rhs):
            return AddConstant(rhs).apply((lhs,))[0]
        return Add().apply((lhs, operand(as_variable(lhs), rhs)))[0]
    if not xs:
        raise ValueError('add: expected one or more operands, got none')
    return MultiAdd().apply(xs)[0]
