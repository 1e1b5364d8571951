"""Tools to test one's own functions and links with, and Chainer's own tests.

`FunctionTestCase` and `LinkTestCase` compare values and gradients;
`inject_backend_tests` runs them on every device, `parameterize` for every shape.
"""

from minigrad.testing import attr, condition
from minigrad.testing.array import assert_allclose
from minigrad.testing.backend import BackendConfig, inject_backend_tests
from minigrad.testing.distribution_test import distribution_unittest
from minigrad.testing.function_link import (
    FunctionTestCase,
    FunctionTestError,
    InitializerArgument,
    LinkInitializersTestCase,
    LinkTestCase,
    LinkTestError,
)
from minigrad.testing.helper import (
    assert_warns,
    patch,
    with_requires,
    without_requires,
)
from minigrad.testing.matrix import generate_matrix
from minigrad.testing.parameterized import (
    from_pytest_parameterize,
    parameterize,
    parameterize_pytest,
    product,
    product_dict,
)
from minigrad.testing.random import fix_random, generate_seed
from minigrad.testing.serializer import (
    save_and_load,
    save_and_load_hdf5,
    save_and_load_npz,
)
from minigrad.testing.training import get_trainer_with_mock_updater
from minigrad.testing.unary_math_function_test import unary_math_function_unittest

__all__ = [
    'BackendConfig',
    'FunctionTestCase',
    'FunctionTestError',
    'InitializerArgument',
    'LinkInitializersTestCase',
    'LinkTestCase',
    'LinkTestError',
    'assert_allclose',
    'assert_warns',
    'attr',
    'condition',
    'distribution_unittest',
    'fix_random',
    'from_pytest_parameterize',
    'generate_matrix',
    'generate_seed',
    'get_trainer_with_mock_updater',
    'inject_backend_tests',
    'parameterize',
    'parameterize_pytest',
    'patch',
    'product',
    'product_dict',
    'run_module',
    'save_and_load',
    'save_and_load_hdf5',
    'save_and_load_npz',
    'unary_math_function_unittest',
    'with_requires',
    'without_requires',
]


def run_module(name: str, file: str) -> None:
    """Runs the tests of a file with pytest, if the file is the program.

    Args:
        name: ``__name__`` of the module.
        file: ``__file__`` of the module.

    Source: compatible with chainer.testing.run_module.
    """
    if name == '__main__':
        import pytest

        raise SystemExit(pytest.main([file, '-vvs', '-x']))
