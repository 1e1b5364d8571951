"""The same seed draws the same samples as in Chainer 7.8.1; Chainer's own names."""

import numpy as np
import pytest

import minigrad
import minigrad.distributions as D
from minigrad.gradient_check import check_backward, check_double_backward

A, B = np.array([0.3, 0.6], 'f'), np.array([1.5, 0.5], 'f')
ROWS = np.array([[0.2, 0.3, 0.5], [0.7, 0.1, 0.2]], 'f')
TRIL = np.array([[1.0, 0.0], [0.5, 2.0]], 'f')

# The first four numbers of sample(2) after numpy.random.seed(0), made by Chainer 7.8.1.
DRAWN = {
    'Bernoulli': (lambda: D.Bernoulli(A), 'l', [0, 0, 0, 1]),
    'Beta': (lambda: D.Beta(A, B), 'f', [0.0499, 0.7159, 0.153, 0.7078]),
    'Categorical': (lambda: D.Categorical(ROWS), 'l', [2, 0, 2, 0]),
    'Cauchy': (lambda: D.Cauchy(A, B), 'f', [6.9126, 0.8184, -2.5665, -2.5386]),
    'Chisquare': (lambda: D.Chisquare(B), 'f', [1.0828, 0.264, 0.6846, 0.0733]),
    'Dirichlet': (lambda: D.Dirichlet(ROWS), 'f', [0.1202, 0.4466, 0.4333, 0.0742]),
    'Exponential': (lambda: D.Exponential(B), 'f', [0.5306, 2.5119, 0.6155, 1.5744]),
    'Gamma': (lambda: D.Gamma(B, A), 'f', [1.2893, 0.1795, 0.4963, 0.1149]),
    'Geometric': (lambda: D.Geometric(A), 'f', [3, 2, 3, 1]),
    'Gumbel': (lambda: D.Gumbel(A, B), 'f', [0.6425, 0.4861, 0.4198, 0.7196]),
    'Independent': (
        lambda: D.Independent(D.Normal(A, B)), 'f', [2.9461, 0.8001, 1.7681, 1.7204],
    ),
    'Laplace': (lambda: D.Laplace(A, B), 'f', [0.4541, 0.8814, 0.6451, 0.647]),
    'LogNormal': (lambda: D.LogNormal(A, B), 'f', [19.0312, 2.2257, 5.8597, 5.587]),
    'MultivariateNormal': (
        lambda: D.MultivariateNormal(A, scale_tril=TRIL), 'f',
        [2.0641, 2.2823, 1.2787, 5.5712],
    ),
    'Normal': (lambda: D.Normal(A, B), 'f', [2.9461, 0.8001, 1.7681, 1.7204]),
    'OneHotCategorical': (lambda: D.OneHotCategorical(ROWS), 'f', [0, 0, 1, 1]),
    'Pareto': (lambda: D.Pareto(A, B), 'f', [0.51, 7.3967, 0.5552, 2.8967]),
    'Poisson': (lambda: D.Poisson(B), 'f', [3, 0, 4, 1]),
    'Uniform': (
        lambda: D.Uniform(loc=A, scale=B), 'f', [1.1232, 0.9576, 1.2041, 0.8724],
    ),
}  # fmt: skip


@pytest.mark.parametrize('name', DRAWN)
def test_samples_of_a_seed(name):
    make, dtype, expected = DRAWN[name]
    np.random.seed(0)
    x = make().sample(2)
    assert x.dtype == np.dtype(dtype)
    np.testing.assert_allclose(x.array.ravel()[:4], expected, rtol=1e-3, atol=1e-4)


def test_all_distributions_are_there():
    classes = {
        name
        for name, value in vars(D).items()
        if isinstance(value, type) and issubclass(value, minigrad.Distribution)
    }
    assert classes == set(DRAWN)


@pytest.mark.parametrize(
    ('function', 'x'),
    [
        (D.utils._modified_xlogx, np.array([0.3, 2.0])),
        (D.laplace._laplace_cdf, np.array([-1.0, 0.0, 0.4])),
        (D.laplace._laplace_icdf, np.array([0.2, 0.5, 0.9])),
        (D.cauchy._cauchy_icdf, np.array([0.2, 0.5, 0.9])),
        (D.multivariate_normal._triangular_inv, np.array([[1.0, 0.0], [0.5, 2.0]])),
        (lambda x: D.bernoulli._bernoulli_log_prob(x, np.ones(2)), np.array([0.3, -1])),
    ],
)
def test_functions_that_chainers_tests_reach_for(function, x):
    generator = np.random.RandomState(0)
    gy, ggx = generator.normal(size=x.shape), generator.normal(size=x.shape)
    if function is D.laplace._laplace_cdf:  # whose second gradient has a kink at 0
        check_backward(function, x, gy, atol=1e-3)
        x = x + 0.1
    elif function is D.laplace._laplace_icdf:
        check_backward(function, x, gy, atol=1e-3)
        x = x + 0.05
    check_backward(function, x, gy, atol=1e-3)
    check_double_backward(function, x, gy, ggx, atol=1e-3, rtol=1e-3)


def test_only_the_given_triangle_is_inverted():
    full = np.array([[1.0, 7.0], [0.5, 2.0]])
    lower = D.multivariate_normal._triangular_inv(full)
    np.testing.assert_allclose(lower.array, np.linalg.inv(np.tril(full)))
    upper = D.multivariate_normal._triangular_inv(full, lower=False)
    np.testing.assert_allclose(upper.array, np.linalg.inv(np.triu(full)))
