"""Names that the examples in docstrings use, and a run without Numba."""

import sys

import numpy
import pytest


def pytest_addoption(parser):
    parser.addoption(
        '--without-numba',
        action='store_true',
        help='run as on a machine where Numba is not installed',
    )


def pytest_configure(config):
    if config.getoption('--without-numba'):
        sys.modules['numba'] = None
        config.addinivalue_line('filterwarnings', 'ignore:Numba cannot be used')


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace, request):
    import minigrad
    import minigrad.functions
    import minigrad.links

    doctest_namespace.update(
        np=numpy, minigrad=minigrad, F=minigrad.functions, L=minigrad.links
    )
