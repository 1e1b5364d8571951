"""Derivatives of the third order: families of functions close under differentiation."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad import gradient_check

LABELS = np.array([[1, 0, -1], [2, 2, 1]], 'i')

CASES = {
    'linear': (F.linear, [(3, 4), (5, 4), (5,)]),
    'bilinear': (F.bilinear, [(3, 4), (3, 2), (4, 2, 5), (4, 5), (2, 5), (5,)]),
    'embed_id': (lambda W: F.embed_id(LABELS, W, ignore_label=-1), [(3, 2)]),
    'convolution': (
        lambda x, W, b: F.convolution_2d(x, W, b, stride=2, pad=1),
        [(2, 2, 5, 4), (3, 2, 3, 3), (3,)],
    ),
    'convolution that covers all': (
        lambda x, W: F.convolution_2d(x, W, stride=3, cover_all=True),
        [(2, 2, 6, 7), (3, 2, 2, 3)],
    ),
    'dilated convolution in groups': (
        lambda x, W: F.convolution_2d(x, W, dilate=2, groups=2),
        [(2, 4, 5, 6), (2, 2, 2, 2)],
    ),
    'deconvolution': (
        lambda x, W, b: F.deconvolution_2d(x, W, b, stride=2, pad=1, outsize=(6, 5)),
        [(2, 3, 3, 3), (3, 2, 3, 3), (2,)],
    ),
    'depthwise convolution': (
        F.depthwise_convolution_2d,
        [(2, 2, 4, 4), (2, 2, 3, 2), (4,)],
    ),
    'average pooling': (
        lambda x: F.average_pooling_2d(x, 3, stride=2, pad=1),
        [(2, 2, 5, 4)],
    ),
    'unpooling': (lambda x: F.unpooling_2d(x, 3, stride=2, pad=1), [(2, 2, 3, 3)]),
    'max pooling': (lambda x: F.max_pooling_2d(x, 3, stride=2), [(2, 2, 5, 4)]),
    'batch normalization': (
        lambda x, gamma, beta: F.batch_normalization(x, gamma, beta, eps=0.1),
        [(4, 3, 2), (3,), (3,)],
    ),
    'fixed batch normalization': (
        lambda x, gamma, beta, mean, var: F.fixed_batch_normalization(
            x, gamma, beta, mean, var * var, eps=0.5
        ),
        [(4, 3), (3,), (3,), (3,), (3,)],
    ),
    'layer normalization': (
        lambda x, gamma, beta: F.layer_normalization(x, gamma, beta, eps=0.1),
        [(3, 4), (4,), (4,)],
    ),
    'group normalization': (
        lambda x, gamma, beta: F.group_normalization(x, 2, gamma, beta, eps=0.1),
        [(2, 4, 2), (4,), (4,)],
    ),
    'local response normalization': (
        lambda x: F.local_response_normalization(x, 3, 1.5, 0.3, 0.75),
        [(2, 5, 2)],
    ),
    'normalize': (lambda x: F.normalize(x, 0.1), [(3, 4)]),
}


@pytest.mark.parametrize('name', CASES)
def test_third_order(name, rng):
    function, shapes = CASES[name]
    xs = tuple(rng.standard_normal(shape) for shape in shapes)

    def first_order(*inputs):
        y = function(*inputs)
        return tuple(
            minigrad.grad([F.sum(y * y * y)], inputs, enable_double_backprop=True)
        )

    gys = tuple(rng.standard_normal(x.shape) for x in xs)
    ggxs = tuple(rng.standard_normal(x.shape) for x in xs)
    gradient_check.check_double_backward(
        first_order, xs, gys, ggxs, eps=1e-5, atol=1e-5, rtol=1e-4, dtype='d'
    )
