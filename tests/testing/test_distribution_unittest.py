"""`distribution_unittest`: passes for what is right, fails for what is not."""

import unittest

import numpy as np
import pytest

import minigrad.distributions as D
from minigrad import testing

pytest.importorskip('scipy', reason='SciPy is what it compares with')
TARGETS = {
    'batch_shape', 'cdf', 'entropy', 'event_shape', 'icdf', 'log_cdf', 'log_prob',
    'log_survival', 'mean', 'prob', 'sample', 'stddev', 'support', 'survival',
    'variance',
}  # fmt: skip


def case(onebyone, shape, sample_shape, is_variable, wrong=None):
    class Case(testing.distribution_unittest):
        scipy_onebyone = onebyone

        def setUp_configure(self):
            from scipy import stats

            self.shape, self.sample_shape = shape, sample_shape
            self.is_variable = is_variable
            self.dist, self.scipy_dist = D.Normal, stats.norm
            self.test_targets = TARGETS
            loc, scale = np.full(shape, 0.5, 'f'), np.full(shape, 2, 'f')
            self.params = {'loc': loc, 'scale': scale}
            self.scipy_params = {'loc': loc, 'scale': scale}
            if wrong == 'support':
                self.support = 'positive'
            elif wrong == 'target':
                self.test_targets = {'moment'}
            elif wrong is not None:
                self.scipy_params = {'loc': loc, 'scale': scale + 1}

        def sample_for_test(self):
            return np.random.normal(size=sample_shape + shape).astype('f')

    return Case


def run(cls, *names):
    suite = unittest.TestSuite([cls(name) for name in names])
    return suite.run(unittest.TestResult())


@pytest.mark.parametrize('onebyone', [True, False])
@pytest.mark.parametrize(
    ('shape', 'sample_shape', 'is_variable'), [((2, 1), (3,), True), ((), (), False)]
)
def test_passes(onebyone, shape, sample_shape, is_variable):
    names = [f'test_{target}_cpu' for target in sorted(TARGETS)]
    result = run(case(onebyone, shape, sample_shape, is_variable), *names)
    assert (result.failures, result.errors) == ([], [])
    assert (result.testsRun, result.skipped) == (len(TARGETS), [])


@pytest.mark.parametrize('target', ['log_prob', 'sample', 'stddev', 'support', 'cdf'])
def test_fails_where_it_should(target):
    wrong = 'support' if target == 'support' else 'scale'
    result = run(case(True, (2,), (3,), False, wrong), f'test_{target}_cpu')
    assert len(result.failures) == 1


def test_unknown_targets_are_named():
    result = run(case(True, (2,), (3,), False, 'target'), 'test_mean_cpu')
    assert "unknown test_targets: ['moment']" in result.errors[0][1]


def test_vectors():
    class Case(testing.distribution_unittest):
        scipy_onebyone = True

        def setUp_configure(self):
            from scipy import stats

            self.shape, self.sample_shape, self.event_shape = (2,), (3,), (2,)
            self.is_variable = True
            self.dist, self.scipy_dist = D.MultivariateNormal, stats.multivariate_normal
            self.test_targets = {'log_prob', 'sample', 'event_shape', 'entropy'}
            tril = np.tile(np.array([[1, 0], [0.5, 2]], 'f'), (2, 1, 1))
            self.params = {'loc': np.ones((2, 2), 'f'), 'scale_tril': tril}
            cov = tril @ tril.swapaxes(1, 2)
            self.scipy_params = {'mean': np.ones((2, 2)), 'cov': cov}

        def sample_for_test(self):
            return np.random.normal(size=(3, 2, 2)).astype('f')

    names = [f'test_{t}_cpu' for t in ('log_prob', 'sample', 'event_shape', 'mean')]
    result = run(Case, *names)
    assert (result.failures, result.errors) == ([], [])
    assert len(result.skipped) == 1
