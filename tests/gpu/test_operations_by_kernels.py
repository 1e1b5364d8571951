"""The operations that have CUDA kernels, through those kernels on the CPU."""

import pytest

from minigrad.testing import properties
from tests.gpu import emulator, stand_in
from tests.op_table import CASES

pytestmark = pytest.mark.skipif(
    emulator.COMPILER is None, reason='the CUDA sources need g++ to run on the CPU'
)

FAMILIES = (
    'convolution', 'pooling', 'normalization', 'softmax', 'dropout', 'relu', 'linear',
    'im2col', 'inception',
)  # fmt: skip
SAMPLES = [
    pytest.param(case, sample, id=f'{case}-{i}')
    for case in CASES
    if any(word in case.name for word in FAMILIES)
    for i, sample in enumerate(case.samples)
]


@pytest.fixture(scope='module')
def cupy():
    with stand_in.installed(
        RawModule=emulator.RawModule, ElementwiseKernel=emulator.ElementwiseKernel
    ) as module:
        yield module


@pytest.mark.parametrize('question', [properties.check_double_gradient])
@pytest.mark.parametrize(('case', 'sample'), SAMPLES)
def test_sample(case, sample, question, cupy):
    question(case, sample, cupy)


@pytest.mark.parametrize(
    'case',
    [c for c in CASES if c.empty and any(w in c.name for w in FAMILIES)],
    ids=str,
)
def test_zero_size(case, cupy):
    properties.check_zero_size(case, cupy)


@pytest.mark.parametrize(
    'case',
    [c for c in CASES if c.edges and any(w in c.name for w in FAMILIES)],
    ids=str,
)
def test_edges(case, cupy):
    properties.check_edges(case, cupy)
