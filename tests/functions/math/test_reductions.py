"""Gradients where reductions have a choice, and averages of nothing."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.variable import Variable


@pytest.mark.parametrize('function', [F.max, F.min])
def test_all_extreme_elements_get_the_gradient(function):
    x = Variable(np.array([[2.0, 2.0], [2.0, 2.0]]))
    y = function(x, axis=1)
    y.grad = np.array([1.0, 3.0])
    y.backward()
    np.testing.assert_array_equal(x.grad, [[1.0, 1.0], [3.0, 3.0]])


def test_maximum_of_equals_is_the_first():
    x, y = Variable(np.ones(2)), Variable(np.ones(2))
    for function in (F.maximum, F.minimum):
        x.cleargrad()
        y.cleargrad()
        F.sum(function(x, y)).backward()
        np.testing.assert_array_equal(x.grad, [1, 1])
        np.testing.assert_array_equal(y.grad, [0, 0])


def test_clip_passes_gradients_at_its_ends():
    x = Variable(np.array([0.0, 1.0, 1.5]))
    F.sum(F.clip(x, 0.0, 1.0)).backward()
    np.testing.assert_array_equal(x.grad, [1, 1, 0])


def test_clip_keeps_the_dtype_beside_wider_limits():
    x = Variable(np.array([0.0, 2.0], 'f'))
    y = F.clip(x, np.float64(0.5), np.float64(1))
    assert y.dtype == np.float32
    F.sum(y).backward()
    assert x.grad.dtype == np.float32


def test_argmax_has_no_gradient():
    x = Variable(np.array([[1.0, 2.0]]))
    y = F.argmax(x, axis=1)
    assert y.dtype == np.int32
    assert minigrad.grad([y], [x], [Variable(np.zeros(1, 'i'))]) == [None]


def test_mean_is_average():
    assert F.mean is F.average


def test_mean_over_nothing_has_an_empty_gradient():
    x = Variable(np.zeros((0, 3)))
    y = F.mean(x, axis=1)
    y.grad = np.zeros(0)
    y.backward()
    assert x.grad.shape == (0, 3)


def test_weights_get_gradients(rng):
    x, w = rng.random((2, 3)), Variable(rng.random(3))
    F.sum(F.average(x, axis=1, weights=w)).backward()
    total = w.array.sum()
    expected = (x * total - (x * w.array).sum(axis=1, keepdims=True)).sum(0) / total**2
    np.testing.assert_allclose(w.grad, expected)


def test_sum_does_not_retain_its_input():
    x = Variable(np.ones((100, 100)))
    y = F.sum(x)
    assert y.creator_node.get_retained_inputs() == ()


@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
def test_gradient_of_a_scalar_sum_is_a_writable_array(dtype):
    x = Variable(np.ones((2, 3), dtype))
    F.sum(x).backward()
    assert x.grad.dtype == dtype
    x.grad += 1  # shares memory with nothing
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2, dtype))
