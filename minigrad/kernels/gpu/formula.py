"""Formulas in CUDA C++: the text between the loads and the stores of an element."""

from __future__ import annotations

from minigrad.kernels.formula import COMPARISONS, CONDITIONS, Formula, Step, trace

_SIGNS = {
    'add': '+', 'subtract': '-', 'multiply': '*', 'divide': '/',
    'logical_and': '&&', 'logical_or': '||',
    **dict(zip(COMPARISONS, ('>', '>=', '<', '<=', '==', '!='), strict=True)),
}  # fmt: skip


def body(formula: Formula, targets: tuple[str, ...]) -> str:
    """Returns statements that compute a formula in ``A`` and assign its results.

    Args:
        formula: The formula; arrays and numbers go by the names of its parameters.
        targets: Names of type ``T`` that get the results; they may be among the arrays.
    """
    program = trace(formula)
    names: dict[int, str] = {}
    lines = []
    for i, step in enumerate(program.steps):
        operands = [names[id(o)] for o in step.operands if isinstance(o, Step)]
        if step.operation == 'number':
            names[id(step)] = program.numbers[step.operands[0]]
            continue
        if step.operation == 'array':
            text = f'(A){program.arrays[step.operands[0]]}'
        elif step.operation == 'constant':
            value = repr(step.operands[0]).replace('inf', '(1.0 / 0.0)')
            text = f'(A){value}'
        else:
            text = _expression(step.operation, operands)
        kind = 'bool' if step.operation in CONDITIONS else 'A'
        names[id(step)] = f'step{i}'
        lines.append(f'const {kind} step{i} = {text};')
    for target, result in zip(targets, program.results, strict=True):
        lines.append(f'{target} = (T){names[id(result)]};')
    return '\n'.join(lines)


def _expression(operation: str, args: list[str]) -> str:
    if operation in _SIGNS:
        return f' {_SIGNS[operation]} '.join(args)
    if operation in ('maximum', 'minimum'):  # a NaN wins, as it does in NumPy
        (x, y), sign = args, '>' if operation == 'maximum' else '<'
        return f'{x} != {x} || {x} {sign} {y} ? {x} : {y}'
    (x, *others) = args
    if operation == 'where':
        return f'{x} ? {others[0]} : {others[1]}'
    if operation == 'isnan':
        return f'{x} != {x}'
    prefix = {'negative': '-', 'logical_not': '!'}.get(operation)
    if prefix is not None:
        return prefix + x
    function = 'fabs' if operation == 'absolute' else operation
    return f'{function}({x})'
