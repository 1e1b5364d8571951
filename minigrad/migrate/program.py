"""One file of a program: parsed, searched, rewritten."""

from __future__ import annotations

from pathlib import Path

import libcst
from libcst.metadata import MetadataWrapper

from minigrad.migrate.findings import Finding, Search
from minigrad.migrate.imports import Imports


class Program:
    """A file, and what has to be done to it.

    Args:
        path: The file.

    Attributes:
        findings: What a person has to change, in the order of lines.
        changed: Whether imports are rewritten.
        first_import: Line of the first of them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self.first_import = 0
        source = path.read_bytes()
        self._new = source
        try:
            wrapper = MetadataWrapper(libcst.parse_module(source))
        except libcst.ParserSyntaxError as error:
            # The parser lists every token that it would have taken.
            place = error.message.partition(': expected')[0]
            text = (
                f'is not Python 3 ({place}); write it in Python 3 first, for a start by '
                'lib2to3'
            )
            self.findings.append(Finding(error.raw_line, text))
            return
        except (UnicodeDecodeError, LookupError, SyntaxError) as error:
            text = f'is not text in the encoding that it names, or UTF-8 ({error})'
            self.findings.append(Finding(1, text))
            return
        search = Search()
        wrapper.visit(search)
        self.findings = sorted(search.findings)
        imports = Imports()
        self._new = wrapper.visit(imports).bytes
        self.first_import = imports.first_line

    @property
    def changed(self) -> bool:
        return self.first_import > 0

    def save(self) -> None:
        """Writes the rewritten file."""
        self.path.write_bytes(self._new)
