"""The operators and methods of Variable, and what the engine computes with.

Importing this module installs them: the one place where the layer below is given
something by the functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigrad import provided
from minigrad.backend import get_array_module
from minigrad.functions._bfloat16 import apply_bfloat16
from minigrad.functions.array.copy import copy, duplicate
from minigrad.functions.array.get_item import get_item as get_item_function
from minigrad.functions.array.reshape import reshape as reshape_function
from minigrad.functions.array.transpose import transpose as transpose_function
from minigrad.functions.math.average import average
from minigrad.functions.math.basic_math import (
    Add,
    AddConstant,
    Div,
    DivFromConstant,
    Mul,
    MulConstant,
    Neg,
    PowConstVar,
    PowVarConst,
    PowVarVar,
    Sub,
    SubFromConstant,
    absolute,
    add,
    is_scalar,
    operand,
)
from minigrad.functions.math.elementary import floor
from minigrad.functions.math.fmod import remainder
from minigrad.functions.math.matmul import matmul as matmul_function
from minigrad.functions.math.sum_to import sum_array_to, sum_to
from minigrad.variable import Variable, as_variable


def neg(self: Any) -> Variable:
    """Returns ``-x``.

    Example:
        >>> (-minigrad.Variable(np.array([1., -2.]))).array
        array([-1.,  2.])
    """
    return Neg().apply((self,))[0]


def plus(self: Any, rhs: Any) -> Variable:
    """Returns ``self + rhs``."""
    if isinstance(rhs, Variable):
        return Add().apply((self, rhs))[0]
    return add(self, rhs)


def sub(self: Any, rhs: Any) -> Variable:
    """Returns ``self - rhs``."""
    if isinstance(rhs, Variable):
        return Sub().apply((self, rhs))[0]
    if is_scalar(rhs):
        return AddConstant(-rhs).apply((self,))[0]
    return Sub().apply((self, operand(self, rhs)))[0]


def rsub(self: Any, rhs: Any) -> Variable:
    """Returns ``rhs - self``."""
    if is_scalar(rhs):
        return SubFromConstant(rhs).apply((self,))[0]
    return Sub().apply((operand(self, rhs), self))[0]


def mul(self: Any, rhs: Any) -> Variable:
    """Returns ``self * rhs``."""
    if isinstance(rhs, Variable):
        return Mul().apply((self, rhs))[0]
    if is_scalar(rhs):
        return MulConstant(rhs).apply((self,))[0]
    return Mul().apply((self, operand(self, rhs)))[0]


def div(self: Any, rhs: Any) -> Variable:
    """Returns ``self / rhs``."""
    if isinstance(rhs, Variable):
        return Div().apply((self, rhs))[0]
    if is_scalar(rhs):
        return MulConstant(1.0 / rhs).apply((self,))[0]
    return Div().apply((self, operand(self, rhs)))[0]


def rdiv(self: Any, rhs: Any) -> Variable:
    """Returns ``rhs / self``."""
    if is_scalar(rhs):
        return DivFromConstant(rhs).apply((self,))[0]
    return Div().apply((operand(self, rhs), self))[0]


def floordiv(self: Any, rhs: Any) -> Variable:
    """Returns ``self // rhs``; its gradient is zero."""
    return floor(div(self, rhs))


def rfloordiv(self: Any, rhs: Any) -> Variable:
    """Returns ``rhs // self``; its gradient is zero."""
    return floor(rdiv(self, rhs))


def mod(self: Any, rhs: Any) -> Variable:
    """Returns ``self % rhs``, with the sign of ``rhs`` as in NumPy."""
    return remainder(self, _full_like(self, rhs))


def rmod(self: Any, rhs: Any) -> Variable:
    """Returns ``rhs % self``, with the sign of ``self`` as in NumPy."""
    return remainder(_full_like(self, rhs), self)


def _full_like(x: Variable, value: Any) -> Any:
    if is_scalar(value):
        return get_array_module(x).full((), value, dtype=x.dtype)
    return operand(x, value)


def pow(self: Any, rhs: Any) -> Variable:
    """Returns ``self ** rhs``."""
    if isinstance(rhs, Variable):
        return PowVarVar().apply((self, rhs))[0]
    if is_scalar(rhs):
        return PowVarConst(rhs).apply((self,))[0]
    return PowVarVar().apply((self, operand(self, rhs)))[0]


def rpow(self: Any, rhs: Any) -> Variable:
    """Returns ``rhs ** self``."""
    if is_scalar(rhs):
        return PowConstVar(rhs).apply((self,))[0]
    return PowVarVar().apply((operand(self, rhs), self))[0]


def matmul(self: Any, rhs: Any) -> Variable:
    """Returns ``self @ rhs``."""
    return matmul_function(self, operand(self, rhs))


def rmatmul(self: Any, rhs: Any) -> Variable:
    """Returns ``rhs @ self``."""
    return matmul_function(operand(self, rhs), self)


def get_item(self: Any, slices: Any) -> Variable:
    """Returns ``self[slices]``."""
    return get_item_function(self, slices)


def iterate(self: Any) -> Iterator[Variable]:
    """Returns the parts along the first axis, one after another.

    Raises:
        TypeError: There is no axis.
    """
    if self.ndim == 0:
        raise TypeError('iteration over a 0-d Variable: it has no axis')
    return (self[i] for i in range(len(self)))


def mean(
    self: Any, axis: Any = None, *, weights: Any = None, keepdims: bool = False
) -> Variable:
    """Returns the (weighted) mean over axes; see `minigrad.functions.average`."""
    return average(self, axis, weights, keepdims)


def reshape(self: Any, *shape: Any) -> Variable:
    """Returns the variable in another shape; takes numbers or one tuple."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    return reshape_function(self, shape)


def transpose(self: Any, *axes: Any) -> Variable:
    """Returns the variable with permuted axes; takes numbers or one tuple."""
    if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))):
        return transpose_function(self, axes[0])
    return transpose_function(self, axes if axes else None)


def _reverse_axes(self: Any) -> Variable:
    """The variable with its axes reversed."""
    return transpose_function(self)


def addgrad(self: Any, var: Variable) -> None:
    """Adds the gradient of ``var`` to this variable's gradient."""
    grad = var.grad_var if var.grad is not None else None
    if grad is None:
        return
    if self.array is None:
        self.initialize(var.shape)
    if grad.device != self.device:
        grad = copy(grad, self.device)
    own = self.grad_var
    self.grad_var = duplicate(grad) if own is None else own + grad


def _add_gradients(a: Any, b: Any) -> Variable:
    # One Add node; the operators stay free of as_variable.
    return Add().apply((as_variable(a), as_variable(b)))[0]


_OPERATORS = {
    'neg': neg,
    'abs': absolute,
    'add': plus,
    'radd': plus,
    'sub': sub,
    'rsub': rsub,
    'mul': mul,
    'rmul': mul,
    'truediv': div,
    'rtruediv': rdiv,
    'floordiv': floordiv,
    'rfloordiv': rfloordiv,
    'mod': mod,
    'rmod': rmod,
    'pow': pow,
    'rpow': rpow,
    'matmul': matmul,
    'rmatmul': rmatmul,
    'getitem': get_item,
    'iter': iterate,
}
for _name, _function in _OPERATORS.items():
    setattr(provided.Operators, f'__{_name}__', _function)
for _function in (mean, reshape, transpose, addgrad):
    setattr(provided.Operators, _function.__name__, _function)
setattr(provided.Operators, 'T', property(_reverse_axes))  # noqa: B010

provided.add = _add_gradients
provided.copy = duplicate
provided.sum_to = sum_to
provided.sum_array_to = sum_array_to
provided.apply_bfloat16 = apply_bfloat16
