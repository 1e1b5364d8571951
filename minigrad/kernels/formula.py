"""Elementwise formulas: written once, used as array code or compiled to a kernel.

A formula is a function of an array module and of elements, such as ``lambda xp, x, y:
xp.exp(x) * y``, which returns one value or a tuple. Called with NumPy or CuPy and arrays
it computes, with an array for each step: that is its definition. `trace` calls it
with symbols instead and returns its steps, from which a kernel set makes one pass over
memory: ``cpu/fused.py`` in the vectors of a CPU, ``gpu/formula.py`` in CUDA C++.

In a formula along rows, arrays are matrices, or vectors that are the same for all rows,
or columns of one number for each row; ``x.sum(axis=-1, keepdims=True)``, ``max`` and
``mean`` reduce a row, and ``x.sum(axis=0)`` may be a result.

Symbols answer to operators and to NumPy's functions of arrays, so whatever a formula
calls may be ordinary NumPy code. What has no counterpart here raises TypeError.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

Formula = Callable[..., Any]

COMPARISONS = ('greater', 'greater_equal', 'less', 'less_equal', 'equal', 'not_equal')
CONDITIONS = (*COMPARISONS, 'isnan', 'logical_and', 'logical_or', 'logical_not')
"""The operations whose values are true or false."""
OPERATIONS: dict[str, int] = {
    'add': 2, 'subtract': 2, 'multiply': 2, 'divide': 2, 'negative': 1,
    'maximum': 2, 'minimum': 2, 'absolute': 1, 'sqrt': 1, 'floor': 1, 'where': 3,
    'exp': 1, 'expm1': 1, 'log': 1, 'log1p': 1, 'tanh': 1, 'sin': 1, 'cos': 1,
    'erf': 1, 'erfc': 1,
    **dict.fromkeys(COMPARISONS, 2),
    'isnan': 1, 'logical_and': 2, 'logical_or': 2, 'logical_not': 1,
}  # fmt: skip
"""The operations of steps, each NumPy's or SciPy's function of that name, and their
operands."""

# Other functions of NumPy, in terms of these.
_COMPOSED: dict[str, Callable[..., Any]] = {
    'positive': lambda x: x,
    'square': lambda x: x * x,
    'sign': lambda x: np.where(x > 0, 1, np.where(x < 0, -1, x)),
    'reciprocal': lambda x: 1 / x,
    'isfinite': lambda x: abs(x) < np.inf,
    'isinf': lambda x: abs(x) == np.inf,
    'bitwise_and': np.logical_and,
    'bitwise_or': np.logical_or,
    'invert': np.logical_not,
    'log2': lambda x: np.log(x) * (1 / np.log(2)),
    'log10': lambda x: np.log(x) * (1 / np.log(10)),
    'ndtr': lambda x: (x * -np.sqrt(0.5)).apply('erfc') * 0.5,
    'clip': lambda x, low, high: np.minimum(np.maximum(x, low), high),
}


class Step(NDArrayOperatorsMixin):
    """One step of a formula, or one of its inputs.

    Attributes:
        operation: A name of `OPERATIONS`; ``'array'``, ``'number'`` (an argument of the
            formula) or ``'constant'``; ``'row_sum'``, ``'row_max'``, ``'column_sum'``
            or ``'count'``, which is that of a row's elements.
        operands: Steps; of an argument its place, of a constant its value.
        dtype: What the formula is traced for.
    """

    __slots__ = ('_steps', 'dtype', 'operands', 'operation')

    def __init__(
        self,
        steps: dict[Any, Step],
        dtype: Any,
        operation: str,
        operands: tuple[Any, ...],
    ) -> None:
        self._steps = steps
        self.dtype = dtype
        self.operation = operation
        self.operands = operands

    def max(self, *, axis: int, keepdims: bool) -> Step:
        """Returns the largest element of the row."""
        _check_along(axis, keepdims)
        return self._known('row_max', (self,), (id(self),))

    def sum(self, *, axis: int, keepdims: bool = False) -> Step:
        """Returns the sum of the row, or with ``axis=0`` that of each column."""
        if axis == 0 and not keepdims:
            return self._known('column_sum', (self,), (id(self),))
        _check_along(axis, keepdims)
        return self._known('row_sum', (self,), (id(self),))

    def mean(self, *, axis: int, keepdims: bool) -> Step:
        """Returns the mean of the row."""
        total: Step = self.sum(axis=axis, keepdims=keepdims)
        count = self._known('count', (), ())
        return total / count  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        raise TypeError('a formula cannot branch on a value; use xp.where')

    def __pow__(self, exponent: Any) -> Any:
        if exponent not in (2, 3):
            raise TypeError(f'a formula has no power of {exponent}')
        return self * self if exponent == 2 else self * self * self

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwds: Any) -> Any:
        if method != '__call__' or kwds:
            raise TypeError(f'a formula has no {ufunc.__name__}.{method}, nor {kwds}')
        return self._apply(ufunc.__name__, args)

    def __array_function__(
        self, function: Any, kinds: Any, args: Any, kwds: Any
    ) -> Any:
        if kwds:
            raise TypeError(f'a formula has no {function.__name__} with {kwds}')
        return self._apply(function.__name__, args)

    def apply(self, name: str) -> Step:
        """Returns a function of this step that NumPy does not have, by its name."""
        return self._apply(name, (self,))  # type: ignore[no-any-return]

    def _apply(self, name: str, operands: tuple[Any, ...]) -> Any:
        """Returns the step of an operation; equal steps are stored once."""
        if name in _COMPOSED:
            return _COMPOSED[name](*operands)
        if OPERATIONS.get(name) != len(operands):
            raise TypeError(f'a formula has no xp.{name} of {len(operands)}')
        steps = tuple([self._step_of(operand) for operand in operands])
        return self._known(name, steps, tuple([id(step) for step in steps]))

    def _step_of(self, value: Any) -> Step:
        if isinstance(value, Step):
            return value
        number = float(value)  # TypeError for anything but a number
        return self._known('constant', (number,), (repr(number),))

    def _known(self, operation: str, operands: tuple[Any, ...], key: Any) -> Step:
        key = operation, *key
        if key not in self._steps:
            self._steps[key] = Step(self._steps, self.dtype, operation, operands)
        return self._steps[key]

    __hash__ = object.__hash__


def _check_along(axis: int, keepdims: bool) -> None:
    if axis != -1 or not keepdims:
        raise TypeError('a formula takes sums and maxima with axis=-1, keepdims=True')


class Program(NamedTuple):
    """The steps of a formula, each after the steps that it needs."""

    arrays: tuple[str, ...]
    numbers: tuple[str, ...]
    steps: tuple[Step, ...]
    results: tuple[Step, ...]


def parameters(formula: Formula) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the names of a formula's arrays, and of its numbers.

    Numbers are its keyword-only parameters; they are the same for all elements.
    """
    given = list(inspect.signature(formula).parameters.values())[1:]
    only_keyword = inspect.Parameter.KEYWORD_ONLY
    arrays = tuple([p.name for p in given if p.kind is not only_keyword])
    return arrays, tuple([p.name for p in given if p.kind is only_keyword])


def trace(formula: Formula, dtype: Any = np.float32) -> Program:
    """Returns the steps of a formula.

    Raises:
        TypeError: It does something else than `OPERATIONS` with its elements.

    Example:
        >>> from minigrad.kernels.formula import trace
        >>> program = trace(lambda xp, x, *, scale: xp.sqrt(x * scale))
        >>> [step.operation for step in program.steps]
        ['array', 'number', 'multiply', 'sqrt']
    """
    arrays, numbers = parameters(formula)
    known: dict[Any, Step] = {}
    dtype = np.dtype(dtype)
    given = [Step(known, dtype, 'array', (i,)) for i in range(len(arrays))]
    values = {
        name: Step(known, dtype, 'number', (i,)) for i, name in enumerate(numbers)
    }
    found = formula(np, *given, **values)
    found = found if isinstance(found, tuple) else (found,)
    results = tuple([given[0]._step_of(value) for value in found])
    steps: dict[int, Step] = {}

    def visit(step: Step) -> None:
        if id(step) in steps:
            return
        for operand in step.operands:
            if isinstance(operand, Step):
                visit(operand)
        steps[id(step)] = step

    for step in results:
        visit(step)
    return Program(arrays, numbers, tuple(steps.values()), results)
