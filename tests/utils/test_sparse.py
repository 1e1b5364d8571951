"""Sparse matrices in coordinate format."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad import utils

X = np.array([[0, 2, 0], [0, 0, 0], [-1, 3, 0]], 'f')


def test_to_coo_and_back():
    sparse = utils.to_coo(X)
    assert sparse.data.array.tolist() == [2, -1, 3]
    assert sparse.row.tolist() == [0, 2, 2]
    assert sparse.col.tolist() == [1, 0, 1]
    assert sparse.shape == (3, 3)
    assert sparse.row.dtype == sparse.col.dtype == np.int32
    assert sparse.order == 'C'
    assert not sparse.data.requires_grad
    np.testing.assert_array_equal(sparse.to_dense(), X)


def test_a_stack_is_padded_to_the_fullest():
    stack = np.stack([X, np.eye(3, k=1, dtype='f')])
    sparse = utils.to_coo(stack, ldnz=4, requires_grad=True)
    assert sparse.data.shape == (2, 4)
    assert sparse.data.requires_grad
    assert sparse.row.tolist() == [[0, 2, 2, -1], [0, 1, -1, -1]]
    np.testing.assert_array_equal(sparse.to_dense(), stack)


def test_nothing_but_zeros():
    sparse = utils.to_coo(np.zeros((2, 3)))
    assert sparse.data.shape == (0,)
    np.testing.assert_array_equal(sparse.to_dense(), np.zeros((2, 3)))
    y = F.sparse_matmul(sparse, np.ones((3, 1)))
    np.testing.assert_array_equal(y.array, np.zeros((2, 1)))


@pytest.mark.parametrize(
    ('row', 'col', 'order'),
    [
        ([0, 0, 1], [1, 2, 0], 'C'),
        ([1, 0, 0], [0, 1, 2], 'F'),
        ([0, 1, 0], [0, 0, 0], 'other'),
        ([0, 1, -1], [1, 0, -1], 'C'),
        ([[0, 1], [1, 0]], [[0, 1], [0, 1]], 'F'),
        ([], [], 'C'),
    ],
)
def test_order(row, col, order):
    assert utils.get_order(np.array(row, 'i'), np.array(col, 'i')) == order


def test_gradients_reach_the_values():
    sparse = utils.to_coo(X.astype('d'), requires_grad=True)
    dense = minigrad.Variable(np.arange(6.0).reshape(3, 2))
    F.sum(F.sparse_matmul(sparse, dense)).backward()
    np.testing.assert_array_equal(sparse.data.grad, [5, 1, 5])
    np.testing.assert_array_equal(dense.grad, [[-1, -1], [5, 5], [0, 0]])


@pytest.mark.parametrize('kinds', ['ef', 'fe', 'fd', 'df', 'ee'])
def test_the_wider_dtype_wins(kinds):
    sparse = utils.to_coo(X.astype(kinds[0]), requires_grad=True)
    dense = minigrad.Variable(X.astype(kinds[1]))
    y = F.sparse_matmul(sparse, dense)
    assert y.dtype == np.result_type(kinds[0], kinds[1])
    y.grad = np.ones_like(y.array)
    y.backward()
    assert sparse.data.grad.dtype == kinds[0]
    assert dense.grad.dtype == kinds[1]


def test_errors():
    ones = np.ones(2)
    places = np.array([0, 1], 'i')
    with pytest.raises(ValueError, match='two positive numbers'):
        utils.CooMatrix(ones, places, places, (0, 2))
    with pytest.raises(ValueError, match='order='):
        utils.CooMatrix(ones, places, places, (2, 2), order='A')
    with pytest.raises(ValueError, match='got 1, 2 and 1'):
        utils.CooMatrix(ones, places[None], places, (2, 2))
    with pytest.raises(ValueError, match='2 or 3, got 1'):
        utils.to_coo(ones)
    with pytest.raises(ValueError, match='without a column'):
        utils.get_order(places, np.array([0, -1], 'i'))
    with pytest.raises(ValueError, match=r'\(2,\), but col has \(1,\)'):
        utils.get_order(places, places[:1])
    sparse = utils.CooMatrix(ones, places, places, (2, 2))
    for a, b in [(sparse, sparse), (np.eye(2), np.eye(2))]:
        with pytest.raises(ValueError, match='to_coo'):
            F.sparse_matmul(a, b)
    node = F.math.sparse_matmul.CooMatMul
    with pytest.raises(ValueError, match='rows and columns of one shape'):
        node(places, places[:1], (2, 2))
    with pytest.raises(ValueError, match='shape of a matrix'):
        node(places, places, (2, 2, 2))
