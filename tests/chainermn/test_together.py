"""Runs the tests of the folder ``together`` in two processes at once."""

import pathlib

import pytest

CHECKS = pathlib.Path(__file__).parent / 'together'


@pytest.mark.parametrize('n', [1, 2])
def test_together(start, n):
    code, out, error = start(
        n,
        *('-m', 'pytest', '-q', '-x', '--tb=short', '-p', 'no:xdist'),
        *('-p', 'no:cacheprovider', '-o', 'python_files=check_*.py', '-W', 'error'),
        CHECKS,
    )
    assert code == 0, out + error


def test_three_processes(start):
    code, out, error = start(
        3,
        *('-m', 'pytest', '-q', '-x', '--tb=short', '-p', 'no:xdist'),
        *('-p', 'no:cacheprovider', '-o', 'python_files=check_*.py', '-W', 'error'),
        CHECKS / 'check_communicators.py',
        CHECKS / 'check_functions.py',
    )
    assert code == 0, out + error
