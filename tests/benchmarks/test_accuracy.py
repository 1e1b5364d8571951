"""The table of errors in the docs is what the kernels do."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('numba', reason='Numba is not installed')
pytest.importorskip('scipy', reason='SciPy is not installed')

from benchmarks import accuracy
from minigrad.kernels.cpu import fused
from minigrad.kernels.cpu.jit import INTERPRETED

pytestmark = pytest.mark.skipif(
    INTERPRETED, reason='NUMBA_DISABLE_JIT compiles no vectors'
)
PAGE = Path(__file__).parents[2] / 'docs' / 'accuracy.md'


def test_the_kernels_are_as_exact_as_the_page_says():
    stated = accuracy.read(PAGE.read_text(encoding='utf-8'))
    rows = list(accuracy.rows())
    assert [row.name for row in rows] == list(stated)
    for row in rows:
        for error, number in zip(row.ours, stated[row.name], strict=False):
            assert accuracy.within(error, number), row


def test_every_vector_function_has_a_row():
    assert {name for name, *_ in accuracy.ELEMENTARY} == fused.ELEMENTARY


def test_what_is_above_the_stated_error_is_seen():
    page = accuracy.HEAD + '| exp | ulp | 0.97 | 0.27 | 2.31 | 0.47 |\n'
    assert accuracy.read(page) == {'exp': (0.97, 0.27, 2.31, 0.47)}
    assert not accuracy.within(2.0, 0.97)
    assert not accuracy.within(float('nan'), 0.97)
    assert accuracy._relative(np.array([1.0, 2.5]), np.array([1.0, 2.0]))[0] == 0.25
