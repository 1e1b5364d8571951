"""Imports of Chainer become imports of minigrad; every name stays bound as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node_or_raise as full_name
from libcst.metadata import PositionProvider

from minigrad.chainer.alias import PACKAGES


def _dotted(name: str) -> Any:
    return cst.parse_expression(name)


def _renamed(name: str) -> str | None:
    # Chainer's module as minigrad's, None for a module of others.
    top, dot, rest = name.partition('.')
    return None if top not in PACKAGES else f'{PACKAGES[top]}{dot}{rest}'


class Imports(cst.CSTTransformer):
    """Rewrites the imports of a module.

    Attributes:
        first_line: Line of the first import that was rewritten; 0 if there was none.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.first_line = 0

    def _seen(self, node: cst.CSTNode) -> None:
        if not self.first_line:
            position: Any = self.get_metadata(PositionProvider, node)
            self.first_line = position.start.line

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom:
        """Renames the module of ``from chainer.a import b``."""
        if original_node.module is None or original_node.relative:
            return updated_node
        new = _renamed(full_name(original_node.module))
        if new is None:
            return updated_node
        self._seen(original_node)
        return updated_node.with_changes(module=_dotted(new))

    def leave_SimpleStatementLine(
        self,
        original_node: cst.SimpleStatementLine,
        updated_node: cst.SimpleStatementLine,
    ) -> cst.SimpleStatementLine:
        """Renames the modules of ``import chainer, os``."""
        body: list[cst.BaseSmallStatement] = []
        for old, new in zip(original_node.body, updated_node.body, strict=True):
            statements = self._import(old) if isinstance(old, cst.Import) else None
            body.extend([new] if statements is None else statements)
        return updated_node.with_changes(body=body)

    def _import(self, node: cst.Import) -> Sequence[cst.BaseSmallStatement] | None:
        names = [(full_name(a.name), a.asname) for a in node.names]
        if not any(_renamed(name) for name, _ in names):
            return None
        self._seen(node)
        statements: list[cst.BaseSmallStatement] = []
        for name, asname in names:
            new = _renamed(name)
            if new is None:
                statements.append(_import_as(name, asname))
            elif asname is not None:
                statements.append(_import_as(new, asname))
            else:
                # `import chainer.functions` binds the name chainer.
                top = name.partition('.')[0]
                bound = cst.AsName(cst.Name(top))
                statements.append(_import_as(PACKAGES[top], bound))
                if name != top:
                    statements.append(_import_as(new, None))
        return statements


def _import_as(name: str, asname: cst.AsName | None) -> cst.Import:
    return cst.Import([cst.ImportAlias(_dotted(name), asname)])
