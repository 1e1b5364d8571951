"""Spectral normalization and weight standardization."""

import numpy as np
import pytest

import minigrad
import minigrad.links as L
from minigrad.link_hooks import SpectralNormalization, WeightStandardization

LINKS = {
    'Linear': (lambda n: L.Linear(n, 4), (2, 6)),
    'Convolution2D': (lambda n: L.Convolution2D(n, 4, 3), (2, 6, 5, 5)),
    'Deconvolution2D': (lambda n: L.Deconvolution2D(n, 4, 3), (2, 6, 5, 5)),
}


def as_matrix(link):
    W = link.W.array
    if isinstance(link, L.Deconvolution2D):
        W = W.swapaxes(0, 1)
    return W.reshape(len(W), -1)


@pytest.fixture(params=LINKS)
def case(request, rng):
    make, shape = LINKS[request.param]
    return make, rng.normal(size=shape).astype('f')


class TestSpectralNormalization:
    def test_divides_by_the_largest_singular_value(self, case):
        make, x = case
        link = make(6)
        plain = make(6)
        plain.copyparams(link)
        sigma = np.linalg.svd(as_matrix(link), compute_uv=False)[0]
        plain.W.array[...] /= sigma
        link.add_hook(SpectralNormalization(n_power_iteration=200))
        np.testing.assert_allclose(link(x).array, plain(x).array, rtol=1e-3, atol=1e-4)

    def test_parameter_stays(self, case):
        make, x = case
        link = make(6).add_hook(SpectralNormalization())
        W = link.W
        before = W.array.copy()
        link(x)
        assert link.W is W
        np.testing.assert_array_equal(W.array, before)
        assert link.W_u.shape == (4,)
        assert 'W_u' in link._persistent

    def test_lazy(self, case):
        make, x = case
        link = make(None).add_hook(SpectralNormalization())
        assert not hasattr(link, 'W_u')
        link(x)
        assert link.W_u.shape == (4,)

    def test_vector_is_updated_in_training_only(self, case):
        make, x = case
        link = make(6).add_hook(SpectralNormalization())
        with minigrad.using_config('train', False):
            u = link.W_u.copy()
            link(x)
            np.testing.assert_array_equal(link.W_u, u)
        link(x)
        assert not np.array_equal(link.W_u, u)
        assert np.linalg.norm(link.W_u) == pytest.approx(1, rel=1e-4)

    def test_gradient_reaches_the_parameter(self, case):
        make, x = case
        link = make(6).add_hook(SpectralNormalization())
        link.cleargrads()
        y = link(x)
        y.grad = np.ones_like(y.array)
        y.backward()
        assert link.W.grad.any()

    def test_gamma(self, case):
        make, x = case
        link = make(6)
        sigma = np.linalg.svd(as_matrix(link), compute_uv=False)[0]
        plain = link(x).array
        link.add_hook(SpectralNormalization(n_power_iteration=200, use_gamma=True))
        assert float(link.gamma.array) == pytest.approx(sigma, rel=1e-4)
        assert 'gamma' in link._params
        np.testing.assert_allclose(link(x).array, plain, rtol=1e-3, atol=1e-4)
        link.delete_hook('SpectralNormalization')
        assert not hasattr(link, 'gamma')
        assert not hasattr(link, 'W_u')

    def test_factor(self, case):
        make, x = case
        link = make(6)
        link.b.array[...] = 0
        link.add_hook(SpectralNormalization(200), 'one')
        one = link(x).array
        link.delete_hook('one')
        link.add_hook(SpectralNormalization(200, factor=2.0), 'two')
        np.testing.assert_allclose(link(x).array, 2 * one, rtol=1e-3, atol=1e-4)

    def test_errors(self):
        with pytest.raises(ValueError, match='must be positive, got 0'):
            SpectralNormalization(0)
        with pytest.raises(ValueError, match="'U' does not exist: Linear"):
            L.Linear(2, 3).add_hook(SpectralNormalization(weight_name='U'))
        refused = pytest.raises(NotImplementedError, match='add_hook')
        with refused, SpectralNormalization():
            pass


class TestWeightStandardization:
    def test_weights(self, case):
        make, x = case
        link = make(6)
        plain = make(6)
        plain.copyparams(link)
        W = plain.W.array.reshape(len(plain.W), -1)
        W = (W - W.mean(1, keepdims=True)) / np.sqrt(W.var(1, keepdims=True) + 1e-5)
        plain.W.array[...] = W.reshape(plain.W.shape)
        link.add_hook(WeightStandardization())
        np.testing.assert_allclose(link(x).array, plain(x).array, rtol=1e-3, atol=1e-4)
        assert isinstance(link.W, minigrad.Parameter)

    def test_lazy(self, case):
        make, x = case
        link = make(None).add_hook(WeightStandardization(name='ws'))
        link(x)
        assert link.W.array is not None
        link.delete_hook('ws')

    def test_missing_weight(self):
        with pytest.raises(ValueError, match="'U' does not exist"):
            L.Linear(2, 3).add_hook(WeightStandardization(weight_name='U'))
