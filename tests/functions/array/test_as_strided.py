"""Views of memory: what the table of operations, whose inputs own theirs, cannot say."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F


def test_shares_memory():
    x = minigrad.Variable(np.arange(6.0))
    y = F.as_strided(x, (2, 3), (3, 1))
    x.array[4] = 9
    assert y.array[1, 1] == 9


@pytest.mark.parametrize('order', ['C', 'F'])
def test_sees_the_memory_and_not_the_view(order):
    memory = np.array(np.arange(12.0).reshape(3, 4), order=order)
    x = minigrad.Variable(memory[::-1, 1:3])
    y = F.as_strided(x, (12,), (1,), 0)
    np.testing.assert_array_equal(y.array, memory.ravel(order='K'))
    y.grad = np.arange(12.0)
    y.backward()
    seen = np.arange(12.0).reshape((3, 4), order=order)
    np.testing.assert_array_equal(x.grad, seen[::-1, 1:3])


def test_sees_through_the_views_of_numpy():
    x = np.lib.stride_tricks.as_strided(np.arange(6.0)[1:], (2, 2), (8, 8))
    np.testing.assert_array_equal(F.as_strided(x, (6,), (1,), 0).array, np.arange(6))


def test_starts_where_x_does():
    x = np.arange(6.0)[2:]
    np.testing.assert_array_equal(F.as_strided(x, (2,), (2,)).array, [2, 4])


def test_elements_of_x_that_share_a_place_share_its_gradient():
    x = minigrad.Variable(F.as_strided(np.arange(8.0), (3, 3), (-1, 2), 3).array)
    np.testing.assert_array_equal(x.array, [[3, 5, 7], [2, 4, 6], [1, 3, 5]])
    y = F.as_strided(x, (3, 3), (1, 2), 0)
    (gx,) = minigrad.grad([y], [x], [minigrad.Variable(np.ones((3, 3)))])
    expected = [[0.5, 0.5, 0], [2, 2, 1], [1, 0.5, 0.5]]
    np.testing.assert_array_equal(gx.array, expected)


def test_integers_are_viewed_but_have_no_gradient():
    x = minigrad.Variable(np.arange(4))
    y = F.as_strided(x, (4,), (-1,), 3)
    assert y.array.tolist() == [3, 2, 1, 0]
    y.grad = np.ones(4, int)
    with pytest.raises(TypeError, match='only floats have gradients'):
        minigrad.grad([y], [x])
