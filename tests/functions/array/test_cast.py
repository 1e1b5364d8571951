"""Casts between all kinds of dtypes."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.variable import Variable

DTYPES = ['?', 'B', 'b', 'l', 'e', 'f', 'd']


@pytest.mark.parametrize('source', DTYPES)
@pytest.mark.parametrize('target', DTYPES)
def test_values(source, target):
    x = np.array([[0, 1], [3, 2]]).astype(source)
    y = F.cast(x, target)
    assert y.dtype == target
    np.testing.assert_array_equal(y.array, x.astype(target))


@pytest.mark.parametrize('source', 'efd')
@pytest.mark.parametrize('target', 'efd')
def test_gradient_is_cast_back(source, target):
    x = Variable(np.array([1.0, 2.0], source))
    y = F.cast(x, target)
    y.grad = np.array([3.0, 4.0], target)
    y.backward()
    assert x.grad.dtype == source
    np.testing.assert_array_equal(x.grad, [3, 4])


def test_double_gradient(rng):
    x = Variable(rng.random(3).astype('f'))
    y = F.sum(F.cast(x, 'd') ** 3)
    (gx,) = minigrad.grad([y], [x], enable_double_backprop=True)
    F.sum(gx).backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_allclose(x.grad, 6 * x.array, rtol=1e-6)


def test_the_same_dtype_shares_memory():
    x = Variable(np.ones(2, 'f'))
    assert F.cast(x, 'f').array is x.array
    assert F.cast(x, np.float32) is not x  # a step of its own in the graph
    with minigrad.no_backprop_mode():
        assert F.cast(x, 'f') is x
