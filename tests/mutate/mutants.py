"""The small faults: what may be changed in a source, and the source with one change."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


class Mutant(NamedTuple):
    """One change of a source.

    Attributes:
        line: Where it begins.
        start: First byte that is replaced.
        end: The byte behind the last.
        before: What stands there.
        after: What takes its place.
    """

    line: int
    start: int
    end: int
    before: str
    after: str

    def apply(self, source: bytes) -> bytes:
        """Returns the source with the fault."""
        return source[: self.start] + self.after.encode() + source[self.end :]

    def __str__(self) -> str:
        before, after = [' '.join(text.split()) for text in (self.before, self.after)]
        return f'{before}  ->  {after}'


def mutants_of(source: bytes) -> list[Mutant]:
    """Returns every fault that may be planted in a source, in the order of lines."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node, after in _changes(ast.parse(source)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        before = source[start:end].decode()
        found.append(Mutant(node.lineno, start, end, before, after))
    return sorted(set(found))


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yields nodes below a node, and the text that may take their place."""
    for child in _children(node):
        if isinstance(child, (ast.expr, ast.stmt)):
            for after in _instead_of(child):
                yield child, after
        yield from _changes(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yields what is executed: no annotations, decorators, docstrings or messages."""
    for field, value in ast.iter_fields(node):
        if field in (
            'annotation',
            'returns',
            'decorator_list',
            'bases',
            'type_comment',
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST):
                continue
            if isinstance(child, (ast.JoinedStr, ast.Import, ast.ImportFrom)):
                continue  # inside of an f-string positions are not exact
            if _is_about_types(child):
                continue
            yield child


def _is_about_types(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == 'TYPE_CHECKING'
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) in ('__all__', '__slots__')
    return False


def _instead_of(node: ast.expr | ast.stmt) -> Iterator[str]:
    match node:
        case ast.Compare(left, [operator], [right]):
            other = COMPARISONS[type(operator)]()
            yield f'({ast.unparse(ast.Compare(left, [other], [right]))})'
        case ast.BoolOp(operator, values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield f'({ast.unparse(ast.BoolOp(other, values))})'
        case ast.BinOp(left, operator, right) if type(operator) in ARITHMETIC:
            if not isinstance(left, ast.Constant) or not isinstance(left.value, str):
                other = ARITHMETIC[type(operator)]()
                yield f'({ast.unparse(ast.BinOp(left, other, right))})'
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield f'({ast.unparse(operand)})'
        case ast.Constant(bool() as value):
            yield repr(not value)
        case ast.Constant(int() as value):
            yield repr(value + 1)
        case ast.Constant(float() as value):
            yield repr(value * 2 if value else 1.0)
        case ast.IfExp(test, body, orelse):
            yield f'({ast.unparse(ast.IfExp(test, orelse, body))})'
        case ast.Return(value) if value is not None and not _is_none(value):
            yield 'return None'
        case ast.Expr(ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Delete():
            yield 'pass'
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield 'pass'
        case ast.Break():
            yield 'continue'
        case ast.Continue():
            yield 'break'


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
