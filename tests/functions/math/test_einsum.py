"""The ways to write an einsum; what it computes is in the table."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F


@pytest.fixture
def operands(rng):
    return rng.random((3, 4)), rng.random((3, 5)), rng.random((4, 5, 6))


@pytest.mark.parametrize(
    'subscripts',
    ['ij,ik,jkl->il', ' ij , ik , jkl -> il ', '...j,...k,jkl->...l', '...j,...k,jkl'],
)
def test_subscripts(operands, subscripts):
    expected = np.einsum('ij,ik,jkl->il', *operands)
    np.testing.assert_allclose(F.einsum(subscripts, *operands).array, expected)


def test_letters_that_appear_twice_are_summed_over(operands):
    expected = np.einsum('ij,ik,jkl->l', *operands)
    np.testing.assert_allclose(F.einsum('ij,ik,jkl', *operands).array, expected)


def test_lists_of_axes(operands):
    x, y, W = operands
    expected = np.einsum('ij,ik,jkl->il', *operands)
    result = F.einsum(x, [0, 1], y, [0, 2], W, [1, 2, 3], [0, 3])
    np.testing.assert_allclose(result.array, expected)
    result = F.einsum(x, [..., 1], y, [..., 2], W, [1, 2, 3])
    np.testing.assert_allclose(result.array, expected)
    with pytest.raises(TypeError, match='must hold ints and Ellipsis'):
        F.einsum(x, ['i', 'j'])


def test_ellipsis_of_several_axes(rng):
    x, y = rng.random((2, 3, 4, 5)), rng.random((2, 3, 5, 6))
    result = F.einsum('...ij,...jk->...ik', x, y)
    np.testing.assert_allclose(result.array, x @ y)
    result = F.einsum('i...->...', x)
    np.testing.assert_allclose(result.array, x.sum(axis=0))


def test_ellipsis_without_axes():
    x = np.arange(3.0)
    assert F.einsum('...i->', x).array == 3


def test_ellipsis_does_not_broadcast():
    with pytest.raises(minigrad.errors.InvalidType, match='einsum: expected one'):
        F.einsum('...i,...i->...', np.ones((2, 3)), np.ones((1, 3)))


def test_dtypes_promote_and_gradients_do_not(rng):
    x = minigrad.Variable(rng.random((2, 3)).astype('f'))
    y = minigrad.Variable(rng.random((3, 2)))
    z = F.einsum('ij,jk->', x, y)
    assert z.dtype == np.float64
    z.backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)


def test_no_operands():
    with pytest.raises(ValueError, match='no operands'):
        F.einsum()


def test_axis_numbers_keep_their_order():
    x = np.arange(6.0).reshape(2, 3)
    assert F.einsum(x, [30, 2]).shape == (3, 2)
    assert F.einsum(x, [2, 30]).shape == (2, 3)
