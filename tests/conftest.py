import os

# Before NumPy is imported anywhere: the matrices of tests are tiny, and pytest-xdist
# already keeps every core busy.
os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('MPLBACKEND', 'Agg')

import numpy
import pytest


@pytest.fixture
def rng():
    return numpy.random.default_rng(0)
