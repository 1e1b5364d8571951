"""Borders of supports, probabilities of 0, and parameters that broadcast."""

import numpy as np
import pytest

import minigrad
from minigrad import distributions as D
from minigrad.distributions.utils import xlog1py, xlogy
from minigrad.gradient_check import check_backward, check_double_backward

pytest.importorskip('scipy', reason='lgamma and its kin are computed by SciPy')
A = np.array
LOG = np.log


@pytest.mark.parametrize(
    ('make', 'parameters', 'x', 'expected'),
    [
        (D.Gamma, (1.0, 1.0), 0.0, 0),
        (D.Gamma, (2.0, 1.0), 0.0, -np.inf),
        (D.Beta, (1.0, 3.0), 0.0, LOG(3)),
        (D.Beta, (3.0, 1.0), 1.0, LOG(3)),
        (D.Beta, (1.0, 1.0), 1.0, 0),
        (D.Chisquare, (2.0,), 0.0, LOG(0.5)),
        (D.Dirichlet, ([1.0, 1.0, 1.0],), [1.0, 0.0, 0.0], LOG(2)),
        (D.Poisson, (0.0,), 0.0, 0),
        (D.Poisson, (0.0,), 1.0, -np.inf),
        (D.Geometric, (1.0,), 1.0, 0),
        (D.Geometric, (1.0,), 2.0, -np.inf),
        (D.OneHotCategorical, ([0.0, 1.0],), [0.0, 1.0], 0),
        (D.OneHotCategorical, ([0.0, 1.0],), [1.0, 0.0], -np.inf),
    ],
)
def test_log_prob_at_the_border(make, parameters, x, expected):
    given = [minigrad.Variable(A(p)) for p in parameters]
    y = make(*given).log_prob(A(x))
    np.testing.assert_allclose(y.array, expected, atol=1e-12)


def test_gradients_at_the_border_are_not_nan():
    k, x = minigrad.Variable(A(1.0)), minigrad.Variable(A(0.0))
    D.Gamma(k, A(2.0)).log_prob(x).backward()
    assert x.grad == -0.5
    p = minigrad.Variable(A([0.0, 1.0]))
    D.OneHotCategorical(p).log_prob(A([0.0, 1.0])).backward()
    np.testing.assert_array_equal(p.grad, [0, 1])


@pytest.mark.parametrize(
    ('p', 'q', 'expected'),
    [
        (D.Categorical(A([0.0, 1.0])), D.Categorical(A([0.5, 0.5])), LOG(2)),
        (D.Categorical(A([0.0, 1.0])), D.Categorical(A([0.0, 1.0])), 0),
        (D.Categorical(A([0.5, 0.5])), D.Categorical(A([0.0, 1.0])), np.inf),
        (
            D.Categorical(logit=A([-np.inf, 0.0])),
            D.Categorical(logit=A([0.0, 0.0])),
            LOG(2),
        ),
        (
            D.OneHotCategorical(A([0.0, 1.0])),
            D.OneHotCategorical(A([0.5, 0.5])),
            LOG(2),
        ),
        (D.Poisson(A(0.0)), D.Poisson(A(1.0)), 1),
        (D.Poisson(A(0.0)), D.Poisson(A(0.0)), 0),
        (D.Geometric(A(1.0)), D.Geometric(A(0.5)), LOG(2)),
        (D.Geometric(A(1.0)), D.Geometric(A(1.0)), 0),
        (D.Bernoulli(A(0.0)), D.Bernoulli(A(0.5)), LOG(2)),
        (D.Bernoulli(A(0.0)), D.Bernoulli(A(0.0)), 0),
        (D.Bernoulli(A(1.0)), D.Bernoulli(A(1.0)), 0),
        (D.Bernoulli(A(0.5)), D.Bernoulli(A(0.0)), np.inf),
    ],
)
def test_divergence_with_probabilities_of_zero(p, q, expected):
    y = minigrad.kl_divergence(p, q)
    np.testing.assert_allclose(y.array, expected, atol=1e-12)


def test_times_a_logarithm():
    x, y = A([0.0, 0.0, 0.0, 2.0]), A([0.0, np.inf, 2.0, 0.0])
    np.testing.assert_array_equal(xlogy(x, y).array, [0, 0, 0, -np.inf])
    np.testing.assert_array_equal(xlog1py(x, y - 1).array, [0, 0, 0, -np.inf])
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 3)), rng.uniform(0.5, 2, 3)
    for function in (xlogy, xlog1py):
        check_backward(function, (x, y), np.ones((2, 3)), atol=1e-4)
        check_double_backward(
            function, (x, y), np.ones((2, 3)), (x + 1, y - 1), atol=1e-3
        )


LOC, SCALE = np.zeros((3, 1)), np.ones((1, 2))
TWO = {
    'Normal': lambda a, b: D.Normal(a, b),
    'Normal log_scale': lambda a, b: D.Normal(a, log_scale=b),
    'LogNormal': D.LogNormal,
    'Laplace': D.Laplace,
    'Gumbel': D.Gumbel,
    'Cauchy': D.Cauchy,
    'Gamma': lambda a, b: D.Gamma(a + 1, b),
    'Beta': lambda a, b: D.Beta(a + 1, b),
    'Pareto': lambda a, b: D.Pareto(a + 1, b),
    'Uniform': lambda a, b: D.Uniform(low=a, high=b),
    'Uniform loc': lambda a, b: D.Uniform(loc=a, scale=b),
}


@pytest.mark.parametrize('name', TWO)
def test_parameters_broadcast(name):
    a, b = minigrad.Variable(LOC), minigrad.Variable(SCALE)
    d = TWO[name](a, b)
    assert d.batch_shape == (3, 2)
    assert d.sample().shape == (3, 2)
    assert d.sample(4).shape == (4, 3, 2)
    x = np.full((3, 2), 1.5)
    assert d.log_prob(x).shape == (3, 2)
    full = TWO[name](np.zeros((3, 2)), np.ones((3, 2)))
    np.testing.assert_array_equal(d.log_prob(x).array, full.log_prob(x).array)
    minigrad.functions.sum(d.log_prob(np.full((3, 2), 0.5))).backward()
    for parameter in (a, b):  # of a uniform density loc is no part
        assert parameter.grad is None or parameter.grad.shape == parameter.shape
    assert b.grad is not None
    with pytest.raises(ValueError, match=r'shapes \(2,\) and \(3,\) do not broadcast'):
        TWO[name](np.zeros(2), np.ones(3))


def test_arrays_of_normal_vectors_broadcast():
    d = D.MultivariateNormal(
        np.zeros((3, 1, 2)), scale_tril=np.tile(np.eye(2), (4, 1, 1))
    )
    assert (d.batch_shape, d.event_shape) == ((3, 4), (2,))
    assert d.sample(5).shape == (5, 3, 4, 2)
    assert d.log_prob(np.zeros(2)).shape == (3, 4)
