"""Divergences: beside the mean over samples, and where they are zero or infinite."""

import math

import numpy as np
import pytest

import minigrad
import minigrad.distributions as D
import minigrad.functions as F
from minigrad.distribution import _DIVERGENCES
from minigrad.gradient_check import check_backward

A, A2 = np.array([0.3, 0.6]), np.array([0.5, 0.4])
B, B2 = np.array([1.5, 2.5]), np.array([0.9, 3.0])
ROWS = np.array([[0.2, 0.3, 0.5], [0.7, 0.1, 0.2]])
TRIL = np.array([[[1.0, 0.0], [0.5, 2.0]], [[0.7, 0.0], [-0.4, 1.0]]])
NEEDS_SCIPY = ('Beta', 'Dirichlet', 'Gamma', 'Gumbel', 'Poisson')

PAIRS = {
    'Bernoulli': ({'p': A}, {'p': A2}),
    'Beta': ({'a': A, 'b': B}, {'a': A2, 'b': B2}),
    'Categorical': ({'p': ROWS}, {'p': ROWS[::-1]}),
    'Dirichlet': ({'alpha': 4 * ROWS}, {'alpha': 3 * ROWS[::-1]}),
    'Exponential': ({'lam': B}, {'lam': B2}),
    'Gamma': ({'k': B, 'theta': A}, {'k': B2, 'theta': A2}),
    'Geometric': ({'p': A}, {'p': A2}),
    'Gumbel': ({'loc': A, 'scale': B}, {'loc': B, 'scale': B2}),
    'Laplace': ({'loc': A, 'scale': B}, {'loc': B, 'scale': B2}),
    'LogNormal': ({'mu': A, 'sigma': B}, {'mu': B, 'sigma': B2}),
    'MultivariateNormal': (
        {'loc': ROWS[:, :2], 'scale_tril': TRIL},
        {'loc': ROWS[:, 1:], 'scale_tril': 1.5 * TRIL[::-1]},
    ),
    'Normal': ({'loc': A, 'scale': B}, {'loc': B, 'log_scale': np.log(B2)}),
    'OneHotCategorical': ({'p': ROWS}, {'p': ROWS[::-1]}),
    'Pareto': ({'scale': A + 1, 'alpha': 3 * B}, {'scale': A2, 'alpha': 2 * B2}),
    'Poisson': ({'lam': B}, {'lam': B2}),
    'Uniform': ({'low': A, 'high': A + B}, {'loc': A - 1, 'scale': B + B2 + 1}),
}


@pytest.fixture(params=PAIRS)
def pair(request):
    if request.param in NEEDS_SCIPY:
        pytest.importorskip('scipy', reason='SciPy computes lgamma and digamma')
    make = getattr(D, request.param)
    p, q = PAIRS[request.param]
    return make, p, q


def test_every_pair_is_in_the_table():
    ours = {a.__name__ for a, b in _DIVERGENCES if a.__module__.startswith('minigrad')}
    assert ours - {'Point'} == {*PAIRS, 'Independent'}  # Point: of a docstring


def test_beside_the_mean_over_samples(pair):
    make, p, q = pair
    p, q = make(**p), make(**q)
    np.random.seed(0)
    x = p.sample(4000)
    ratio = p.log_prob(x).array - q.log_prob(x).array
    kl = minigrad.kl_divergence(p, q)
    assert kl.shape == p.batch_shape
    error = 5 * ratio.std(axis=0) / math.sqrt(len(ratio))
    assert (abs(kl.array - ratio.mean(axis=0)) <= error + 1e-12).all()
    assert (kl.array > 0).all()


def test_zero_between_equals(pair):
    make, p, _ = pair
    kl = minigrad.kl_divergence(make(**p), make(**p))
    np.testing.assert_allclose(kl.array, 0, atol=1e-12)


def test_gradients(pair):
    make, p, q = pair
    keys = [*p, *q]

    def divergence(*params):
        first = dict(zip(keys[: len(p)], params[: len(p)], strict=True))
        second = dict(zip(keys[len(p) :], params[len(p) :], strict=True))
        return minigrad.kl_divergence(make(**first), make(**second))

    inputs = tuple([a.copy() for a in (*p.values(), *q.values())])
    check_backward(divergence, inputs, np.array([1.0, -0.5]), atol=1e-3, rtol=1e-3)


def test_infinite_where_only_the_second_is_impossible():
    one = np.ones(2)
    p = D.Uniform(low=0 * one, high=np.array([1.0, 3.0]))
    kl = minigrad.kl_divergence(p, D.Uniform(low=0 * one, high=2 * one))
    np.testing.assert_allclose(kl.array, [math.log(2), np.inf])
    p = D.Pareto(np.array([1.0, 0.5]), 3 * one)
    kl = minigrad.kl_divergence(p, D.Pareto(one, 3 * one))
    np.testing.assert_allclose(kl.array, [0, np.inf], atol=1e-12)


def test_bernoulli_that_is_certain():
    p = D.Bernoulli(np.array([0.0, 1.0]))
    kl = minigrad.kl_divergence(p, D.Bernoulli(np.array([0.2, 0.2])))
    np.testing.assert_allclose(kl.array, -np.log([0.8, 0.2]))
    far = D.Bernoulli(logit=np.array([-1000.0, 1000.0]))
    np.testing.assert_allclose(minigrad.kl_divergence(p, far).array, [0, 0], atol=1e-12)


def test_cross_entropy():
    p, q = D.Normal(A, B), D.Normal(B, B2)
    np.random.seed(0)
    expected = -q.log_prob(p.sample(20000)).array.mean(axis=0)
    np.testing.assert_allclose(minigrad.cross_entropy(p, q).array, expected, rtol=0.03)


def test_a_class_of_ones_own():
    class Point(minigrad.Distribution):
        pass

    with pytest.raises(KeyError, match='Point and Normal; register'):
        minigrad.kl_divergence(Point(), D.Normal(A, B))

    @minigrad.register_kl(Point, D.Normal)
    def kl(p, q):
        return F.sum(q.loc)

    try:
        assert kl is not None
        result = minigrad.kl_divergence(Point(), D.Normal(A, B))
        np.testing.assert_allclose(result.array, A.sum())
    finally:
        del _DIVERGENCES[Point, D.Normal]
