"""Formulas on single elements: written once, read as array code or as a program.

A formula is a function of an array module and of elements, such as ``lambda xp, x, y:
xp.exp(x) * y``, which returns one value or a tuple. Called with NumPy or CuPy and arrays
it computes, with an array for each step: that is its definition. `trace` calls it
with symbols instead and returns its steps, from which a kernel set makes one pass over
memory: ``cpu/fused.py`` in the vectors of a CPU, ``gpu/formula.py`` in CUDA C++.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

Formula = Callable[..., Any]

COMPARISONS = ('greater', 'greater_equal', 'less', 'less_equal', 'equal', 'not_equal')
CONDITIONS = (*COMPARISONS, 'isnan', 'logical_and', 'logical_or', 'logical_not')
"""The operations whose values are true or false."""
OPERATIONS: dict[str, int] = {
    'add': 2, 'subtract': 2, 'multiply': 2, 'divide': 2, 'negative': 1,
    'maximum': 2, 'minimum': 2, 'absolute': 1, 'sqrt': 1, 'floor': 1, 'where': 3,
    'exp': 1, 'expm1': 1, 'log': 1, 'log1p': 1, 'tanh': 1, 'sin': 1, 'cos': 1,
    **dict.fromkeys(COMPARISONS, 2),
    'isnan': 1, 'logical_and': 2, 'logical_or': 2, 'logical_not': 1,
}  # fmt: skip
"""What a formula may call of its array module, with the number of operands."""


class Step:
    """One step of a formula, or what goes into it.

    Attributes:
        operation: A name of `OPERATIONS`, or ``'array'``, ``'number'`` (an argument of
            the formula) or ``'constant'``.
        operands: Steps; of an argument its place, of a constant its value.
    """

    __slots__ = ('_steps', 'operands', 'operation')
    __array_ufunc__ = None  # NumPy's numbers leave operators to this class

    def __init__(
        self, steps: dict[Any, Step], operation: str, operands: tuple[Any, ...]
    ) -> None:
        self._steps = steps
        self.operation = operation
        self.operands = operands

    def __bool__(self) -> bool:
        raise TypeError('a formula cannot branch on a value; use xp.where')

    __hash__ = object.__hash__


def _operator(operation: str, swapped: bool = False) -> Any:
    def method(self: Step, *others: Any) -> Step:
        operands = (*others, self) if swapped else (self, *others)
        return _step(self._steps, operation, operands)

    return method


for _name, _operation in (
    ('add', 'add'), ('sub', 'subtract'), ('mul', 'multiply'), ('truediv', 'divide'),
):  # fmt: skip
    setattr(Step, f'__{_name}__', _operator(_operation))
    setattr(Step, f'__r{_name}__', _operator(_operation, swapped=True))
for _name, _operation in (
    ('neg', 'negative'), ('abs', 'absolute'), ('gt', 'greater'), ('lt', 'less'),
    ('ge', 'greater_equal'), ('le', 'less_equal'), ('eq', 'equal'),
    ('ne', 'not_equal'), ('and', 'logical_and'), ('or', 'logical_or'),
    ('invert', 'logical_not'),
):  # fmt: skip
    setattr(Step, f'__{_name}__', _operator(_operation))


def _step(steps: dict[Any, Step], operation: str, operands: tuple[Any, ...]) -> Step:
    """Returns the step; equal ones are one."""
    operands = tuple([_as_step(steps, operand) for operand in operands])
    key = operation, *[id(operand) for operand in operands]
    if key not in steps:
        steps[key] = Step(steps, operation, operands)
    return steps[key]


def _as_step(steps: dict[Any, Step], value: Any) -> Step:
    if isinstance(value, Step):
        return value
    key = 'constant', repr(float(value))
    if key not in steps:
        steps[key] = Step(steps, 'constant', (float(value),))
    return steps[key]


class _Symbols:
    """Stands for the array module while a formula is traced."""

    def __init__(self, steps: dict[Any, Step]) -> None:
        self._steps = steps

    def __getattr__(self, name: str) -> Callable[..., Step]:
        count = OPERATIONS.get(name)
        if count is None:
            raise AttributeError(f'a formula has no xp.{name}; there are {OPERATIONS}')

        def function(*operands: Any) -> Step:
            if len(operands) != count:
                raise TypeError(f'xp.{name} takes {count}, got {len(operands)}')
            return _step(self._steps, name, operands)

        return function


class Program(NamedTuple):
    """The steps of a formula, each after those that it needs."""

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


def trace(formula: Formula) -> Program:
    """Returns the steps of a formula.

    Example:
        >>> from minigrad.kernels.formula import trace
        >>> program = trace(lambda xp, x, *, scale: xp.sqrt(x * scale))
        >>> [step.operation for step in program.steps]
        ['array', 'number', 'multiply', 'sqrt']
    """
    arrays, numbers = parameters(formula)
    known: dict[Any, Step] = {}
    given = [Step(known, 'array', (i,)) for i in range(len(arrays))]
    values = {name: Step(known, 'number', (i,)) for i, name in enumerate(numbers)}
    found = formula(_Symbols(known), *given, **values)
    found = found if isinstance(found, tuple) else (found,)
    results = tuple([_as_step(known, value) for value in found])
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
