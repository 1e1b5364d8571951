"""Runs tests in a child of this process, which has imported what they need already."""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

LIBRARIES = (
    'numpy', 'numba', 'scipy.special', 'hypothesis', 'h5py', 'onnx', 'safetensors.numpy',
    'PIL.Image', 'matplotlib.pyplot', 'torch', 'coverage',
)  # fmt: skip


Tests = Sequence[tuple[str, float]]


class Verdict(NamedTuple):
    """What tests said of a fault.

    Attributes:
        result: seen, survived or timeout.
        test: The first that failed.
        seconds: How long it took.
        n_tests: How many ran.
    """

    result: str
    test: str
    seconds: float
    n_tests: int


def warm() -> None:
    """Imports what tests import, the library itself excepted."""
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    os.environ.setdefault('MPLBACKEND', 'Agg')
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def in_child(
    function: Callable[[], Any],
    root: Path,
    interpreted: bool,
    limit: float | None,
    cache: Path | None = None,
) -> tuple[Any, bool]:
    """Calls a function in a child, in the folder of a copy of the repository.

    Args:
        function: Returns what JSON can hold.
        root: The copy, from which the child imports.
        interpreted: Whether kernels run as Python code.
        limit: Seconds; then the child and all it started are ended.
        cache: Where Numba keeps what it compiled; by default beside the copy.

    Returns:
        What the function returned, None when the child died; and whether that was
        because time ran out.
    """
    answer = root.parent / 'answer.json'
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            _prepare(
                root,
                interpreted,
                root.parent / 'machine_code' if cache is None else cache,
            )
            answer.write_text(json.dumps(function()))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
    end = None if limit is None else time.monotonic() + limit
    late = False
    try:
        while not late:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
                break
            late = end is not None and time.monotonic() > end
            time.sleep(0.02)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
    return json.loads(answer.read_text()) if answer.exists() else None, late


def _prepare(root: Path, interpreted: bool, cache: Path) -> None:
    os.setsid()  # a group, which ends with all that it started
    output = os.open(root.parent / 'output.txt', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(root)
    os.environ['PYTHONPATH'] = str(root)
    os.environ['NUMBA_CACHE_DIR'] = str(cache)
    os.environ['NUMBA_DISABLE_JIT'] = str(int(interpreted))
    import numba

    numba.config.reload_config()
    # The library and its tests are those of the copy.
    for name in list(sys.modules):
        if name.split('.')[0] in ('tests', 'minigrad'):
            del sys.modules[name]
    sys.path[:] = [
        str(root),
        *(path for path in sys.path if not (Path(path) / 'minigrad').is_dir()),
    ]
    importlib.invalidate_caches()


class _Chosen:
    """A plugin: runs the tests that are named, in that order, each within its time.

    The name of a file means all that it holds.
    """

    def __init__(self, tests: Tests) -> None:
        self.order = {name: place for place, (name, _) in enumerate(tests)}
        self.limits = {name: math.ceil(30 + 10 * seconds) for name, seconds in tests}
        self.failed = ''
        self.count = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._name(item) in self.order]
        items.sort(key=lambda item: self.order[self._name(item)])

    def _name(self, item: pytest.Item) -> str:
        file = item.nodeid.split('::')[0]
        return file if file in self.order else item.nodeid

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        # By default the signal ends the process, in compiled loops too.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(self.limits[self._name(item)])
        yield
        signal.alarm(0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.count += report.when == 'call'
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f'{report.nodeid} (its import)'


OPTIONS = [
    '-q', '-n', '0', '-p', 'no:cacheprovider',
    '-W', 'ignore::pytest.PytestAssertRewriteWarning',  # libraries are imported before
]  # fmt: skip


def run_tests(groups: Sequence[Tests]) -> list[Any]:
    """Runs groups of tests, one after another, up to the first that fails.

    Args:
        groups: Names of tests, and the seconds that each takes without a fault.

    Returns:
        That test, or '' for none; and how many ran.
    """
    sys.dont_write_bytecode = True
    # Python knows a compiled file by its time: nothing of a fault may be kept.
    os.environ['PYTHONDONTWRITEBYTECODE'] = '1'
    count = 0
    for tests in groups:
        plugin = _Chosen(tests)
        files = dict.fromkeys(name.split('::')[0] for name, _ in tests)
        code = pytest.main(['-x', *OPTIONS, *files], plugins=[plugin])
        count += plugin.count
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return [plugin.failed or f'pytest ended with {int(code)}', count]
    return ['', count]
