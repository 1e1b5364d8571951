"""Names that the examples in docstrings use, and a run without Numba."""

import sys

import numpy
import pytest

collect_ignore = [
    'minigrad/chainer/install.py',  # its import changes what `import chainer` gives
    'tests/functions/make_sweep.py',  # a program, which needs PyTorch
]


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


def pytest_ignore_collect(collection_path, config):
    if config.getoption('--without-numba') and (
        collection_path.name in ('numba_cpu.py', 'calibrate.py')
        or collection_path.parent.name == 'cpu'
    ):
        return True
    return None


def pytest_collection_modifyitems(config, items):
    if config.getoption('--without-numba'):
        absent = pytest.mark.skip(reason='Numba is not installed')
        for item in items:
            parameters = getattr(item, 'callspec', None)
            values = () if parameters is None else parameters.params.values()
            if any(isinstance(value, str) and value == 'numba' for value in values):
                item.add_marker(absent)


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace, request):
    import minigrad
    import minigrad.functions
    import minigrad.links

    doctest_namespace.update(
        np=numpy, minigrad=minigrad, F=minigrad.functions, L=minigrad.links
    )
