"""Test classes made from one: parameters and devices."""

import unittest

import numpy as np
import pytest

from minigrad import configuration, testing
from minigrad.backend import CpuDevice
from minigrad.testing import BackendConfig


def test_product():
    expected = [{'a': 1, 'b': 3}, {'a': 1, 'b': 4}, {'a': 2, 'b': 3}, {'a': 2, 'b': 4}]
    assert testing.product({'b': [3, 4], 'a': [1, 2]}) == expected
    assert testing.product([[{'a': 1}, {'a': 2}], [{'b': 3}, {'b': 4}]]) == expected
    assert testing.product_dict([{'a': 1}, {'a': 2}], [{'b': 3}, {'b': 4}]) == expected
    assert testing.product({'a,b': [(1, 3), (2, 4)], 'c': [0]}) == [
        {'a': 1, 'b': 3, 'c': 0},
        {'a': 2, 'b': 4, 'c': 0},
    ]
    assert testing.product({}) == [{}]
    assert testing.product({'a': []}) == []


@pytest.mark.parametrize('wrong', [3, [{'a': 1}], [[1]]])
def test_product_errors(wrong):
    with pytest.raises(TypeError, match='a dictionary, or a list of lists'):
        testing.product(wrong)


def test_from_pytest_parameterize():
    assert testing.from_pytest_parameterize('a', [(1, 2)]) == [{'a': (1, 2)}]
    with pytest.raises(TypeError, match='names separated by commas'):
        testing.from_pytest_parameterize(['a'], [1])
    with pytest.raises(ValueError, match="expected 2 values for 'a,b', got 1"):
        testing.from_pytest_parameterize('a,b', [1])


def test_parameterize(scratch):
    seen = []

    @testing.parameterize({'n': 1, 'f': lambda x: x + 1}, {'n': 2, 'f': abs})
    class Test(unittest.TestCase):
        __module__ = 'scratch'

        def test_n(self):
            seen.append((self.n, self.f(-3)))

        def not_a_test(self):
            raise AssertionError

    assert list(scratch.classes()) == [
        'Test_param_0_{f=<lambda>, n=1}',
        'Test_param_1_{f=abs, n=2}',
    ]
    assert scratch.run().wasSuccessful()
    assert seen == [(1, -2), (2, 3)]


def test_parameterize_stacked(scratch):
    seen = []

    @testing.parameterize_pytest('a', [1, 2])
    @testing.parameterize({'b': 3}, {'b': 4})
    class Test(unittest.TestCase):
        __module__ = 'scratch'

        def test_ab(self):
            seen.append((self.a, self.b))

    assert len(scratch.classes()) == 4
    assert scratch.run().testsRun == 4
    assert sorted(seen) == [(1, 3), (1, 4), (2, 3), (2, 4)]


def test_a_failure_names_the_parameters(scratch):
    @testing.parameterize({'shape': (2, 3), 'long': 'x' * 1000})
    class Test(unittest.TestCase):
        __module__ = 'scratch'

        def test_it(self):
            assert self.shape == ()

        def test_skipped(self):
            self.skipTest('why not')

    (name,) = scratch.classes()
    assert len(name) < 200
    result = scratch.run()
    assert len(result.failures) == 1
    assert 'Parameters of Test.test_it:' in result.failures[0][1]
    assert 'shape: (2, 3)' in result.failures[0][1]
    assert len(result.skipped) == 1
    assert result.errors == []


def test_backend_config():
    config = BackendConfig({'use_cudnn': 'always', 'autotune': True})
    assert (config.use_cuda, config.use_cudnn, config.autotune) == (
        False,
        'always',
        True,
    )
    assert config.device == CpuDevice()
    assert config.xp is np
    x = np.ones(2)
    assert config.get_array(x) is x
    before = configuration.config.use_cudnn
    with config, config:
        assert configuration.config.use_cudnn == 'always'
        assert configuration.config.autotune is True
    assert configuration.config.use_cudnn == before
    assert 'use_cudnn_always__cudnn_deterministic_false' in config.get_func_str()
    assert repr(config).startswith('<BackendConfig use_chainerx=False ')


def test_backend_config_errors():
    with pytest.raises(TypeError, match='must be a dict, got list'):
        BackendConfig([])
    with pytest.raises(ValueError, match=r"no parameter 'cuda'; it has .*use_cuda"):
        BackendConfig({'cuda': True})
    chainerx = BackendConfig({'use_chainerx': True, 'chainerx_device': 'native:0'})
    with pytest.raises(RuntimeError, match='no ChainerX'):
        _ = chainerx.device
    with pytest.raises(TypeError, match='None or a list'):
        testing.inject_backend_tests('test_a', [{}])
    with pytest.raises(TypeError, match='a list of dictionaries'):
        testing.inject_backend_tests(None, {})


def test_inject_backend_tests(scratch):
    seen = []

    @testing.parameterize({'n': 1}, {'n': 2})
    @testing.inject_backend_tests(
        ['test_device'],
        [
            {},
            {'use_cuda': True, 'cuda_device': 1000},
            {'use_chainerx': True, 'chainerx_device': 'native:0'},
            {'use_ideep': 'always'},
        ],
    )
    class Test(unittest.TestCase):
        __module__ = 'scratch'

        def setUp(self):
            seen.append('setUp')

        def test_device(self, backend_config):
            seen.append((self.n, backend_config.xp))

        def test_other(self):
            seen.append(self.n)

        def test_never_called(self, argument):
            raise AssertionError

    result = scratch.run()
    assert result.wasSuccessful()
    assert seen.count('setUp') == 4  # not for those that are skipped
    assert sorted([s for s in seen if isinstance(s, int)]) == [1, 2]
    assert [s for s in seen if isinstance(s, tuple)] == [(1, np), (2, np)]
    reasons = sorted(reason for _, reason in result.skipped)
    assert len(reasons) == 6
    assert reasons[0] == 'minigrad has no ChainerX'
    assert reasons[2] == 'minigrad has no iDeep'
    assert reasons[4].startswith('needs 1001 CUDA device(s), found ')


def test_inject_all_and_twice(scratch):
    seen = []

    @testing.inject_backend_tests(None, [{}])
    @testing.inject_backend_tests(None, [{}, {'autotune': True}])
    class Test(unittest.TestCase):
        __module__ = 'scratch'

        def test_two(self, first, second):
            seen.append((first.autotune, second.autotune))

    assert scratch.run().wasSuccessful()
    assert seen == [(False, False), (False, True)] or sorted(seen) == [
        (False, False),
        (True, False),
    ]


@testing.inject_backend_tests(None, [{}])
@testing.parameterize({'n': 1}, {'n': 2})
class TestWithPytestsOwnClasses:
    @pytest.mark.parametrize('m', [1, 2])
    def test_fixture(self, backend_config, m, tmp_path):
        assert backend_config.xp is np
        assert self.n in (1, 2)
        assert m in (1, 2)
        assert tmp_path.exists()
