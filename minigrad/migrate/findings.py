"""Finds in a program what a person has to change."""

from __future__ import annotations

from typing import Any, NamedTuple

import libcst as cst
from libcst.metadata import ParentNodeProvider, PositionProvider, QualifiedNameProvider

from minigrad import not_provided, old_idioms
from minigrad.chainer import names, old_names
from minigrad.chainer.alias import PACKAGES


class Finding(NamedTuple):
    """Something to change by hand.

    Attributes:
        line: Where it is.
        text: What it is, and what to write.
    """

    line: int
    text: str


class Search(cst.CSTVisitor):
    """Visits a module.

    Attributes:
        findings: What was found.
    """

    METADATA_DEPENDENCIES = (
        ParentNodeProvider,
        PositionProvider,
        QualifiedNameProvider,
    )

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[Finding] = []

    def _report(self, node: cst.CSTNode, text: str) -> None:
        position: Any = self.get_metadata(PositionProvider, node)
        finding = Finding(position.start.line, text)
        if finding not in self.findings:
            self.findings.append(finding)

    def _full_name(self, node: cst.CSTNode) -> str:
        # Such as chainer.functions.relu for F.relu; empty for what is not imported.
        found: Any = self.get_metadata(QualifiedNameProvider, node, set())
        for name in found:
            if name.source.name == 'IMPORT':
                return _chainers(str(name.name))
        return ''

    def visit_Call(self, node: cst.Call) -> None:
        """Looks at the keywords of a call."""
        callee = self._full_name(node.func)
        for argument in node.args:
            if argument.keyword is None:
                continue
            keyword = argument.keyword.value
            text = None
            if callee.partition('.')[0] in PACKAGES:
                text = old_idioms.KEYWORDS_OF.get((callee, keyword))
                text = text or old_idioms.KEYWORDS.get(keyword)
            elif not callee:
                text = old_idioms.CALL_KEYWORDS.get(keyword)
                if keyword == 'invoke_before_training':
                    text = old_idioms.KEYWORDS[keyword]
            if text is not None:
                self._report(argument, text)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        """Looks at an attribute, of a module or of anything."""
        name = self._full_name(node)
        if name:
            self._name(node, name)
            return not name.startswith((*PACKAGES, 'numpy'))  # its parts say no more
        text = old_idioms.ATTRIBUTES.get(node.attr.value)
        if text is not None:
            self._report(node, text)
        return True

    def visit_Name(self, node: cst.Name) -> None:
        """Looks at a name that was imported by itself."""
        if isinstance(self.get_metadata(ParentNodeProvider, node), cst.ImportAlias):
            return
        name = self._full_name(node)
        if '.' in name:
            self._name(node, name)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        """Looks at what is imported from a module."""
        if (
            node.module is None
            or node.relative
            or isinstance(node.names, cst.ImportStar)
        ):
            return False
        module = cst.helpers.get_full_name_for_node_or_raise(node.module)
        for alias in node.names:
            name = cst.helpers.get_full_name_for_node_or_raise(alias.name)
            self._name(alias, _chainers(f'{module}.{name}'))
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        """Looks at the modules that are imported."""
        for alias in node.names:
            name = cst.helpers.get_full_name_for_node_or_raise(alias.name)
            self._name(alias, _chainers(name))
        return False

    def _name(self, node: cst.CSTNode, name: str) -> None:
        top, _, last = name.rpartition('.')
        text = old_idioms.NAMES.get(name)
        if text is None and top in old_names.REMOVED:
            text = old_names.advice(top, last)
        if text is None and top == 'chainer.functions':
            text = _link_as_function(last)
        if text is None and name.partition('.')[0] in PACKAGES:
            text = _not_provided(name)
        if text is not None:
            self._report(node, text)


def _chainers(name: str) -> str:
    # A full name as Chainer has it, whether the imports are rewritten or not.
    for top, package in sorted(PACKAGES.items(), key=lambda pair: -len(pair[1])):
        if name == package or name.startswith(f'{package}.'):
            name = top + name.removeprefix(package)
            break
    return name.replace('chainer.backends.cuda.', 'chainer.cuda.')


def _link_as_function(name: str) -> str | None:
    known = {listed.path for listed in names.listed()}
    if f'chainer.links.{name}' in known and f'chainer.functions.{name}' not in known:
        return (
            f'functions.{name} is gone since Chainer 2: it has parameters, so it is a '
            f'link; write `chainer.links.{name}`'
        )
    return None


def _not_provided(name: str) -> str | None:
    try:
        found = names.find(name)
    except LookupError:
        found = None
    if getattr(found, '__module__', None) == not_provided.__name__:
        return f'{name} is not provided: {found.__doc__.splitlines()[0]}'
    for listed in names.missing():
        if name == listed.path or name.startswith(f'{listed.path}.'):
            return f'{name} is not provided: {names.reason(listed)}'
    return None
