"""Activations of inputs whose exponential overflows."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F

LARGE = {'e': 6e4, 'f': 1e30, 'd': 1e300}


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('sigmoid', [0, 0.5, 1]),
        ('tanh', [-1, 0, 1]),
        ('hard_sigmoid', [0, 0.5, 1]),
        ('elu', [-1, 0, None]),
        ('softplus', [0, np.log(2), None]),
    ],
)
def test_elementwise(name, expected, dtype):
    big = LARGE[dtype]
    x = minigrad.Variable(np.array([-big, 0, big], dtype))
    y = getattr(F, name)(x)
    expected = [big if v is None else v for v in expected]
    np.testing.assert_allclose(y.array, np.array(expected, dtype), rtol=1e-3)
    y.grad = np.ones(3, dtype)
    y.backward()
    assert np.isfinite(x.grad).all()


@pytest.mark.parametrize('dtype', 'efd')
def test_along_an_axis(dtype):
    big = LARGE[dtype] / 2
    x = minigrad.Variable(np.array([[0, big], [-big, -big]], dtype))
    np.testing.assert_array_equal(F.softmax(x).array, [[0, 1], [0.5, 0.5]])
    y = F.log_softmax(x)
    np.testing.assert_allclose(y.array[0], np.array([-big, 0], dtype))
    y.grad = np.ones((2, 2), dtype)
    y.backward()
    assert np.isfinite(x.grad).all()
