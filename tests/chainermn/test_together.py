"""Runs the tests of the folder ``together`` in several processes at once."""

import pathlib

import pytest

CHECKS = pathlib.Path(__file__).parent / 'together'


@pytest.mark.parametrize(
    ('n', 'names', 'chosen'),
    [
        (1, ['communicators', 'functions'], ''),
        (2, ['communicators', 'functions'], ''),
        (2, ['training'], ''),
        (2, ['links', 'extensions', 'data'], ''),
        (3, ['communicators', 'functions', 'training'], 'not alexnet'),
        (4, ['training', 'extensions'], 'lenet or dealt'),
    ],
)
def test_together(start, n, names, chosen):
    code, out, error = start(
        n,
        *('-m', 'pytest', '-q', '-x', '--tb=short', '-p', 'no:xdist'),
        *('-p', 'no:cacheprovider', '-o', 'python_files=check_*.py', '-W', 'error'),
        *[CHECKS / f'check_{name}.py' for name in names],
        *('-k', chosen),
        limit=300,
    )
    assert code == 0, out + error
    assert out.count('passed') == n
