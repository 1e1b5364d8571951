"""What the table of operations cannot say about normalization."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.kernels import using_kernels

KERNELS = ['reference', 'numba']


@pytest.mark.parametrize('kernels', KERNELS)
@pytest.mark.parametrize('decay', [0.9, 0.5, 0.0])
@pytest.mark.parametrize('shape', [(6, 3), (4, 3, 5, 2)])
def test_running_statistics(kernels, decay, shape, rng):
    x = rng.standard_normal(shape) * 3 + 1
    axis = (0, *range(2, x.ndim))
    mean, var = rng.standard_normal(3), rng.uniform(1, 2, 3)
    new_mean, new_var = mean.copy(), var.copy()
    with using_kernels(kernels), minigrad.no_backprop_mode():
        F.batch_normalization(
            x,
            np.ones(3),
            np.zeros(3),
            running_mean=new_mean,
            running_var=new_var,
            decay=decay,
        )
    expected_mean = decay * mean + (1 - decay) * x.mean(axis=axis)
    expected_var = decay * var + (1 - decay) * x.var(axis=axis, ddof=1)
    np.testing.assert_allclose(new_mean, expected_mean)
    np.testing.assert_allclose(new_var, expected_var, rtol=1e-6)


def test_running_statistics_of_a_constant_channel():
    x = np.full((4, 1), 7, 'f')
    mean, var = np.zeros(1, 'f'), np.ones(1, 'f')
    F.batch_normalization(
        x, mean + 1, mean * 0, running_mean=mean, running_var=var, decay=0.0
    )
    assert mean == 7
    assert 0 <= var < 1e-9


def test_running_statistics_may_be_narrower(rng):
    x = rng.standard_normal((8, 3)).astype('e')
    gamma, beta = np.ones(3, 'f'), np.zeros(3, 'f')
    mean, var = np.zeros(3, 'e'), np.ones(3, 'e')
    y = F.batch_normalization(x, gamma, beta, running_mean=mean, running_var=var)
    assert (y.dtype, mean.dtype) == ('e', 'e')
    np.testing.assert_allclose(mean, 0.1 * x.mean(axis=0, dtype='f'), atol=1e-3)


@pytest.mark.parametrize('kernels', KERNELS)
@pytest.mark.parametrize('name', ['batch', 'fixed', 'group'])
def test_parameters_may_be_wider_than_the_input(kernels, name, rng):
    x = minigrad.Variable(rng.standard_normal((6, 4, 3)).astype('e'))
    gamma, beta, mean, var = [
        minigrad.Variable(rng.uniform(0.5, 1.5, 4).astype('f')) for _ in range(4)
    ]
    with using_kernels(kernels):
        if name == 'batch':
            y = F.batch_normalization(x, gamma, beta)
        elif name == 'fixed':
            y = F.fixed_batch_normalization(x, gamma, beta, mean, var)
        else:
            y = F.group_normalization(x, 2, gamma, beta)
        assert y.dtype == np.float16
        y.grad = rng.standard_normal(y.shape).astype('e')
        y.backward(enable_double_backprop=True)
        assert (x.grad.dtype, gamma.grad.dtype, beta.grad.dtype) == ('e', 'f', 'f')
        penalty = F.sum(x.grad_var * x.grad_var) + F.cast(F.sum(gamma.grad_var), 'e')
        for variable in (x, gamma, beta):
            variable.cleargrad()
        penalty.backward()
        assert (x.grad.dtype, gamma.grad.dtype) == ('e', 'f')


def test_double_backprop_where_gamma_is_zero(rng):
    """Dividing by gamma, as some derivations do, would give NaN."""
    x = minigrad.Variable(rng.standard_normal((5, 2)))
    gamma = minigrad.Variable(np.array([0.0, 1.0]))
    y = F.batch_normalization(x, gamma, np.zeros(2))
    (gx,) = minigrad.grad([F.sum(y * y * y)], [x], enable_double_backprop=True)
    F.sum(gx * gx).backward()
    assert np.isfinite(gamma.grad).all()
    assert np.isfinite(x.grad).all()


def test_one_sample_warns():
    gamma, beta = np.ones(3, 'f'), np.zeros(3, 'f')
    with pytest.warns(UserWarning, match=r'batch of one sample.*config\.train'):
        F.batch_normalization(np.ones((1, 3), 'f'), gamma, beta)
    with pytest.warns(UserWarning, match=r'length 1 along every axis of \(1,\)'):
        F.batch_normalization(np.ones((3, 1), 'f'), gamma, beta, axis=1)


def test_fixed_agrees_with_the_batch_whose_statistics_it_is_given(rng):
    x = rng.standard_normal((4, 3, 2, 2))
    gamma, beta = rng.standard_normal(3), rng.standard_normal(3)
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    y = F.batch_normalization(x, gamma, beta)
    z = F.fixed_batch_normalization(x, gamma, beta, mean, var)
    np.testing.assert_allclose(y.array, z.array)


@pytest.mark.parametrize('kernels', KERNELS)
def test_large_mean_does_not_spoil_the_variance(kernels, rng):
    x = (rng.standard_normal((64, 2)) + 1000).astype('f')
    one, zero = np.ones(2, 'f'), np.zeros(2, 'f')
    with using_kernels(kernels):
        y = F.batch_normalization(x, one, zero).array
    exact = F.batch_normalization(x.astype('d'), one.astype('d'), zero.astype('d'))
    np.testing.assert_allclose(y, exact.array, atol=1e-3)


def test_the_norm_of_zero():
    x = minigrad.Variable(np.array([[0.0, 0.0], [3.0, 4.0]]))
    y = F.normalize(x, eps=0.5)
    (gx,) = minigrad.grad([F.sum(y * y)], [x], enable_double_backprop=True)
    F.sum(gx).backward()
    np.testing.assert_array_equal(y.array[0], [0, 0])
    assert np.isfinite(x.grad).all()
    np.testing.assert_allclose(x.grad[0], [8, 8])


def test_even_window_of_channels_reaches_as_far_on_both_sides():
    x = np.array([[0.0, 0.0, 1.0, 0.0, 0.0]])
    y = F.local_response_normalization(x, n=2, k=1, alpha=1, beta=1)
    assert y.array[0, 2] == 0.5
    np.testing.assert_array_equal(
        F.local_response_normalization(x + 1, n=2, k=0, alpha=1, beta=1).array,
        F.local_response_normalization(x + 1, n=3, k=0, alpha=1, beta=1).array,
    )
