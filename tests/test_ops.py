"""Every operation of the table, asked every question."""

import pytest

from minigrad.testing import properties
from tests.op_table import CASES

SAMPLES = [
    pytest.param(case, sample, id=f'{case}-{i}')
    for case in CASES
    for i, sample in enumerate(case.samples)
]


@pytest.mark.parametrize('question', properties.SAMPLE_QUESTIONS)
@pytest.mark.parametrize(('case', 'sample'), SAMPLES)
def test_sample(case, sample, question):
    question(case, sample)


@pytest.mark.parametrize('case', [c for c in CASES if c.empty is not None], ids=str)
def test_zero_size(case):
    properties.check_zero_size(case)


@pytest.mark.parametrize('case', [c for c in CASES if c.errors], ids=str)
def test_errors(case):
    properties.check_errors(case)


@pytest.mark.parametrize('case', [c for c in CASES if c.edges], ids=str)
def test_edges(case):
    properties.check_edges(case)
