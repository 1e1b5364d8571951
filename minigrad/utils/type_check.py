"""Type checks as programs written for Chainer spell them, on plain values.

A function's ``check_type_forward(self, in_types)`` gets the input arrays, so conditions
such as ``x_type.ndim == 2`` are plain booleans, and `expect` looks them up in the source
when one of them is False. What `get_types` returns makes expressions instead.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import math
import types
from collections.abc import Iterable
from typing import Any

import numpy

from minigrad.backend import get_array_types
from minigrad.errors import InvalidType, describe
from minigrad.types import InputTypes as LightTypeInfoTuple  # Chainer's name
from minigrad.utils.type_expressions import (
    Atom,
    BinaryOperator,
    BoolBinaryOperator,
    Call,
    Constant,
    Expr,
    GetAttr,
    GetItem,
    TypeInfo,
    TypeInfoTuple,
    UnaryOperator,
    Variable,
    _repr,  # noqa: F401  (Chainer's tests look at it)
    get_types,
)

__all__ = [
    'Atom',
    'BinaryOperator',
    'BoolBinaryOperator',
    'Call',
    'Constant',
    'Expr',
    'GetAttr',
    'GetItem',
    'InvalidType',
    'LightTypeInfoTuple',
    'TypeInfo',
    'TypeInfoTuple',
    'UnaryOperator',
    'Variable',
    'argname',
    'eval',
    'expect',
    'expect_broadcast_shapes',
    'get_types',
    'make_variable',
    'prod',
    'same_types',
]


def expect(*conditions: Any) -> None:
    """Raises unless every condition holds.

    Args:
        conditions: Booleans about the inputs, or comparisons of expressions.

    Raises:
        InvalidType: One is False. The message names the function, the condition, by
            its text if the source can be read, and the inputs, if the caller has them
            in ``in_types``.

    Example:
        >>> from minigrad.utils import type_check
        >>> in_types = (np.zeros((2, 3)),)
        >>> type_check.expect(in_types[0].dtype.kind == 'f', in_types[0].ndim == 2)
    """
    for number, condition in enumerate(conditions):
        if isinstance(condition, BoolBinaryOperator):
            condition.expect()
        elif not condition:
            frame = inspect.currentframe()
            caller = None if frame is None else frame.f_back
            raise InvalidType(_explain(number, len(conditions), caller))


def _explain(number: int, count: int, caller: types.FrameType | None) -> str:
    scope = {} if caller is None else caller.f_locals
    function = scope.get('self')
    name = getattr(function, 'label', type(function).__name__)
    who = '' if function is None else f'{name}: '
    text = None if caller is None else _source_of_argument(caller, number)
    lines = [f'{who}expected {text}' if text else f'{who}a type check failed']
    if count > 1 or not text:
        lines[0] += f' (condition {number + 1} of {count})'
    inputs = scope.get('in_types')
    if isinstance(inputs, tuple) and inputs:
        lines.append(describe(getattr(function, 'arg_names', ()), inputs))
    return '\n'.join(lines)


def _source_of_argument(frame: types.FrameType, number: int) -> str | None:
    """Returns the text of an argument of the call that ``frame`` is in."""
    positions = inspect.getframeinfo(frame).positions
    if positions is None or positions.lineno is None or positions.end_lineno is None:
        return None
    lines = linecache.getlines(frame.f_code.co_filename)
    source = ''.join(lines[positions.lineno - 1 : positions.end_lineno])
    encoded = source.encode()
    tail = sum(len(line.encode()) for line in source.splitlines(keepends=True)[:-1])
    start, end = positions.col_offset or 0, tail + (positions.end_col_offset or 0)
    try:
        call = ast.parse(encoded[start:end].decode().strip(), mode='eval').body
    except SyntaxError:
        return None
    if isinstance(call, ast.Call) and number < len(call.args):
        argument = call.args[number]
        if not isinstance(argument, ast.Starred):
            return ast.unparse(argument)
    return None


def argname(in_types: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """Names the types of inputs; raises unless there are as many inputs as names.

    Raises:
        InvalidType: The numbers differ.
    """
    if len(in_types) != len(names):
        raise InvalidType(
            f'expected {len(names)} inputs ({", ".join(names)}), got {len(in_types)}\n'
            + describe(names, in_types)
        )
    for in_type, name in zip(in_types, names, strict=True):
        if isinstance(in_type, Variable):
            in_type.name = name


_argname = argname  # Chainer's name for it


def same_types(*arrays: Any) -> bool:
    """Tells whether all arguments are arrays of one module.

    Example:
        >>> minigrad.utils.type_check.same_types(np.ones(2), np.zeros(3))
        True
        >>> minigrad.utils.type_check.same_types(np.ones(2), [1, 2])
        False
    """
    return any(
        all(isinstance(array, array_type) for array in arrays)
        for array_type in get_array_types()
    )


def eval(value: Any) -> Any:
    """Returns the value of an expression; any other value as it is."""
    return value.eval() if isinstance(value, Expr) else value


def make_variable(value: Any, name: str) -> Any:
    """Returns ``value``: here, types are plain values from the start."""
    return value


def prod(xs: Iterable[Any]) -> Any:
    """Returns the product of numbers, 1 for none; of an expression, an expression.

    Example:
        >>> minigrad.utils.type_check.prod((2, 3))
        6
    """
    if isinstance(xs, Expr):
        return Call(Variable(math.prod, 'prod'), (xs,))
    return math.prod(xs)


def expect_broadcast_shapes(*shapes: tuple[int, ...]) -> None:
    """Raises unless the shapes broadcast together.

    Raises:
        InvalidType: They do not.

    Example:
        >>> minigrad.utils.type_check.expect_broadcast_shapes((2, 1), (3,))
    """
    try:
        numpy.broadcast_shapes(*shapes)
    except ValueError:
        shown = ' and '.join(str(tuple(shape)) for shape in shapes)
        raise InvalidType(f'expected shapes that broadcast, got {shown}') from None
