"""Conditions on types that are written first and looked at later.

Programs written for Chainer make them by `type_check.get_types` and
`type_check.Variable`. The functions of minigrad do not: they check plain values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from minigrad.errors import InvalidType

# How tightly operators bind, from the loosest to names and calls.
_BOOL, _OR, _XOR, _AND, _SHIFT, _SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(-1, 9)


class Expr:
    """An expression that knows its text and, when asked by `eval`, its value.

    Attributes, items, calls and operators give expressions again.
    """

    __hash__ = None  # type: ignore[assignment]
    __iter__ = None  # items without end, otherwise

    def __init__(self, priority: int) -> None:
        self.priority = priority

    def eval(self) -> Any:
        """Returns the value."""
        raise NotImplementedError(f'{type(self).__name__} must define eval')

    def __getattr__(self, name: str) -> Expr:
        if name.startswith('__'):  # what copy and pickle look for
            raise AttributeError(name)
        return GetAttr(self, name)

    def __getitem__(self, key: Any) -> Expr:
        return GetItem(self, key)

    def __call__(self, *args: Any) -> Expr:
        return Call(self, args)

    def __bool__(self) -> bool:
        raise RuntimeError(
            'an expression has no truth value before eval(); give it to '
            'type_check.expect, and give conditions one by one instead of joining them '
            'by and, or, not'
        )


class Atom(Expr):
    """An expression that never needs parentheses."""

    def __init__(self) -> None:
        super().__init__(_ATOM)


class Constant(Atom):
    """A value whose text is its own."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def __str__(self) -> str:
        return str(self.value)

    def eval(self) -> Any:
        """Returns the value."""
        return self.value


class Variable(Atom):
    """A value with a name.

    Example:
        >>> from minigrad.utils import type_check
        >>> n = type_check.Variable(3, 'n')
        >>> print(2 * (n + 1), (2 * (n + 1)).eval())
        2 * (n + 1) 8
    """

    def __init__(self, value: Any, name: str) -> None:
        super().__init__()
        self.value = value
        self.name = name

    def __str__(self) -> str:
        return self.name

    def eval(self) -> Any:
        """Returns the value."""
        return self.value


class GetAttr(Atom):
    """An attribute of an expression."""

    def __init__(self, obj: Any, name: Any) -> None:
        super().__init__()
        self.obj = obj
        self.name = name

    def __str__(self) -> str:
        name = _value(self.name)
        if isinstance(name, str):
            return f'{_text(self.obj)}.{name}'
        return f'getattr({_text(self.obj)}, {_repr(self.name)})'

    def eval(self) -> Any:
        """Returns the attribute."""
        return getattr(_value(self.obj), _value(self.name))


class GetItem(Atom):
    """An item of an expression."""

    def __init__(self, obj: Any, key: Any) -> None:
        super().__init__()
        self.obj = obj
        self.key = key

    def __str__(self) -> str:
        keys = self.key if isinstance(self.key, tuple) else (self.key,)
        return f'{_text(self.obj)}[{", ".join(_subscript(key) for key in keys)}]'

    def eval(self) -> Any:
        """Returns the item."""
        return _value(self.obj)[_value(self.key)]


class Call(Atom):
    """A call of an expression."""

    def __init__(self, obj: Any, args: Sequence[Any]) -> None:
        super().__init__()
        self.obj = obj
        self.args = args

    def __str__(self) -> str:
        return f'{_text(self.obj)}({", ".join(_repr(arg) for arg in self.args)})'

    def eval(self) -> Any:
        """Returns what the call returns."""
        return _value(self.obj)(*[_value(arg) for arg in self.args])


class UnaryOperator(Expr):
    """An operator before one term."""

    def __init__(
        self, priority: int, term: Any, exp: str, func: Callable[[Any], Any]
    ) -> None:
        super().__init__(priority)
        self.term = term
        self.exp = exp
        self.func = func

    def __str__(self) -> str:
        return self.exp + _in_parentheses(
            self.term, _tightness(self.term) < self.priority
        )

    def eval(self) -> Any:
        """Returns the result."""
        return self.func(_value(self.term))


class BinaryOperator(Expr):
    """An operator between two terms."""

    def __init__(
        self,
        priority: int,
        lhs: Any,
        rhs: Any,
        exp: str,
        func: Callable[[Any, Any], Any],
        right_associative: bool = False,
    ) -> None:
        super().__init__(priority)
        self.lhs = lhs
        self.rhs = rhs
        self.exp = exp
        self.func = func
        self.right_associative = right_associative

    def __str__(self) -> str:
        left, right = _tightness(self.lhs), _tightness(self.rhs)
        p, to_right = self.priority, self.right_associative
        lhs = _in_parentheses(self.lhs, left < p or (left == p and to_right))
        rhs = _in_parentheses(self.rhs, right < p or (right == p and not to_right))
        return f'{lhs} {self.exp} {rhs}'

    def eval(self) -> Any:
        """Returns the result."""
        return self.func(_value(self.lhs), _value(self.rhs))


class BoolBinaryOperator(BinaryOperator):
    """A comparison, which can be expected."""

    def __init__(
        self, lhs: Any, rhs: Any, exp: str, inv: str, func: Callable[[Any, Any], Any]
    ) -> None:
        super().__init__(_BOOL, lhs, rhs, exp, func)
        self.inv = inv

    def expect(self) -> None:
        """Raises unless it holds.

        Raises:
            InvalidType: It does not; the message shows the text and the values.
        """
        left, right = _value(self.lhs), _value(self.rhs)
        if not self.func(left, right):
            raise InvalidType(str(self), f'{left} {self.inv} {right}')


def _value(v: Any) -> Any:
    if isinstance(v, Expr):
        return v.eval()
    if type(v) in (list, tuple):
        return type(v)(_value(item) for item in v)
    return v


def _repr(v: Any) -> str:
    if isinstance(v, Expr):
        return str(v)
    if type(v) is list:
        return f'[{", ".join(_repr(item) for item in v)}]'
    if type(v) is tuple:
        comma = ',' if len(v) == 1 else ''
        return f'({", ".join(_repr(item) for item in v)}{comma})'
    return repr(v)


def _text(v: Any) -> str:
    return v if isinstance(v, str) else _repr(v)


def _subscript(key: Any) -> str:
    if key is Ellipsis:
        return '...'
    if not isinstance(key, slice):
        return _repr(key)
    parts = [key.start, key.stop, *([] if key.step is None else [key.step])]
    return ':'.join('' if part is None else _repr(part) for part in parts)


def _tightness(v: Any) -> int:
    return v.priority if isinstance(v, Expr) else _ATOM


def _in_parentheses(v: Any, needed: bool) -> str:
    return f'({_text(v)})' if needed else _text(v)


def _install_operators() -> None:
    def binary(name: str, priority: int, exp: str, right: bool = False) -> None:
        func = getattr(operator, f'__{name}__')

        def method(x: Any, y: Any) -> Expr:
            return BinaryOperator(priority, x, y, exp, func, right)

        def flipped(x: Any, y: Any) -> Expr:
            return BinaryOperator(priority, y, x, exp, func, right)

        setattr(Expr, f'__{name}__', method)
        setattr(Expr, f'__r{name}__', flipped)

    def comparison(name: str, exp: str, inv: str) -> None:
        func = getattr(operator, name)
        setattr(
            Expr, f'__{name}__', lambda x, y: BoolBinaryOperator(x, y, exp, inv, func)
        )

    def unary(name: str, exp: str) -> None:
        func = getattr(operator, name)
        setattr(Expr, f'__{name}__', lambda x: UnaryOperator(_UNARY, x, exp, func))

    binary('or', _OR, '|')
    binary('xor', _XOR, '^')
    binary('and', _AND, '&')
    binary('lshift', _SHIFT, '<<')
    binary('rshift', _SHIFT, '>>')
    binary('add', _SUM, '+')
    binary('sub', _SUM, '-')
    for name, exp in (('mul', '*'), ('truediv', '/'), ('floordiv', '//'), ('mod', '%')):
        binary(name, _PRODUCT, exp)
    binary('pow', _POWER, '**', right=True)
    for name, exp in (('neg', '-'), ('pos', '+'), ('invert', '~')):
        unary(name, exp)
    for name, exp, inv in (
        ('eq', '==', '!='),
        ('ne', '!=', '=='),
        ('lt', '<', '>='),
        ('le', '<=', '>'),
        ('gt', '>', '<='),
        ('ge', '>=', '<'),
    ):
        comparison(name, exp, inv)


_install_operators()


class TypeInfo:
    """The shape and the dtype of an array.

    Args:
        shape: Its shape.
        dtype: Its dtype; None for an input that is None.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        n = 1
        for length in self.shape:
            n *= length
        return n


class TypeInfoTuple(tuple[Any, ...]):
    """The types of all inputs."""

    name: str = ''

    def size(self) -> Variable:
        """Returns the number of inputs, as an expression."""
        return Variable(len(self), f'{self.name}.size')


def get_types(
    data: tuple[Any, ...],
    name: str,
    accept_none: bool,
    *,
    shapes: Sequence[tuple[int, ...]] | None = None,
) -> TypeInfoTuple:
    """Returns the types of arrays, as expressions.

    Args:
        data: The arrays.
        name: What the text of the expressions calls them.
        accept_none: Let items of ``data`` be None.
        shapes: Shapes to tell instead of those of the arrays.

    Raises:
        AssertionError: ``data`` is no tuple, or an item is None that may not be.

    Example:
        >>> from minigrad.utils import type_check
        >>> types = type_check.get_types((np.zeros((2, 3), 'f'),), 'in_types', False)
        >>> type_check.expect(types[0].ndim == 4)
        Traceback (most recent call last):
            ...
        minigrad.errors.InvalidType: Expect: in_types[0].ndim == 4
        Actual: 2 != 4
    """
    if not isinstance(data, tuple):
        raise AssertionError(f'data must be a tuple of arrays: {type(data).__name__}')
    infos = []
    for i, array in enumerate(data):
        if array is None:
            if not accept_none:
                raise AssertionError(f'{name}[{i}] must be an array: None')
            info = TypeInfo((), None)
        else:
            info = TypeInfo(array.shape if shapes is None else shapes[i], array.dtype)
        infos.append(Variable(info, f'{name}[{i}]'))
    types = TypeInfoTuple(infos)
    types.name = name
    return types
