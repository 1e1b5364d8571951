"""Every distribution beside SciPy's: moments, probabilities, samples, gradients."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad
import minigrad.distributions as D
import minigrad.functions as F
from minigrad.gradient_check import check_backward, check_double_backward

stats = pytest.importorskip('scipy.stats', reason='SciPy is the oracle')

A = np.array([[0.3, 0.6, 0.9], [0.2, 0.5, 0.4]])
B = np.array([[1.5, 0.5, 2.5], [0.7, 3.0, 1.1]])
LOGIT = np.log(A / (1 - A))
ROWS = np.array([[0.2, 0.3, 0.5], [0.7, 0.1, 0.2]])
TRIL = np.array([[1.0, 0.0], [0.5, 2.0]]) * np.array([1.0, 0.7])[:, None, None]
REAL = np.linspace(-2.0, 3.0, 4)
POSITIVE = np.linspace(0.1, 4.0, 4)
UNIT = np.linspace(0.1, 0.9, 4)
COUNTS = np.arange(4.0)


class Case(NamedTuple):
    make: Callable[..., Any]
    params: dict[str, np.ndarray]
    oracle: Any
    points: np.ndarray
    support: str | None
    """None: Chainer defines none."""
    gradients: tuple[str, ...] = ()
    """Parameters that samples have a gradient of."""
    lacks: tuple[str, ...] = ()
    """What is known in closed form, but not defined, as in Chainer."""


BOTH = {'loc': A, 'scale': B}
CASES = {
    'Bernoulli': Case(D.Bernoulli, {'p': A}, stats.bernoulli(A), COUNTS[:2], '{0, 1}'),
    'Bernoulli logit': Case(
        D.Bernoulli, {'logit': LOGIT}, stats.bernoulli(A), COUNTS[:2], '{0, 1}'
    ),
    'Beta': Case(D.Beta, {'a': A, 'b': B}, stats.beta(A, B), UNIT, '[0, 1]'),
    'Cauchy': Case(
        D.Cauchy, BOTH, stats.cauchy(A, B), REAL, 'real', ('loc', 'scale'),
        ('mean', 'variance', 'stddev'),
    ),
    'Chisquare': Case(D.Chisquare, {'k': B}, stats.chi2(B), POSITIVE, 'positive'),
    'Exponential': Case(
        D.Exponential, {'lam': B}, stats.expon(scale=1 / B), REAL, 'positive', ('lam',)
    ),
    'Gamma': Case(
        D.Gamma, {'k': B, 'theta': A}, stats.gamma(B, scale=A), POSITIVE, 'positive',
        ('theta',),
    ),
    'Geometric': Case(
        D.Geometric, {'p': A}, stats.geom(A), COUNTS, 'positive integer',
        lacks=('entropy',),
    ),
    'Gumbel': Case(
        D.Gumbel, BOTH, stats.gumbel_r(A, B), REAL, 'real', ('loc', 'scale')
    ),
    'Laplace': Case(
        D.Laplace, BOTH, stats.laplace(A, B), REAL, 'real', ('loc', 'scale')
    ),
    'LogNormal': Case(
        D.LogNormal, {'mu': A, 'sigma': B}, stats.lognorm(B, scale=np.exp(A)), REAL,
        'positive', ('mu', 'sigma'),
    ),
    'Normal': Case(D.Normal, BOTH, stats.norm(A, B), REAL, 'real', ('loc', 'scale')),
    'Normal log_scale': Case(
        D.Normal, {'loc': A, 'log_scale': np.log(B)}, stats.norm(A, B), REAL, 'real',
        ('loc', 'log_scale'),
    ),
    'Pareto': Case(
        D.Pareto, {'scale': A, 'alpha': B}, stats.pareto(B, scale=A), POSITIVE,
        '[scale, inf]', ('scale',),
    ),
    'Poisson': Case(
        D.Poisson, {'lam': B}, stats.poisson(B), COUNTS, 'non negative integer',
        lacks=('entropy',),
    ),
    'Uniform': Case(
        D.Uniform, {'low': A, 'high': A + B}, stats.uniform(A, B), REAL, '[low, high]',
        ('low', 'high'),
    ),
    'Uniform scale': Case(
        D.Uniform, BOTH, stats.uniform(A, B), REAL, '[low, high]', ('loc', 'scale')
    ),
}  # fmt: skip
DISCRETE = ('Bernoulli', 'Geometric', 'Poisson')
SEVERAL = {
    'Categorical': (D.Categorical, {'p': ROWS}, ()),
    'Categorical logit': (D.Categorical, {'logit': np.log(ROWS) + 1}, ()),
    'Dirichlet': (D.Dirichlet, {'alpha': 4 * ROWS}, (3,)),
    'MultivariateNormal': (
        D.MultivariateNormal, {'loc': A[:, :2], 'scale_tril': TRIL}, (2,),
    ),
    'OneHotCategorical': (D.OneHotCategorical, {'p': ROWS}, (3,)),
}  # fmt: skip
each = pytest.mark.parametrize('name', CASES)
ALL = [*CASES, *SEVERAL]
everything = pytest.mark.parametrize('name', ALL)
dtypes = pytest.mark.parametrize('dtype', ['f', 'd'])


def build(name, dtype='d'):
    make, params = (CASES[name] if name in CASES else SEVERAL[name])[:2]
    return make(**{key: value.astype(dtype) for key, value in params.items()})


def check(actual, expected, dtype='d'):
    assert isinstance(actual, minigrad.Variable)
    assert actual.dtype == dtype
    tolerance = {'f': 2e-5, 'd': 1e-9}[dtype]
    np.testing.assert_allclose(
        actual.array, expected, atol=tolerance, rtol=10 * tolerance
    )


@dtypes
@each
def test_moments(name, dtype):
    case = CASES[name]
    dist = build(name, dtype)
    assert (dist.batch_shape, dist.event_shape) == ((2, 3), ())
    assert dist.support == case.support
    assert dist.xp is np
    for ours, theirs in [
        ('mean', 'mean'),
        ('variance', 'var'),
        ('stddev', 'std'),
        ('entropy', 'entropy'),
    ]:
        if ours not in case.lacks:
            check(getattr(dist, ours), getattr(case.oracle, theirs)(), dtype)


@dtypes
@each
def test_at_points(name, dtype):
    case = CASES[name]
    dist = build(name, dtype)
    shape = (len(case.points), 1, 1)
    x = np.broadcast_to(case.points.reshape(shape), (len(case.points), 2, 3))
    kind = 'mf' if name.split()[0] in DISCRETE else 'df'
    with np.errstate(divide='ignore'):  # the logarithm of a probability of 0
        questions = {
            'log_prob': getattr(case.oracle, f'logp{kind}')(x),
            'prob': getattr(case.oracle, f'p{kind}')(x),
            'cdf': case.oracle.cdf(x),
            'log_cdf': case.oracle.logcdf(x),
            'survival_function': case.oracle.sf(x),
            'log_survival_function': case.oracle.logsf(x),
        }
        for method, expected in questions.items():
            try:
                y = getattr(dist, method)(x.astype(dtype))
            except NotImplementedError:
                assert method not in ('log_prob', 'prob')
            else:
                check(y, expected, dtype)
    if name.split()[0] in ('Cauchy', 'Exponential', 'Laplace', 'Normal', 'Uniform'):
        u = np.broadcast_to(UNIT.reshape(shape), x.shape)
        check(dist.icdf(u.astype(dtype)), case.oracle.ppf(u), dtype)


@dtypes
@everything
def test_shapes_and_dtypes_of_samples(name, dtype):
    dist = build(name, dtype)
    whole = dist.batch_shape + dist.event_shape
    assert dist.sample().shape == whole
    assert dist.sample(4).shape == (4, *whole)
    assert dist.sample((0, 2)).shape == (0, 2, *whole)
    x = dist.sample((4, 1))
    assert x.shape == (4, 1, *whole)
    integers = name.split()[0] in ('Bernoulli', 'Categorical')
    assert x.dtype == ('int64' if integers else dtype)
    log_prob = dist.log_prob(x)
    assert log_prob.shape == (4, 1, *dist.batch_shape)
    assert log_prob.dtype == dtype


@each
def test_statistics_of_samples(name):
    np.random.seed(0)
    n = 4000
    x = build(name).sample(n).array
    oracle = CASES[name].oracle
    # At most 5 standard errors away, at three quantiles: all have those.
    for q in (0.1, 0.5, 0.9):
        point = oracle.ppf(q)
        p = oracle.cdf(point)
        error = 5 * np.sqrt(p * (1 - p) / n)
        assert (abs((x <= point).mean(axis=0) - p) <= error).all()


def gradient_inputs(name):
    make, params = (CASES[name] if name in CASES else SEVERAL[name])[:2]
    return make, list(params), [value.copy() for value in params.values()]


# The density of a uniform distribution does not depend on loc, which then has none.
@pytest.mark.parametrize('name', [n for n in ALL if n != 'Uniform scale'])
def test_gradients_of_log_prob(name):
    make, keys, arrays = gradient_inputs(name)
    np.random.seed(1)
    x = build(name).sample(2).array
    if name == 'Pareto':
        x = x + 0.1  # away from the smallest value

    def log_prob(*params):
        return make(**dict(zip(keys, params, strict=True))).log_prob(x)

    gy = np.random.normal(size=log_prob(*arrays).shape)
    options = {'atol': 1e-4, 'rtol': 1e-4}
    check_backward(log_prob, tuple(arrays), gy, eps=1e-5, **options)
    ggx = tuple(np.random.normal(size=a.shape) for a in arrays)
    square = lambda *params: log_prob(*params) ** 2  # noqa: E731
    check_double_backward(square, tuple(arrays), gy, ggx, eps=1e-4, **options)


@pytest.mark.parametrize('name', ['Beta', 'Gamma', 'Gumbel', 'Laplace', 'Normal'])
def test_gradients_at_points(name):
    x = np.full((2, 3), 0.37)
    gy = np.random.RandomState(0).normal(size=x.shape)
    dist = build(name)
    check_backward(dist.log_prob, x, gy, atol=1e-4, rtol=1e-4)
    if name in ('Laplace', 'Normal'):
        check_backward(dist.cdf, x, gy, atol=1e-4, rtol=1e-4)
        check_backward(dist.icdf, x, gy, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('name', [n for n in CASES if CASES[n].gradients])
def test_gradients_of_samples(name):
    make, keys, arrays = gradient_inputs(name)
    wanted = CASES[name].gradients
    fixed = {k: a for k, a in zip(keys, arrays, strict=True) if k not in wanted}

    def sample(*params):
        np.random.seed(2)
        return make(**fixed, **dict(zip(wanted, params, strict=True))).sample(3)

    inputs = tuple(CASES[name].params[key] for key in wanted)
    gy = np.random.RandomState(3).normal(size=(3, 2, 3))
    check_backward(sample, inputs, gy, atol=1e-4, rtol=1e-4)


def test_gradients_of_samples_of_vectors():
    def sample(loc, scale_tril):
        np.random.seed(2)
        return D.MultivariateNormal(loc, scale_tril=scale_tril).sample(3)

    gy = np.random.RandomState(3).normal(size=(3, 2, 2))
    check_backward(sample, (A[:, :2], TRIL), gy, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('name', ['Bernoulli', 'Beta', 'Poisson'])
def test_other_samples_have_no_gradient(name):
    x = build(name).sample(2)
    assert not x.requires_grad
    assert x.creator is None


@dtypes
def test_dirichlet(dtype):
    dist = build('Dirichlet', dtype)
    oracles = [stats.dirichlet(alpha) for alpha in 4 * ROWS]
    x = np.array([[0.125, 0.625, 0.25], [0.25, 0.25, 0.5]], dtype)
    for name, method in [('mean', 'mean'), ('variance', 'var'), ('entropy', 'entropy')]:
        check(getattr(dist, name), [getattr(o, method)() for o in oracles], dtype)
    expected = [o.logpdf(p) for o, p in zip(oracles, x)]  # noqa: B905
    check(dist.log_prob(x), expected, dtype)
    samples = dist.sample(2000).array
    np.testing.assert_allclose(samples.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(samples.mean(axis=0), dist.mean.array, atol=0.03)


@dtypes
def test_multivariate_normal(dtype):
    dist = build('MultivariateNormal', dtype)
    cov = TRIL @ TRIL.swapaxes(1, 2)
    oracles = [stats.multivariate_normal(m, c) for m, c in zip(A[:, :2], cov)]  # noqa: B905
    assert dist.d == 2
    check(dist.covariance, cov, dtype)
    check(dist.mean, A[:, :2], dtype)
    check(dist.entropy, [o.entropy() for o in oracles], dtype)
    x = np.linspace(-2, 2, 12).reshape(3, 2, 2)
    expected = np.stack([o.logpdf(x[:, i]) for i, o in enumerate(oracles)], axis=1)
    check(dist.log_prob(x.astype(dtype)), expected, dtype)
    samples = dist.sample(4000).array
    for i in range(2):
        np.testing.assert_allclose(np.cov(samples[:, i].T), cov[i], atol=0.3)


@pytest.mark.parametrize('name', ['Categorical', 'Categorical logit'])
def test_categorical(name):
    dist = build(name)
    check(dist.p, ROWS)
    check(dist.entropy, [stats.entropy(p) for p in ROWS])
    x = np.array([[0, 1], [2, 2], [1, 0]])
    check(dist.log_prob(x), np.log(ROWS[[0, 1], x]))
    check(dist.log_prob(minigrad.Variable(x)), np.log(ROWS[[0, 1], x]))
    samples = dist.sample(4000).array
    frequencies = np.stack([(samples == i).mean(axis=0) for i in range(3)], axis=-1)
    np.testing.assert_allclose(frequencies, ROWS, atol=0.04)


def test_one_hot_categorical():
    dist = build('OneHotCategorical')
    check(dist.mean, ROWS)
    check(dist.variance, ROWS * (1 - ROWS))
    x = dist.sample(4000)
    assert set(np.unique(x.array)) == {0, 1}
    np.testing.assert_allclose(x.array.mean(axis=0), ROWS, atol=0.04)
    check(dist.log_prob(x), np.log((x.array * ROWS).sum(axis=-1)))


def test_classes_of_probability_0_are_never_drawn():
    p = np.array([[0.0, 0.5, 0.0, 0.5, 0.0]] * 3)
    x = D.Categorical(p).sample(2000).array
    assert set(np.unique(x)) == {1, 3}
    with np.errstate(divide='raise', invalid='raise'):
        check(D.Categorical(p).entropy, np.full(3, math.log(2)))


def test_one_distribution_with_no_batch():
    assert D.Categorical(ROWS[0]).sample().shape == ()
    assert D.Categorical(ROWS[0]).log_prob(np.array(2)).shape == ()
    check(D.Normal(np.array(0.0), np.array(1.0)).cdf(0.0), 0.5)


def test_moments_that_do_not_exist():
    dist = build('Cauchy')
    for name in ('mean', 'variance'):
        with pytest.warns(RuntimeWarning, match=f'no {name}'):
            assert np.isnan(getattr(dist, name).array).all()


def test_outside_the_support_gradients_are_zero_not_nan():
    x = np.array([-1.0, 2.0])
    for dist in (
        D.Beta(np.full(2, 1.5), np.full(2, 2.5)),
        D.Gamma(np.full(2, 1.5), np.full(2, 2.5)),
        D.LogNormal(np.full(2, 1.5), np.full(2, 2.5)),
        D.Exponential(np.full(2, 1.5)),
    ):
        y = minigrad.Variable(x)
        log_prob = dist.log_prob(y)
        assert log_prob.array[0] == -np.inf
        F.sum(log_prob).backward()
        assert y.grad[0] == 0
        assert np.isfinite(y.grad).all()


def test_bernoulli_that_is_certain():
    for dist in (
        D.Bernoulli(np.array([0.0, 1.0])),
        D.Bernoulli(logit=np.array([-np.inf, np.inf])),
    ):
        check(dist.log_prob(np.zeros(2)), [0, -np.inf])
        check(dist.log_prob(np.ones(2, 'i')), [-np.inf, 0])
        check(dist.entropy, [0, 0])
    far = D.Bernoulli(logit=np.array([-1000.0, 1000.0]))
    check(far.log_prob(np.zeros(2)), [0, -1000])
    logit = minigrad.Variable(np.array([np.inf, 0.0]))
    F.sum(D.Bernoulli(logit=logit).log_prob(np.ones(2))).backward()
    np.testing.assert_array_equal(logit.grad, [np.nan, 0.5])


def test_bernoulli_between_its_points():
    x = np.array([0.25, 1.0])
    dist = D.Bernoulli(np.full(2, 0.2))
    check(dist.prob(x), [0.65, 0.2])
    check(dist.log_prob(x), 0.25 * np.log([0.2, 0.2**4]) + [0.75 * np.log(0.8), 0])
    strict = D.Bernoulli(np.full(2, 0.2), binary_check=True)
    check(strict.prob(x), [0, 0.2])
    check(strict.log_prob(x), [-np.inf, np.log(0.2)])


def test_entropy_has_no_gradient_at_0():
    p = minigrad.Variable(np.array([0.0, 0.5]))
    entropy = F.sum(D.Bernoulli(p).entropy)
    with pytest.warns(RuntimeWarning, match='no gradient at 0'):
        entropy.backward()
    np.testing.assert_array_equal(p.grad, [1, 0])  # that of (1 - p) log(1 - p)


@pytest.mark.parametrize(
    ('make', 'match'),
    [
        (lambda: D.Bernoulli(), 'either p or logit'),
        (lambda: D.Bernoulli(A, A), 'either p or logit'),
        (lambda: D.Categorical(), 'either p or logit'),
        (lambda: D.Normal(A), 'either scale or log_scale'),
        (lambda: D.Normal(A, B, log_scale=B), 'either scale or log_scale'),
        (lambda: D.Uniform(low=A), 'either low and high'),
        (lambda: D.Uniform(low=A, high=B, loc=A, scale=B), 'either low and high'),
        (lambda: D.MultivariateNormal(A), 'scale_tril'),
        (lambda: D.Categorical(2 * ROWS).sample(), 'sum to 2'),
    ],
)
def test_value_errors(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_what_a_class_does_not_define_is_named():
    with pytest.raises(NotImplementedError, match='Beta does not define cdf'):
        build('Beta').log_cdf(UNIT)
    for name in ('batch_shape', 'event_shape', 'params', 'support', 'mean', 'mode',
                 'stddev', 'variance', 'covariance', 'entropy', 'xp'):  # fmt: skip
        with pytest.raises(NotImplementedError, match='Distribution does not define'):
            getattr(minigrad.Distribution(), name)
    for name in ('log_prob', 'prob', 'icdf', 'perplexity', 'survival_function'):
        with pytest.raises(NotImplementedError, match='Distribution does not define'):
            getattr(minigrad.Distribution(), name)(0.5)


def test_params_are_variables_by_name():
    for name, case in CASES.items():
        params = build(name).params
        assert all(isinstance(p, minigrad.Variable) for p in params.values())
        if ' ' not in name and name != 'Bernoulli':  # whose parameter is its logit
            assert list(params) == list(case.params)


def test_values_without_a_graph_do_not_stay():
    scale = minigrad.Variable(B)
    dist = D.Normal(A, scale)
    with minigrad.no_backprop_mode():
        assert dist.entropy.creator is None
        assert dist.entropy is dist.entropy
    assert dist.entropy.creator is not None
    with pytest.raises(AttributeError, match='computed'):
        dist.entropy = 0


def test_float64_arrays_take_the_dtype_of_the_parameters():
    for name in CASES:
        points = CASES[name].points[1:2].reshape(1, 1, 1)
        assert build(name, 'f').log_prob(points).dtype == np.float32
