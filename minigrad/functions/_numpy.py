"""Variables as NumPy sees them: methods of arrays, and NumPy's functions on the graph.

``np.exp(v)`` is ``F.exp(v)``: the tables below say which function stands for which of
NumPy's. What is not in them refuses, and says what to write. Importing this module
installs all of it on Variable.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import signature
from types import FrameType
from typing import Any, NoReturn

import numpy

from minigrad import backend, provided
from minigrad.configuration import config
from minigrad.functions import _operators as operators
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.array.broadcast import broadcast_to
from minigrad.functions.array.cast import cast
from minigrad.functions.array.concat import concat
from minigrad.functions.array.copy import duplicate
from minigrad.functions.array.diagonal import diagonal
from minigrad.functions.array.dstack import dstack
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.flip import flip
from minigrad.functions.array.fliplr import fliplr
from minigrad.functions.array.flipud import flipud
from minigrad.functions.array.hstack import hstack
from minigrad.functions.array.moveaxis import moveaxis
from minigrad.functions.array.pad import pad
from minigrad.functions.array.repeat import repeat
from minigrad.functions.array.reshape import reshape
from minigrad.functions.array.rollaxis import rollaxis
from minigrad.functions.array.squeeze import squeeze
from minigrad.functions.array.stack import stack
from minigrad.functions.array.swapaxes import swapaxes
from minigrad.functions.array.tile import tile
from minigrad.functions.array.transpose import transpose
from minigrad.functions.array.vstack import vstack
from minigrad.functions.array.where import where
from minigrad.functions.math import elementary
from minigrad.functions.math.arctan2 import arctan2
from minigrad.functions.math.average import average
from minigrad.functions.math.basic_math import absolute
from minigrad.functions.math.clip import clip
from minigrad.functions.math.cumulative import cumprod, cumsum
from minigrad.functions.math.det import det
from minigrad.functions.math.einsum import einsum
from minigrad.functions.math.fmod import fmod
from minigrad.functions.math.inv import inv
from minigrad.functions.math.matmul import matmul
from minigrad.functions.math.maximum import maximum, minimum
from minigrad.functions.math.minmax import argmax, argmin
from minigrad.functions.math.minmax import max as max_of
from minigrad.functions.math.minmax import min as min_of
from minigrad.functions.math.prod import prod
from minigrad.functions.math.sum import sum as sum_of
from minigrad.functions.math.tensordot import tensordot
from minigrad.suggestions import answer_other_names
from minigrad.types import Array
from minigrad.variable import Variable, as_array, as_variable

# -- what several functions below are made of ------------------------------------------


def variance(
    x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False
) -> Variable:
    """Returns the variance over axes: the mean of squared differences from the mean.

    Args:
        x: Variable or array, float.
        axis: None, an int or a tuple of ints.
        ddof: What is taken from the number of elements before it divides.
        keepdims: Whether the axes stay, with length 1.

    Example:
        >>> variance(minigrad.Variable(np.array([1., 3.]))).array
        array(1.)
    """
    x = as_variable(x)
    centred = x - average(x, axis, keepdims=True)
    total = sum_of(centred * centred, axis, keepdims)
    variance: Variable = total / (x.size / max(total.size, 1) - ddof)
    return variance


def deviation(
    x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False
) -> Variable:
    """Returns the standard deviation over axes, the square root of `variance`.

    Example:
        >>> deviation(minigrad.Variable(np.array([1., 3.]))).array
        array(1.)
    """
    return elementary.sqrt(variance(x, axis, ddof, keepdims))


def _choose(plain: Any, reflected: Any) -> Callable[[Any, Any], Any]:
    """Returns an operator whose Variable may stand on either side."""

    def operate(a: Any, b: Any) -> Any:
        return plain(a, b) if isinstance(a, Variable) else reflected(b, a)

    return operate


def _like(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function of two operands, one of which may be a number."""

    def apply(a: Any, b: Any) -> Any:
        x = a if isinstance(a, Variable) else b
        return function(
            *[operators._full_like(x, v) if v is not x else v for v in (a, b)]
        )

    return apply


def _ravel(x: Any) -> Variable:
    return reshape(x, (-1,))


def _dot(a: Any, b: Any) -> Any:
    a, b = as_variable(a), as_variable(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return (
        matmul(a, b) if b.ndim <= 2 else tensordot(a, b, ((a.ndim - 1,), (b.ndim - 2,)))
    )


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    return average(x, axis, keepdims=keepdims)


def _concatenate(arrays: Any, axis: int | None = 0) -> Variable:
    if axis is None:
        return concat([_ravel(x) for x in arrays], 0)
    return concat(arrays, axis)


def _where(condition: Any, x: Any, y: Any) -> Variable:
    like = x if isinstance(x, Variable) else y
    x, y = [operators._full_like(like, v) if v is not like else v for v in (x, y)]
    return where(as_array(condition), x, y)


# -- the tables ------------------------------------------------------------------------

UFUNCS: dict[Any, Callable[..., Any]] = {
    numpy.absolute: absolute,
    numpy.add: _choose(operators.plus, operators.plus),
    numpy.arccos: elementary.arccos,
    numpy.arcsin: elementary.arcsin,
    numpy.arctan: elementary.arctan,
    numpy.arctan2: _like(arctan2),
    numpy.arctanh: elementary.arctanh,
    numpy.ceil: elementary.ceil,
    numpy.cos: elementary.cos,
    numpy.cosh: elementary.cosh,
    numpy.divide: _choose(operators.div, operators.rdiv),
    numpy.exp: elementary.exp,
    numpy.expm1: elementary.expm1,
    numpy.fabs: absolute,
    numpy.floor: elementary.floor,
    numpy.floor_divide: _choose(operators.floordiv, operators.rfloordiv),
    numpy.fmod: _like(fmod),
    numpy.log: elementary.log,
    numpy.log10: elementary.log10,
    numpy.log1p: elementary.log1p,
    numpy.log2: elementary.log2,
    numpy.matmul: _choose(operators.matmul, operators.rmatmul),
    numpy.maximum: _like(maximum),
    numpy.minimum: _like(minimum),
    numpy.multiply: _choose(operators.mul, operators.mul),
    numpy.negative: operators.neg,
    numpy.positive: as_variable,
    numpy.power: _choose(operators.pow, operators.rpow),
    numpy.reciprocal: lambda x: 1 / x,
    numpy.remainder: _choose(operators.mod, operators.rmod),
    numpy.sign: elementary.sign,
    numpy.sin: elementary.sin,
    numpy.sinh: elementary.sinh,
    numpy.sqrt: elementary.sqrt,
    numpy.square: elementary.square,
    numpy.subtract: _choose(operators.sub, operators.rsub),
    numpy.tan: elementary.tan,
    numpy.tanh: tanh,
    numpy.trunc: elementary.fix,
}

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    numpy.argmax: lambda a, axis=None: argmax(a, axis),
    numpy.argmin: lambda a, axis=None: argmin(a, axis),
    numpy.average: lambda a, axis=None, weights=None, keepdims=False: average(
        a, axis, weights, keepdims
    ),
    numpy.broadcast_to: lambda array, shape: broadcast_to(array, shape),
    numpy.clip: lambda a, a_min, a_max: clip(a, a_min, a_max),
    numpy.concatenate: lambda arrays, axis=0: _concatenate(arrays, axis),
    numpy.copy: lambda a: duplicate(a),
    numpy.cumprod: lambda a, axis=None: cumprod(a, axis),
    numpy.cumsum: lambda a, axis=None: cumsum(a, axis),
    numpy.diagonal: lambda a, offset=0, axis1=0, axis2=1: diagonal(
        a, offset, axis1, axis2
    ),
    numpy.dot: lambda a, b: _dot(a, b),
    numpy.dstack: lambda tup: dstack(tup),
    numpy.einsum: lambda *operands: einsum(*operands),
    numpy.expand_dims: lambda a, axis: expand_dims(a, axis),
    numpy.fix: lambda x: elementary.fix(x),
    numpy.flip: lambda m, axis: flip(m, axis),
    numpy.fliplr: lambda m: fliplr(m),
    numpy.flipud: lambda m: flipud(m),
    numpy.hstack: lambda tup: hstack(tup),
    numpy.linalg.det: lambda a: det(a),
    numpy.linalg.inv: lambda a: inv(a),
    numpy.max: lambda a, axis=None, keepdims=False: max_of(a, axis, keepdims),
    numpy.mean: lambda a, axis=None, keepdims=False: _mean(a, axis, keepdims),
    numpy.min: lambda a, axis=None, keepdims=False: min_of(a, axis, keepdims),
    numpy.moveaxis: lambda a, source, destination: moveaxis(a, source, destination),
    numpy.pad: lambda array, pad_width, mode='constant', **keywords: pad(
        array, pad_width, mode, **keywords
    ),
    numpy.prod: lambda a, axis=None, keepdims=False: prod(a, axis, keepdims),
    numpy.ravel: lambda a: _ravel(a),
    numpy.repeat: lambda a, repeats, axis=None: repeat(a, repeats, axis),
    numpy.reshape: lambda a, shape: reshape(
        a, tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    ),
    numpy.rollaxis: lambda a, axis, start=0: rollaxis(a, axis, start),
    numpy.squeeze: lambda a, axis=None: squeeze(a, axis),
    numpy.stack: lambda arrays, axis=0: stack(arrays, axis),
    numpy.std: deviation,
    numpy.sum: lambda a, axis=None, keepdims=False: sum_of(a, axis, keepdims),
    numpy.swapaxes: lambda a, axis1, axis2: swapaxes(a, axis1, axis2),
    numpy.tensordot: lambda a, b, axes=2: tensordot(a, b, axes),
    numpy.tile: lambda A, reps: tile(A, reps),
    numpy.transpose: lambda a, axes=None: transpose(a, axes),
    numpy.var: variance,
    numpy.vstack: lambda tup: vstack(tup),
    numpy.where: lambda condition, x, y: _where(condition, x, y),
}

FUNCTIONS[numpy.amax], FUNCTIONS[numpy.amin] = (
    FUNCTIONS[numpy.max],
    FUNCTIONS[numpy.min],
)

# What asks a Variable, but not one in a list. Whole numbers have no gradient to lose.
_IN_A_LIST = {function.__name__ for function in FUNCTIONS}
_IN_A_LIST -= {'argmax', 'argmin', 'copy'}

# Questions about values, and arrays shaped like others: answered with arrays.
ON_VALUES = {
    *(numpy.allclose, numpy.array_equal, numpy.isclose, numpy.ndim, numpy.shape),
    *(numpy.empty_like, numpy.full_like, numpy.ones_like, numpy.zeros_like),
    *(numpy.size, numpy.array2string, numpy.array_repr, numpy.array_str),
    *(numpy.result_type, numpy.can_cast, numpy.iscomplexobj, numpy.copyto, numpy.save),
    *(numpy.isfinite, numpy.isinf, numpy.isnan, numpy.signbit),
}


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Stands for a function of NumPy's that works element by element."""
    name = f'numpy.{ufunc.__name__}' + ('' if method == '__call__' else f'.{method}')
    if 'out' in kwargs:
        raise TypeError(
            f'{name}: a Variable cannot be written into an array\n'
            '  hint: use its .array, or the operator that gives a new Variable'
        )
    if ufunc in ON_VALUES and method == '__call__':
        return ufunc(*[as_array(value) for value in inputs], **kwargs)
    if ufunc not in UFUNCS or method != '__call__' or kwargs:
        _refuse(name, kwargs if ufunc in UFUNCS else {})
    return UFUNCS[ufunc](*inputs)


class _ForNumPy:
    """An attribute that the class has and its instances lack.

    NumPy looks ``__array_ufunc__`` up on the class. CuPy asks the instance, and leaves
    ``array + v`` to Variable only where that is None (cupy/_core/core.pyx).
    """

    def __get__(self, instance: Any, owner: type) -> Any:
        return array_ufunc if instance is None else None


def array_function(self: Any, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Stands for a function of NumPy's."""
    if func in ON_VALUES:
        values = {key: _values(value) for key, value in kwargs.items()}
        return func(*[_values(value) for value in args], **values)
    name = f'{func.__module__}.{func.__name__}'
    if func not in FUNCTIONS:
        _refuse(name, {})
    given = {k: v for k, v in kwargs.items() if v is not None or k == 'axis'}
    try:
        signature(FUNCTIONS[func]).bind(*args, **given)
    except TypeError:  # an argument that the function here does not have
        _refuse(name, given)
    return FUNCTIONS[func](*args, **given)


def _values(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)([_values(v) for v in value])
    return as_array(value)


def _refuse(name: str, arguments: dict[str, Any]) -> NoReturn:
    what = f' with {", ".join(arguments)}' if arguments else ''
    raise TypeError(
        f'{name}{what} does not work on Variables: no function here stands for it\n'
        '  hint: a function of minigrad.functions keeps the graph; '
        f'{name}(v.array) computes with the values alone'
    )


# -- the methods of arrays -------------------------------------------------------------


def _item(self: Any, what: str) -> Any:
    if self.array is None or self.size != 1:
        shape = None if self.array is None else self.shape
        raise TypeError(
            f'{what}: expected a Variable of one element, got shape {shape}\n'
            '  hint: reduce it first, as v.sum() or v.mean() do'
        )
    return self.array.item()


def _float(self: Any) -> float:
    return float(_item(self, 'float'))


def _int(self: Any) -> int:
    return int(_item(self, 'int'))


def _format(self: Any, spec: str) -> str:
    return format(_item(self, 'format'), spec) if spec else str(self)


def _array(self: Any, dtype: Any = None, copy: bool | None = None) -> Array:
    """Returns the values: NumPy's functions and ``np.asarray`` ask for them."""
    if self.array is None:
        raise TypeError('an uninitialised Variable has no values')
    if self.requires_grad and config.enable_backprop:
        _refuse_in_a_list()
    array = numpy.asarray(self.array)  # CuPy refuses here, as ever
    if dtype is not None and array.dtype != dtype:
        if copy is False:
            raise ValueError(f'cannot view {array.dtype} as {dtype} without a copy')
        return array.astype(dtype)
    return array.copy() if copy else array


def _refuse_in_a_list() -> None:
    """Refuses ``np.mean([v, w])``: NumPy does not ask the elements of a list."""
    frame: FrameType | None = sys._getframe(2)
    name = ''
    while frame is not None and frame.f_globals.get('__name__', '')[:6] == 'numpy.':
        name, frame = frame.f_code.co_name, frame.f_back
    if name in _IN_A_LIST:
        raise TypeError(
            f'numpy.{name} of a list of Variables would leave the graph: NumPy sees their '
            f'values alone\n  hint: numpy.{name}(numpy.stack([v, w])) stays on the graph; '
            f'numpy.{name}([v.array, w.array]) computes with the values'
        )


def _set_item(self: Any, index: Any, value: Any) -> NoReturn:
    raise TypeError(
        'a Variable cannot be assigned to: its graph would no longer be true\n'
        '  hint: v.array[...] = value changes the values alone; F.where and '
        'F.scatter_add give new Variables'
    )


def _dlpack(self: Any, **kwargs: Any) -> Any:
    """Gives the array to another library without a copy; its graph stays here."""
    return self.array.__dlpack__(**kwargs)


def _dlpack_device(self: Any) -> Any:
    return self.array.__dlpack_device__()


def astype(self: Any, dtype: Any) -> Variable:
    """Returns the variable in another dtype; see `minigrad.functions.cast`."""
    return cast(self, dtype)


def copy_method(self: Any) -> Variable:
    """Returns a variable with equal values in memory of its own, on the graph."""
    return duplicate(self)


def from_dlpack(x: Any) -> Variable:
    """Returns a Variable of the memory of another library's array, without a copy.

    Args:
        x: Whatever has ``__dlpack__``: a tensor of PyTorch, an array of JAX, NumPy or
            CuPy. A tensor that belongs to a graph is refused by its library.

    Returns:
        Variable on the same device.

    Raises:
        TypeError: ``x`` has no ``__dlpack__``.

    Example:
        >>> x = np.ones(2)
        >>> v = minigrad.from_dlpack(x)
        >>> x[0] = 5
        >>> v.array
        array([5., 1.])
    """
    if not hasattr(x, '__dlpack_device__'):
        raise TypeError(
            f'from_dlpack: expected an array with __dlpack__, got {type(x).__name__}'
        )
    kind, number = x.__dlpack_device__()
    device = backend.get_device('@numpy' if kind == 1 else f'@cupy:{number}')
    with device.create_context():
        return Variable(device.xp.from_dlpack(x))


METHODS: dict[str, Any] = {
    '__array_ufunc__': _ForNumPy(),
    '__array_function__': array_function,
    '__array__': _array,
    '__float__': _float,
    '__int__': _int,
    '__format__': _format,
    '__setitem__': _set_item,
    '__dlpack__': _dlpack,
    '__dlpack_device__': _dlpack_device,
    'sum': sum_of,
    'max': max_of,
    'min': min_of,
    'argmax': argmax,
    'argmin': argmin,
    'prod': prod,
    'std': deviation,
    'var': variance,
    'clip': clip,
    'astype': astype,
    'copy': copy_method,
}
for _name, _method in METHODS.items():
    setattr(provided.Operators, _name, _method)
answer_other_names(Variable, 'Variable')
