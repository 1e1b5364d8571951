"""What the table of operations cannot say about pooling."""

import inspect

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.kernels import using_kernels

KERNELS = ['reference', 'numba']
nan = np.nan


def image(rows, dtype='f'):
    return np.array(rows, dtype)[None, None]


def test_signatures_are_chainers():
    assert list(inspect.signature(F.max_pooling_2d).parameters) == [
        *('x', 'ksize', 'stride', 'pad', 'cover_all', 'return_indices')
    ]
    assert list(inspect.signature(F.unpooling_2d).parameters) == [
        *('x', 'ksize', 'stride', 'pad', 'outsize', 'cover_all')
    ]
    assert list(inspect.signature(F.upsampling_2d).parameters) == [
        *('x', 'indexes', 'ksize', 'stride', 'pad', 'outsize', 'cover_all')
    ]
    assert list(inspect.signature(F.average_pooling_2d).parameters) == [
        *('x', 'ksize', 'stride', 'pad')
    ]


def test_max_pooling_covers_all_by_default_and_average_pooling_does_not():
    x = np.zeros((1, 1, 5, 7), 'f')
    assert F.max_pooling_2d(x, 2).shape == (1, 1, 3, 4)
    assert F.max_pooling_2d(x, 2, cover_all=False).shape == (1, 1, 2, 3)
    assert F.average_pooling_2d(x, 2).shape == (1, 1, 2, 3)


@pytest.mark.parametrize('kernels', KERNELS)
@pytest.mark.parametrize('dtype', 'efd')
def test_the_gradient_goes_to_the_first_of_equal_maxima(kernels, dtype):
    x = minigrad.Variable(image([[1, 2, 0], [2, 2, 2], [0, 0, 0]], dtype))
    with using_kernels(kernels):
        y = F.max_pooling_2d(x, 2, stride=1, cover_all=False)
        y.grad = image([[1, 10], [100, 1000]], dtype)
        y.backward()
    np.testing.assert_array_equal(x.grad[0, 0], [[0, 11, 0], [100, 1000, 0], [0, 0, 0]])


@pytest.mark.parametrize('kernels', KERNELS)
def test_padding_never_wins(kernels):
    x = minigrad.Variable(image([[-5, -4], [-3, -np.inf]]))
    with using_kernels(kernels):
        y = F.max_pooling_2d(x, 2, stride=2, pad=1)
        y.grad = np.ones(y.shape, 'f')
        y.backward()
    np.testing.assert_array_equal(y.array[0, 0], [[-5, -4], [-3, -np.inf]])
    np.testing.assert_array_equal(x.grad, np.ones(x.shape))


@pytest.mark.parametrize('kernels', KERNELS)
def test_nan_is_seen(kernels):
    with using_kernels(kernels):
        y = F.max_pooling_2d(image([[1, nan, 3, 4], [5, 6, 7, 8]]), 2)
    np.testing.assert_array_equal(y.array[0, 0], [[nan, 8]])


@pytest.mark.parametrize('kernels', KERNELS)
def test_indices_say_where_in_its_window_a_maximum_is(kernels):
    x = image([[1, 2, 9], [3, 0, 4], [5, 6, 7]])
    with using_kernels(kernels):
        y, indices = F.max_pooling_2d(x, 2, return_indices=True)
        back = F.upsampling_2d(y, indices, 2, outsize=(3, 3))
    assert indices.dtype.kind == 'i'
    # The windows of the last column are cut at the edge; indices count whole windows.
    np.testing.assert_array_equal(indices[0, 0], [[2, 0], [1, 0]])
    np.testing.assert_array_equal(back.array[0, 0], [[0, 0, 9], [3, 0, 0], [0, 6, 7]])


def test_global_average_pooling(rng):
    x = rng.standard_normal((2, 3, 4, 5)).astype('f')
    y = F.average_pooling_2d(x, x.shape[2:])
    np.testing.assert_allclose(y.array[:, :, 0, 0], x.mean(axis=(2, 3)), rtol=1e-4)


def test_graphs_show_the_name_that_chainers_show():
    x = minigrad.Variable(np.zeros((1, 1, 4, 4), 'f'))
    assert F.max_pooling_2d(x, 2).creator.label == 'MaxPoolingND'
    assert F.average_pooling_2d(x, 2).creator.label == 'AveragePooling2D'


@pytest.mark.parametrize('function', [F.max_pooling_2d, F.average_pooling_2d])
def test_nodes_on_images_have_the_numbers_that_chainers_have(function):
    node = function(np.ones((1, 1, 9, 8), 'f'), (3, 2), (2, 1), (1, 0)).creator
    assert (node.kh, node.kw, node.sy, node.sx, node.ph, node.pw) == (3, 2, 2, 1, 1, 0)
    assert (node.ksize, node.stride, node.pad) == ((3, 2), (2, 1), (1, 0))
    assert node.cover_all is (function is F.max_pooling_2d)


def test_images_are_the_other_nodes_with_another_spec():
    nodes = minigrad.functions.pooling
    for name, two in (
        ('MaxPoolingND', nodes.max_pooling_2d.MaxPooling2D),
        ('AveragePoolingND', nodes.average_pooling_2d.AveragePooling2D),
        ('UnpoolingND', nodes.unpooling_2d.Unpooling2D),
    ):
        assert name in [base.__name__ for base in two.__mro__]
        assert not {'forward', 'backward'} & vars(two).keys()


@pytest.mark.parametrize('kernels', KERNELS)
@pytest.mark.parametrize(
    ('ksize', 'stride', 'pad', 'expected', 'gradient'),
    [
        (1, 3, 0, [1, 0], [1, 0, 0]),  # the second window begins behind the end
        (1, 1, 1, [0, 1, 2, 3, 0], [1, 1, 1]),  # two windows hold padding alone
        (2, 4, 3, [0, 3, 0], [0, 0, 1]),
        (2, 2, 1, [1, 3, 0], [1, 0, 1]),
    ],
)
def test_windows_wholly_outside_give_zero(
    ksize, stride, pad, expected, gradient, kernels
):
    data = np.array([1, 2, 3], 'f')
    with using_kernels(kernels):
        for x, function in (
            (data.reshape(1, 1, 3), F.max_pooling_1d),
            (data.reshape(1, 1, 1, 3), F.max_pooling_2d),
            (data.reshape(1, 1, 1, 1, 3), F.max_pooling_3d),
        ):
            x = minigrad.Variable(x)
            wide = [1] * (x.ndim - 3)
            y = function(
                x, (*wide, ksize), (*wide, stride), (*[0] * len(wide), pad), True
            )
            assert y.array.ravel().tolist() == expected
            (gx,) = minigrad.grad([y], [x], [minigrad.Variable(np.ones_like(y.array))])
            assert gx.array.ravel().tolist() == gradient
