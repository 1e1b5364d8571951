"""Which test runs which line: so that a fault is shown to the tests that can see it."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.mutate.areas import AREAS
from tests.mutate.judge import OPTIONS
from tests.mutate.mutants import Mutant


class Judge(NamedTuple):
    """A test that passes without a fault.

    Attributes:
        name: As pytest writes it.
        seconds: How long it took.
        n_lines: Lines of the library that it runs; few are narrow.
        starts_processes: Whether it started some, whose lines nobody counted.
    """

    name: str
    seconds: float
    n_lines: int
    starts_processes: bool


class CoverageMap:
    """The tests of an area, and the lines that each runs.

    Args:
        tests: All that pass.
        lines: For each file and line, numbers of tests; as strings, from JSON.
        imported: For each file, the lines that run when it is imported.
        failed: Tests that fail without a fault, or are skipped.
    """

    def __init__(
        self,
        tests: list[list[Any]],
        lines: dict[str, dict[str, list[int]]],
        imported: dict[str, list[int]],
        failed: list[str],
    ) -> None:
        self.tests = [Judge(*test) for test in tests]
        self.lines = lines
        self.imported = imported
        self.failed = failed

    def judges(self, file: str, source: bytes, mutant: Mutant) -> list[Judge]:
        """Returns the tests that run what a fault changes, the narrowest first.

        What runs once, at import, is used elsewhere: a default by its function, an
        attribute of a class by its methods, a constant by anything.
        """
        (first, last), *scopes = _around(ast.parse(source), mutant)
        found = self._narrowest(self._running(file, first, last))
        if not set(range(first, last + 1)).isdisjoint(self.imported.get(file, ())):
            for first, last in scopes:
                found += self._narrowest(self._running(file, first, last))
            found += self._narrowest(set(range(len(self.tests))))
        return list(dict.fromkeys(found))

    def _running(self, file: str, first: int, last: int) -> set[int]:
        lines = self.lines.get(file, {})
        return {i for n in range(first, last + 1) for i in lines.get(str(n), ())}

    def _narrowest(self, numbers: set[int]) -> list[Judge]:
        tests = [self.tests[i] for i in sorted(numbers)]
        return sorted(tests, key=lambda test: (test.n_lines, test.seconds))

    def starting_processes(self) -> list[Judge]:
        """Returns the tests whose lines nobody counted in full, the fastest first."""
        tests = [test for test in self.tests if test.starts_processes]
        return sorted(tests, key=lambda test: test.seconds)


def _around(tree: ast.Module, mutant: Mutant) -> list[tuple[int, int]]:
    """Returns first and last lines: of the statement, its functions and classes, all."""
    statements, scopes = [], []
    for node in ast.walk(tree):
        if not isinstance(node, (ast.stmt, ast.match_case)):
            continue
        body = getattr(node, 'body', None)
        start = node.pattern if isinstance(node, ast.match_case) else node
        first, last = start.lineno, body[-1].end_lineno if body else node.end_lineno
        last = max(last, getattr(node, 'end_lineno', last))
        if not first <= mutant.line <= last:
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            scopes.append((body[0].lineno, last))
        head = body[0].lineno - 1 if body else last
        end = max(first, head) if mutant.line <= head else last
        statements.append((first, end))
    statement = min(statements, key=lambda lines: lines[1] - lines[0])
    end = max(node.end_lineno for node in tree.body)
    return [statement, *reversed(scopes), (1, end)]


class _Observer:
    """A plugin: tells coverage.py which test runs, and notes what becomes of it."""

    def __init__(self, coverage: Any) -> None:
        self.coverage = coverage
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self.starting: set[str] = set()
        self.now = ''
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: Any) -> None:
        if event in ('subprocess.Popen', 'os.fork', 'os.posix_spawn') and self.now:
            self.starting.add(self.now)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.now = item.nodeid
        self.coverage.switch_context(item.nodeid)
        yield
        self.coverage.switch_context('')
        self.now = ''

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid
        self.seconds[name] = self.seconds.get(name, 0) + report.duration
        if not report.passed:
            self.failed.add(name)


def observe(area: str) -> dict[str, Any]:
    """Runs the tests of an area with coverage.py; returns a map for JSON."""
    import coverage

    root = Path.cwd()
    measure = coverage.Coverage(
        data_file=None, config_file=False, source=[str(root / 'minigrad')]
    )
    observer = _Observer(measure)
    measure.start()
    pytest.main([*OPTIONS, *AREAS[area].tests], plugins=[observer])
    measure.stop()
    names = [name for name in observer.seconds if name not in observer.failed]
    number = {name: i for i, name in enumerate(names)}
    n_lines = [0] * len(names)
    lines: dict[str, dict[str, list[int]]] = {}
    imported: dict[str, list[int]] = {}
    data = measure.get_data()
    for path in data.measured_files():
        file = Path(path).relative_to(root).as_posix()
        of_file = lines[file] = {}
        imported[file] = []
        for line, contexts in data.contexts_by_lineno(path).items():
            if '' in contexts:
                imported[file].append(line)
            tests = [number[name] for name in contexts if name in number]
            for i in tests:
                n_lines[i] += 1
            if tests:
                of_file[str(line)] = tests
    return {
        'tests': [
            [name, observer.seconds[name], n_lines[i], name in observer.starting]
            for i, name in enumerate(names)
        ],
        'lines': lines,
        'imported': imported,
        'failed': sorted(observer.failed),
    }


def digest(root: Path) -> str:
    """Returns a checksum of all sources and tests, for which a map holds."""
    total = hashlib.sha256()
    for folder in ('minigrad', 'tests'):
        for path in sorted((root / folder).rglob('*.py')):
            if path.is_relative_to(root / 'tests' / 'mutate'):
                continue
            total.update(path.relative_to(root).as_posix().encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:16]


def save(path: Path, content: dict[str, Any]) -> None:
    """Writes a map, in one step."""
    unfinished = path.with_suffix('.unfinished')
    unfinished.write_text(json.dumps(content))
    os.replace(unfinished, path)
