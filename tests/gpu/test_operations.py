"""Every operation of the table, on arrays that refuse to be taken for NumPy's."""

import dataclasses

import pytest

from minigrad.configuration import using_config
from minigrad.testing import properties
from tests.op_table import CASES

# The double gradient runs forward, backward and the backward of backward.
QUESTIONS = (
    properties.check_forward,
    properties.check_double_gradient,
    properties.check_inputs_unmodified,
)
SAMPLES = [
    pytest.param(case, sample, id=f'{case}-{i}')
    for case in CASES
    for i, sample in enumerate(case.samples)
]


@pytest.mark.parametrize('question', QUESTIONS)
@pytest.mark.parametrize(('case', 'sample'), SAMPLES)
def test_sample(case, sample, question, cupy):
    if case.name == 'copy' and question is properties.check_double_gradient:
        pytest.skip('copy leaves the device, and the check stays there')
    if case.random:
        # Random numbers are float32 on a GPU.
        case = dataclasses.replace(case, dtypes='f')
    question(case, sample, cupy)


@pytest.mark.parametrize('case', [c for c in CASES if c.empty is not None], ids=str)
def test_zero_size(case, cupy):
    properties.check_zero_size(case, cupy)


@pytest.mark.parametrize('case', [c for c in CASES if c.errors], ids=str)
def test_errors(case, cupy):
    # Values, as opposed to shapes, are looked at in debug mode only: it takes a wait.
    with using_config('debug', True):
        properties.check_errors(case, cupy)


@pytest.mark.parametrize('case', [c for c in CASES if c.edges], ids=str)
def test_edges(case, cupy):
    properties.check_edges(case, cupy)
