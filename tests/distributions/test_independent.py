"""Batch axes taken for axes of an event."""

import numpy as np
import pytest

import minigrad
import minigrad.distributions as D

A = np.linspace(-1, 1, 24).reshape(2, 3, 4)
B = np.linspace(0.5, 2, 24).reshape(2, 3, 4)
X = np.linspace(-2, 2, 24).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ('ndim', 'batch_shape', 'event_shape'),
    [
        (None, (2,), (3, 4)),
        (0, (2, 3, 4), ()),
        (1, (2, 3), (4,)),
        (3, (), (2, 3, 4)),
    ],
)
def test_shapes_and_reductions(ndim, batch_shape, event_shape):
    inner = D.Laplace(A, B)
    dist = D.Independent(inner, ndim)
    assert (dist.batch_shape, dist.event_shape) == (batch_shape, event_shape)
    assert dist.sample((5, 2)).shape == (5, 2, 2, 3, 4)
    assert dist.support == 'real'
    assert dist.params == inner.params
    assert dist.mean is inner.mean
    assert dist.mode is inner.mode
    np.testing.assert_array_equal(dist.variance.array, inner.variance.array)
    np.testing.assert_array_equal(dist.stddev.array, inner.stddev.array)
    axes = tuple(range(len(batch_shape), 3))
    for name in ('log_prob', 'log_cdf', 'log_survival_function'):
        np.testing.assert_allclose(
            getattr(dist, name)(X).array, getattr(inner, name)(X).array.sum(axis=axes)
        )
    for name in ('prob', 'cdf', 'survival_function'):
        np.testing.assert_allclose(
            getattr(dist, name)(X).array, getattr(inner, name)(X).array.prod(axis=axes)
        )
    np.testing.assert_allclose(dist.entropy.array, inner.entropy.array.sum(axis=axes))


def test_a_scalar_distribution_stays_as_it_is():
    dist = D.Independent(D.Laplace(np.array(0.0), np.array(1.0)))
    assert (dist.batch_shape, dist.event_shape) == ((), ())
    assert dist.log_prob(np.array(0.5)).shape == ()


def test_errors():
    with pytest.raises(ValueError, match='is 4, but the distribution has 3'):
        D.Independent(D.Laplace(A, B), 4)
    with pytest.raises(RuntimeError, match='no inverse'):
        D.Independent(D.Laplace(A, B)).icdf(X)


@pytest.mark.parametrize('ndim', [0, 1, 2])
def test_covariance_is_block_diagonal(ndim):
    tril = np.tril(np.random.RandomState(0).normal(size=(2, 3, 4, 4)))
    inner = D.MultivariateNormal(A, scale_tril=tril)
    covariance = D.Independent(inner, ndim).covariance.array
    cov = (tril @ tril.swapaxes(-1, -2)).reshape(-1, 4, 4)
    blocks = [1, 3, 6][ndim]
    covariance = covariance.reshape(-1, 4 * blocks, 4 * blocks)
    for i, matrix in enumerate(covariance):
        expected = np.zeros((blocks, 4, blocks, 4))
        for j in range(blocks):
            expected[j, :, j] = cov[i * blocks + j]
        np.testing.assert_allclose(matrix, expected.reshape(matrix.shape))


def test_divergence_is_a_sum():
    p, q = D.Laplace(A, B), D.Laplace(B, B)
    kl = minigrad.kl_divergence(D.Independent(p, 2), D.Independent(q, 2))
    expected = minigrad.kl_divergence(p, q).array.sum(axis=(1, 2))
    np.testing.assert_allclose(kl.array, expected)
    same = minigrad.kl_divergence(D.Independent(p, 0), D.Independent(q, 0))
    assert same.shape == (2, 3, 4)
    with pytest.raises(ValueError, match=r'\(3, 4\) and \(4,\)'):
        minigrad.kl_divergence(D.Independent(p, 2), D.Independent(q, 1))
    vectors = D.MultivariateNormal(A, scale_tril=np.tile(np.eye(4), (2, 3, 1, 1)))
    with pytest.raises(NotImplementedError, match='inside Independent'):
        minigrad.kl_divergence(D.Independent(p, 2), D.Independent(vectors, 1))
