"""Arrays, randomness, repetition, warnings, mocks, matrices, files."""

import os
import random
import re
import unittest
import warnings

import numpy as np
import pytest

from minigrad import gradient_check, testing
from minigrad.links.connection.linear import Linear
from minigrad.testing.array import _as_noncontiguous_array
from minigrad.variable import Variable

# assert_allclose


def test_assert_allclose():
    testing.assert_allclose(Variable(np.ones(2)), [1, 1])
    testing.assert_allclose(1.0, np.float32(1.00001))
    testing.assert_allclose(np.zeros((0, 2)), np.zeros((0, 2)))
    testing.assert_allclose([np.nan], [np.nan])
    testing.assert_allclose([5.0], [6.0], atol=2)


def test_assert_allclose_shows_the_worst_element():
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.5], [3.1, 4.0]])
    with pytest.raises(AssertionError) as info:
        testing.assert_allclose(x, y.astype('f'), atol=0, rtol=0)
    notes = '\n'.join(info.value.__notes__)
    assert 'worst at [0, 1]: x 2.0, y 2.5, error 0.5, tolerance 0' in notes
    assert 'x  float64 (2, 2)\ny  float32 (2, 2)' in notes
    with pytest.raises(AssertionError):
        testing.assert_allclose(np.zeros(2), np.zeros(3))
    with pytest.raises(AssertionError, match='nan'):
        testing.assert_allclose([np.nan, 1], [1, 2])


def test_as_noncontiguous_array():
    x = np.arange(6, dtype='f').reshape(2, 3)
    y, one, none = _as_noncontiguous_array((x, np.ones(1), None))
    np.testing.assert_array_equal(y, x)
    assert y.dtype == x.dtype
    assert not y.flags.c_contiguous
    assert not y.flags.f_contiguous
    assert min(y.strides) < 0
    assert one.tolist() == [1]
    assert none is None
    assert isinstance(_as_noncontiguous_array([x]), list)
    assert _as_noncontiguous_array(np.zeros((0, 3))).shape == (0, 3)


# fix_random


def test_fix_random_on_a_class(scratch):
    drawn = []

    @testing.parameterize({'n': 1}, {'n': 2})
    @testing.fix_random()
    class Test(unittest.TestCase):
        __module__ = 'scratch'

        def setUp(self):
            drawn.append((np.random.rand(), random.random()))

        def test_draw(self):
            drawn.append((np.random.rand(), testing.generate_seed()))

    before = np.random.get_state()[1].copy(), random.getstate()
    assert scratch.run().wasSuccessful()
    assert drawn[:2] == drawn[2:]
    assert drawn[0][0] != drawn[1][0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])
    assert random.getstate() == before[1]


def test_fix_random_outside_of_parameterize(scratch):
    drawn = []

    @testing.fix_random()
    @testing.parameterize({'n': 1}, {'n': 2})
    class Test(unittest.TestCase):
        __module__ = 'scratch'

        def test_draw(self):
            drawn.append(np.random.rand())

    assert scratch.run().testsRun == 2
    assert drawn[0] == drawn[1]


def test_fix_random_with_other_method_names():
    class Pytest:
        def setup_method(self):
            self.x = np.random.rand()

        def teardown_method(self):
            self.x = None

    fix = testing.fix_random(
        setup_method='setup_method', teardown_method='teardown_method'
    )
    assert fix(Pytest) is Pytest
    test = Pytest()
    values = []
    for _ in range(2):
        test.setup_method()
        values.append(test.x)
        test.teardown_method()
    assert values[0] == values[1]
    assert test.x is None


def test_fix_random_on_a_function_and_nested():
    @testing.fix_random()
    def inner():
        return np.random.rand()

    @testing.fix_random()
    def outer():
        return np.random.rand(), inner(), inner()

    a, b, c = outer()
    assert len({a, b, c}) == 3  # only the outermost seeds
    assert inner() == inner() == a
    with pytest.raises(RuntimeError, match='fix_random'):
        testing.generate_seed()


def test_random_state_after_a_failing_set_up(scratch):
    @testing.fix_random()
    class Test(unittest.TestCase):
        def setUp(self):
            raise unittest.SkipTest('no')

        def test_it(self): ...

    result = unittest.TestResult()
    Test('test_it')(result)
    assert len(result.skipped) == 1
    with pytest.raises(RuntimeError, match='fix_random'):
        testing.generate_seed()


# condition


def outcomes(decorator, results):
    """Runs a test whose runs give these results; returns the result and set-ups."""
    counts = {'setUp': 0, 'tearDown': 0, 'runs': 0}

    class Test(unittest.TestCase):
        def setUp(self):
            counts['setUp'] += 1

        def tearDown(self):
            counts['tearDown'] += 1

        @decorator
        def test_it(self):
            result = results[counts['runs']]
            counts['runs'] += 1
            if isinstance(result, type):
                raise result('no')

    result = unittest.TestResult()
    Test('test_it')(result)
    assert counts['setUp'] == counts['tearDown'] == counts['runs'] + 1
    return result, counts['runs']


no, ok = AssertionError, None


@pytest.mark.parametrize(
    ('decorator', 'results', 'passes', 'runs'),
    [
        (testing.condition.retry(3), [ok], True, 1),
        (testing.condition.retry(3), [no, no, ok], True, 3),
        (testing.condition.retry(3), [no, ValueError, no], False, 3),
        (testing.condition.repeat(3), [ok, ok, ok], True, 3),
        (testing.condition.repeat(3), [ok, no], False, 2),
        (testing.condition.repeat_with_success_at_least(3, 2), [ok, no, ok], True, 3),
        (testing.condition.repeat_with_success_at_least(3, 2), [no, no], False, 2),
    ],
)
def test_condition(decorator, results, passes, runs):
    result, ran = outcomes(decorator, results)
    assert result.wasSuccessful() == passes
    assert ran == runs
    if not passes:
        ((_, text),) = result.failures
        assert re.search('runs failed(.|\n)*first error message:\n.*: no', text)


def test_condition_skips_and_arguments():
    result, ran = outcomes(testing.condition.retry(5), [unittest.SkipTest])
    assert len(result.skipped) == 1
    assert ran == 1
    # More than all must pass: that fails, before it begins.
    result, ran = outcomes(testing.condition.repeat_with_success_at_least(2, 3), [])
    assert 'AssertionError: 0 of 0 runs failed, and 3 of 2' in result.failures[0][1]
    assert ran == 0


def test_condition_of_pytests_failures():
    runs = []

    class Test:
        @testing.condition.retry(2)
        def test_it(self):
            runs.append(1)
            if len(runs) < 2:
                with pytest.raises(ValueError, match='x'):
                    pass

    Test().test_it()
    assert len(runs) == 2


# helpers


def test_assert_warns():
    with testing.assert_warns(DeprecationWarning):
        warnings.warn('old', DeprecationWarning)
    with (
        pytest.raises(
            AssertionError, match=r'DeprecationWarning was not .* UserWarning'
        ),
        testing.assert_warns(DeprecationWarning),
    ):
        warnings.warn('x', UserWarning)


def test_requires():
    def skipped(decorator):
        return getattr(decorator(lambda: None), '__unittest_skip__', False)

    assert not skipped(testing.with_requires('numpy>=2'))
    assert skipped(testing.with_requires('numpy>=1000'))
    assert skipped(testing.with_requires('numpy', 'no-such-package-here'))
    assert skipped(testing.without_requires('numpy>=2'))
    assert not skipped(testing.without_requires('no-such-package-here'))


def test_patch():
    with testing.patch('os.path.join') as join:
        assert os.path.join('a', 'b')
    join.assert_called_once_with('a', 'b')
    with testing.patch('os.getpid', wraps=lambda: 7):
        assert os.getpid() == 7


@pytest.mark.parametrize('shape', [(3, 3), (2, 4), (5, 4, 2), (0, 3, 2), (2, 0)])
@pytest.mark.parametrize('dtype', [np.float32, np.float64, np.complex64])
def test_generate_matrix(shape, dtype):
    a = testing.generate_matrix(shape, dtype, singular_values=[0.5])
    assert a.shape == shape
    assert a.dtype == dtype
    if a.size:
        s = np.linalg.svd(a)[1]
        np.testing.assert_allclose(s, 0.5, rtol=1e-5)


@pytest.mark.parametrize(
    ('args', 'kwargs', 'error', 'match'),
    [
        (((3,),), {'singular_values': 1}, ValueError, r'\(\.\.\., M, N\), got \(3,\)'),
        (((3, 3), int), {'singular_values': 1}, TypeError, 'float or complex, got int'),
        (((3, 3),), {}, TypeError, 'singular_values is missing'),
        (((3, 3),), {'singular_values': 1j}, TypeError, 'must be real'),
        (((3, 3),), {'singular_values': [1, -1, 1]}, ValueError, 'not be negative'),
    ],
)
def test_generate_matrix_errors(args, kwargs, error, match):
    with pytest.raises(error, match=match):
        testing.generate_matrix(*args, **kwargs)


@pytest.mark.parametrize(
    'save_and_load', [testing.save_and_load_npz, testing.save_and_load_hdf5]
)
def test_save_and_load(save_and_load):
    if save_and_load is testing.save_and_load_hdf5:
        pytest.importorskip('h5py', reason='HDF5 files need h5py')
    a, b = Linear(2, 3), Linear(2, 3)
    save_and_load(a, b)
    np.testing.assert_array_equal(a.W.array, b.W.array)


def test_run_module_does_nothing_on_import():
    testing.run_module('some.module', 'file')


def test_marks_on_unittest_methods():
    class Test(unittest.TestCase):
        @testing.attr.slow
        def test_slow(self): ...

        @testing.attr.multi_gpu(1000)
        def test_gpu(self): ...

        @testing.attr.cudnn
        @testing.attr.gpu
        def test_cudnn(self): ...

        @testing.attr.chainerx
        def test_chainerx(self): ...

        @testing.attr.ideep
        def test_ideep(self): ...

    result = unittest.TestResult()
    for name in ('test_gpu', 'test_chainerx', 'test_ideep', 'test_slow'):
        Test(name)(result)
    reasons = [reason for _, reason in result.skipped]
    assert reasons[0].startswith('needs 1000 CUDA device(s), found')
    assert reasons[1:] == ['minigrad has no ChainerX', 'minigrad has no iDeep']
    assert [m.name for m in Test.test_slow.pytestmark] == ['slow']
    assert [m.name for m in Test.test_gpu.pytestmark] == ['gpu']
    assert testing.attr.is_available()


def test_trainer_with_a_mock_updater():
    seen = []
    trainer = testing.get_trainer_with_mock_updater((2, 'epoch'), iter_per_epoch=3)

    def extension(t):
        u = t.updater
        detail = round(u.previous_epoch_detail * 3), round(u.epoch_detail * 3)
        seen.append((u.iteration, u.epoch, u.is_new_epoch, *detail))

    trainer.extend(extension, trigger=(1, 'iteration'), name='look')
    trainer.run()
    assert seen == [
        (1, 0, False, 0, 1),
        (2, 0, False, 1, 2),
        (3, 1, True, 2, 3),
        (4, 1, False, 3, 4),
        (5, 1, False, 4, 5),
        (6, 2, True, 5, 6),
    ]
    assert trainer.updater.update_core.call_count == 6


def test_numerical_grad_refuses_a_step_that_is_not_positive():
    x = np.ones(2, 'f')
    with pytest.raises(AssertionError, match='eps > 0'):
        gradient_check.numerical_grad(lambda: (x,), (x,), (x,), eps=0)
