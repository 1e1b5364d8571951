"""Indexing beyond values: views, repeated places, lists."""

import numpy as np
import pytest

import minigrad.functions as F
from minigrad.variable import Variable


def test_a_slice_is_a_view():
    x = np.arange(6.0).reshape(2, 3)
    assert np.shares_memory(F.get_item(x, (slice(None), 1)).array, x)


def test_an_element_is_an_array():
    y = F.get_item(np.arange(3.0), 1)
    assert isinstance(y.array, np.ndarray)
    assert y.shape == ()


@pytest.mark.parametrize('width', [3, 200])
def test_gradients_of_a_place_add_up(width):
    x = Variable(np.zeros((3, width)))
    y = x[[2, 0, 2, -1]]
    y.grad = np.tile(np.array([[1.0], [2.0], [3.0], [4.0]]), width)
    y.backward()
    np.testing.assert_array_equal(x.grad, np.tile([[2.0], [0.0], [8.0]], width))


def test_a_list_of_slices_is_a_tuple():
    x = np.arange(6.0).reshape(2, 3)
    y = F.get_item(x, [slice(None), 1])
    np.testing.assert_array_equal(y.array, [1, 4])


def test_iteration_of_a_variable():
    rows = [row.array.tolist() for row in Variable(np.eye(2))]
    assert rows == [[1, 0], [0, 1]]


def test_all_axes_of_a_0d_array():
    x = Variable(np.array(3.0))
    y = x[()]
    y.backward()
    assert x.grad == 1
