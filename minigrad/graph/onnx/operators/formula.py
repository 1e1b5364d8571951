"""Elementwise functions of the table, by the steps of their formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.functions.elementwise import Elementwise
from minigrad.graph.onnx.builder import Builder, Convert
from minigrad.kernels.formula import Step, trace

_OPERATOR = {
    'add': 'Add', 'subtract': 'Sub', 'multiply': 'Mul', 'divide': 'Div',
    'negative': 'Neg', 'maximum': 'Max', 'minimum': 'Min', 'absolute': 'Abs',
    'sqrt': 'Sqrt', 'floor': 'Floor', 'where': 'Where', 'exp': 'Exp', 'log': 'Log',
    'tanh': 'Tanh', 'sin': 'Sin', 'cos': 'Cos', 'erf': 'Erf', 'isnan': 'IsNaN',
    'greater': 'Greater', 'greater_equal': 'GreaterOrEqual', 'less': 'Less',
    'less_equal': 'LessOrEqual', 'equal': 'Equal', 'logical_and': 'And',
    'logical_or': 'Or', 'logical_not': 'Not',
}  # fmt: skip
_OF_OTHERS: dict[str, Callable[..., Any]] = {
    'expm1': lambda b, x: b.op('Sub', b.op('Exp', x), 1.0),
    'log1p': lambda b, x: b.op('Log', b.op('Add', x, 1.0)),
    'erfc': lambda b, x: b.op('Sub', 1.0, b.op('Erf', x)),
    'not_equal': lambda b, x, y: b.op('Not', b.op('Equal', x, y)),
}


def by_formula(function: Any) -> Convert | None:
    """Returns the converter of a function of the table.

    None for other functions, and where the formula is more than arithmetic.
    """
    if not isinstance(function, Elementwise):
        return None
    try:
        program = trace(function.row.array)
    except TypeError:
        return None

    def convert(b: Builder, f: Any, x: str) -> Any:
        known: dict[Step, Any] = {}
        for step in program.steps:
            if step.operation == 'array':
                known[step] = x
            elif step.operation == 'constant':
                known[step] = step.operands[0]
            else:
                operands = [known[operand] for operand in step.operands]
                known[step] = _write(b, step.operation, operands)
        return known[program.results[0]]

    return convert


def _write(b: Builder, operation: str, operands: list[Any]) -> Any:
    if operation in _OPERATOR:
        return b.op(_OPERATOR[operation], *operands)
    return _OF_OTHERS[operation](b, *operands)
