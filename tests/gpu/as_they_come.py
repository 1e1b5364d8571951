"""Writes each test's outcome when it is known: a run that is killed keeps what it had.

    python -m pytest -m gpu -n 12 -p tests.gpu.as_they_come tests/gpu

``--outcomes FILE`` receives a line of JSON for each test: its name, what came, how long it
took, and for a failure its text. ``--each SECONDS`` ends a test that takes longer, and the
next one goes on; a call that never returns to Python cannot be ended this way.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

OUTCOMES = Path('gpu-tests.jsonl')


def pytest_addoption(parser):
    group = parser.getgroup('as they come')
    group.addoption('--outcomes', type=Path, default=OUTCOMES, help='the file')
    group.addoption('--each', type=float, default=60.0, help='seconds for one test')


class TooLong(Exception):
    """A test that took more than its time."""


class Outcomes:
    """Appends a line for each test that ended."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        path.write_text('')

    def pytest_runtest_logreport(self, report):
        if report.when != 'call' and report.passed:
            return  # how a test was set up or cleaned up says nothing when it went well
        line = {
            'test': report.nodeid,
            'outcome': report.outcome,
            'when': report.when,
            'seconds': round(report.duration, 3),
        }
        if not report.passed:
            line['text'] = str(report.longrepr)
        with self._path.open('a') as file:
            file.write(json.dumps(line) + '\n')


def pytest_configure(config):
    if not hasattr(config, 'workerinput'):  # the process that the workers report to
        config.pluginmanager.register(Outcomes(config.getoption('outcomes')))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    seconds = item.config.getoption('each')

    def end(number, frame):
        raise TooLong(f'this test has had its {seconds:g} s')

    previous = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
