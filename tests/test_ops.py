"""Every operation of the table, asked every question."""

import importlib
import pkgutil
from pathlib import Path

import pytest

from minigrad.testing import properties

TABLE = Path(__file__).with_name('op_cases')


def load_cases():
    cases = []
    for module in pkgutil.iter_modules([str(TABLE)]):
        spec = importlib.util.spec_from_file_location(
            f'op_cases_{module.name}', TABLE / f'{module.name}.py'
        )
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        cases.extend(loaded.CASES)
    return cases


CASES = load_cases()
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
