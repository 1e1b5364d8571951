"""Products of arrays of different dtypes, and remainders."""

import numpy as np
import pytest

import minigrad.functions as F
from minigrad.variable import Variable


@pytest.mark.parametrize(
    'function',
    [F.matmul, lambda a, b: F.tensordot(a, b, 1)],
    ids=['matmul', 'tensordot'],
)
def test_dtypes_promote_and_gradients_do_not(rng, function):
    a = Variable(rng.random((2, 3)).astype('e'))
    b = Variable(rng.random((3, 4)).astype('f'))
    y = function(a, b)
    assert y.dtype == np.float32
    F.sum(y).backward()
    assert (a.grad.dtype, b.grad.dtype) == (np.float16, np.float32)
    np.testing.assert_allclose(b.grad, np.tile(a.array.sum(0)[:, None], 4), rtol=2e-3)


def test_matmul_computes_only_the_gradients_asked_for(rng):
    a, b = Variable(rng.random((2, 3))), rng.random((3, 4))
    y = F.matmul(a, b)
    y.grad = np.ones((2, 4))
    y.backward()
    np.testing.assert_allclose(a.grad, np.ones((2, 4)) @ b.T)


def test_remainders_differ_in_sign():
    x, divisor = np.array([5.0, -5.0]), np.array([3.0, 3.0])
    np.testing.assert_array_equal(F.fmod(x, divisor).array, [2, -2])
    np.testing.assert_array_equal((Variable(x) % divisor).array, [2, 1])


def test_prod_with_zeros(rng):
    x = Variable(np.array([0.0, 2.0, 3.0]))
    F.prod(x).backward()
    np.testing.assert_array_equal(x.grad, [6, 0, 0])
    x = Variable(np.array([0.0, 0.0, 3.0]))
    F.prod(x).backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 0])
