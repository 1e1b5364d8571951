"""The reference kernels against loops over single elements, and adjointness."""

import numpy as np
import pytest

from minigrad.kernels.reference import Kernels
from minigrad.kernels.specs import ConvSpec, PoolSpec
from tests.kernels import oracles

k = Kernels(np)

CONVOLUTIONS = [  # x, W, stride, pad, dilate, groups, cover_all
    ((2, 3, 7, 6), (4, 3, 3, 3), (1, 1), (0, 0), (1, 1), 1, False),
    ((2, 3, 7, 6), (4, 3, 3, 2), (2, 1), (1, 0), (1, 1), 1, False),
    ((1, 4, 8, 7), (6, 2, 3, 3), (1, 2), (2, 1), (2, 1), 2, False),
    ((2, 2, 5, 5), (2, 1, 1, 1), (3, 3), (0, 0), (1, 1), 2, False),
    ((1, 1, 6, 6), (1, 1, 3, 3), (2, 2), (0, 0), (1, 1), 1, True),
]

POOLINGS = [  # x, ksize, stride, pad, cover_all
    ((2, 3, 6, 6), 2, 2, 0, False),
    ((2, 3, 7, 6), 3, 2, 1, True),
    ((1, 2, 5, 7), (2, 3), (1, 2), (0, 1), False),
    ((1, 1, 5, 5), 1, 3, 0, True),  # the last window lies outside
    ((1, 1, 3, 3), 2, 1, 2, False),  # so do those in the corners
]


def normal(rng, shape, dtype=np.float64):
    return rng.standard_normal(shape).astype(dtype)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize('case', CONVOLUTIONS)
def test_convolution(case, rng):
    x_shape, W_shape, stride, pad, dilate, groups, cover_all = case
    spec = ConvSpec.of(x_shape, W_shape, stride, pad, dilate, groups, cover_all)
    x, W, b = normal(rng, x_shape), normal(rng, W_shape), normal(rng, W_shape[:1])
    y = k.conv_2d(x, W, b, spec)
    out = (spec.oh, spec.ow)
    expected = oracles.conv_2d(x, W, b, stride, pad, dilate, groups, out)
    np.testing.assert_allclose(y, expected, atol=1e-12)
    # The gradients are the adjoints of the two linear maps.
    gy = normal(rng, y.shape)
    y0 = k.conv_2d(x, W, None, spec)
    np.testing.assert_allclose(
        (y0 * gy).sum(), (k.conv_2d_grad_x(W, gy, spec) * x).sum()
    )
    np.testing.assert_allclose(
        (y0 * gy).sum(), (k.conv_2d_grad_w(x, gy, spec) * W).sum()
    )
    col = k.im2col(x, spec)
    g = normal(rng, col.shape)
    np.testing.assert_allclose((col * g).sum(), (k.col2im(g, spec) * x).sum())


def test_float16_sums_in_float32(rng):
    x, W = np.ones((1, 4096, 1, 1), np.float16), np.ones((1, 4096, 1, 1), np.float16)
    spec = ConvSpec.of(x.shape, W.shape)
    y = k.conv_2d(x, W, None, spec)
    assert y.dtype == np.float16
    assert y.item() == 4096


@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
@pytest.mark.parametrize('case', POOLINGS)
def test_max_pooling(case, dtype, rng):
    x_shape, ksize, stride, pad, cover_all = case
    spec = PoolSpec.of(x_shape, ksize, stride, pad, cover_all)
    x = rng.integers(0, 5, x_shape).astype(dtype)  # many ties: the first counts
    x -= 9  # padding must not win against negative numbers
    y, arg = k.max_pool_2d(x, spec)
    expected, places = oracles.max_pool_2d(x, spec)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, expected)
    gy = rng.integers(1, 9, y.shape).astype(dtype)
    expected = np.zeros(x_shape)
    for out, place in places.items():
        expected[place] += gy[out]
    np.testing.assert_array_equal(k.max_pool_2d_scatter(gy, arg, spec), expected)
    gathered = k.max_pool_2d_gather(x, arg, spec)
    for out, place in places.items():
        assert gathered[out] == x[place]
    again = k.max_pool_2d_arg(k.max_pool_2d_indices(arg, spec), spec)
    np.testing.assert_array_equal(k.max_pool_2d_scatter(gy, again, spec), expected)


def test_max_pooling_propagates_nan():
    x = np.array([[[[1, np.nan], [np.nan, 9]]]])
    spec = PoolSpec.of(x.shape, 2)
    y, arg = k.max_pool_2d(x, spec)
    assert np.isnan(y).all()
    gx = k.max_pool_2d_scatter(np.ones_like(y), arg, spec)
    np.testing.assert_array_equal(gx[0, 0], [[0, 1], [0, 0]])


def test_max_pooling_of_minus_infinity_stays_inside():
    x = np.full((1, 1, 2, 2), -np.inf)
    spec = PoolSpec.of(x.shape, 2, 1, 1)
    y, arg = k.max_pool_2d(x, spec)
    gx = k.max_pool_2d_scatter(np.ones_like(y), arg, spec)
    assert gx.sum() == y.size


@pytest.mark.parametrize('count_pad', [True, False])
@pytest.mark.parametrize('case', POOLINGS)
def test_average_pooling(case, count_pad, rng):
    x_shape, ksize, stride, pad, cover_all = case
    spec = PoolSpec.of(x_shape, ksize, stride, pad, cover_all, count_pad=count_pad)
    x = normal(rng, x_shape)
    y = k.average_pool_2d(x, spec)
    np.testing.assert_allclose(y, oracles.average_pool_2d(x, spec), atol=1e-12)
    gy = normal(rng, y.shape)
    np.testing.assert_allclose(
        (y * gy).sum(), (k.average_pool_2d_grad(gy, spec) * x).sum()
    )


@pytest.mark.parametrize('n', [1, 4, 5])
def test_lrn(n, rng):
    x = normal(rng, (2, 7, 3, 2))
    args = (n, 2.0, 0.3, 0.75)
    y, scale = k.lrn(x, *args)
    np.testing.assert_allclose(y, oracles.lrn(x, *args))
    gy, d = normal(rng, x.shape), normal(rng, x.shape)
    gx = k.lrn_grad(x, y, scale, gy, *args)
    check_directional(lambda z: k.lrn(z, *args)[0], x, d, gy, gx)


def check_directional(f, x, d, gy, gx, eps=1e-6):
    """Compares the derivative along d with central differences."""
    numeric = ((f(x + eps * d) - f(x - eps * d)) / (2 * eps) * gy).sum()
    np.testing.assert_allclose((gx * d).sum(), numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ('shape', 'axis'),
    [
        ((6, 3), (0,)),
        ((4, 3, 2, 5), (0, 2, 3)),
        ((4, 3, 2, 5), (0,)),
        ((4, 3, 5), (1,)),
    ],
)
def test_batch_norm(shape, axis, rng):
    x = normal(rng, shape)
    key = [size for i, size in enumerate(shape) if i not in axis]
    expand = [1 if i in axis else size for i, size in enumerate(shape)]
    gamma, beta = normal(rng, key), normal(rng, key)
    y, mean, inv_std = k.batch_norm(x, gamma, beta, 1e-3, axis)
    np.testing.assert_allclose(mean, x.mean(axis))
    np.testing.assert_allclose(inv_std, (x.var(axis) + 1e-3) ** -0.5)
    x_hat = (x - mean.reshape(expand)) * inv_std.reshape(expand)
    np.testing.assert_allclose(y, x_hat * gamma.reshape(expand) + beta.reshape(expand))
    gy = normal(rng, shape)
    gx, ggamma, gbeta = k.batch_norm_grad(x, gamma, gy, mean, inv_std, axis)

    def f(x=x, gamma=gamma, beta=beta):
        return k.batch_norm(x, gamma, beta, 1e-3, axis)[0]

    check_directional(f, x, normal(rng, shape), gy, gx)
    check_directional(lambda g: f(gamma=g), gamma, normal(rng, key), gy, ggamma)
    check_directional(lambda b: f(beta=b), beta, normal(rng, key), gy, gbeta)


def test_softmax_cross_entropy(rng):
    x, t = normal(rng, (6, 4)) * 50, np.array([0, 3, -1, 2, 2, 1])
    loss, log_y = k.softmax_cross_entropy(x, t, -1)
    np.testing.assert_allclose(loss, oracles.softmax_cross_entropy(x, t, -1), atol=1e-9)
    coeff = normal(rng, t.shape)
    gx = k.softmax_cross_entropy_grad(log_y, t, coeff, -1)

    def f(z):
        return k.softmax_cross_entropy(z, t, -1)[0]

    check_directional(f, x, normal(rng, x.shape), coeff, gx)
    np.testing.assert_allclose(
        k.softmax_cross_entropy_grad(log_y, t, 0.5, -1)[2], 0, atol=0
    )


def test_softmax_cross_entropy_of_images(rng):
    x, t = normal(rng, (2, 3, 4, 5)), rng.integers(-1, 3, (2, 4, 5))
    loss, log_y = k.softmax_cross_entropy(x, t, -1)
    flat = x.transpose(0, 2, 3, 1).reshape(-1, 3)
    expected = oracles.softmax_cross_entropy(flat, t.ravel(), -1)
    np.testing.assert_allclose(loss.ravel(), expected)
    coeff = normal(rng, t.shape)
    gx = k.softmax_cross_entropy_grad(log_y, t, coeff, -1)
    assert gx.shape == x.shape
    np.testing.assert_allclose(gx.sum(axis=1), 0, atol=1e-12)


def test_relu_and_dropout():
    x = np.array([-1, 0, 2, np.nan], np.float32)
    np.testing.assert_array_equal(k.relu(x), [0, 0, 2, np.nan])
    y = k.relu(x[:3])
    np.testing.assert_array_equal(k.relu_grad(y, np.array([3, 4, 5.0])), [0, 0, 5])
    u = np.array([0.1, 0.5, 0.9])
    y, mask = k.dropout(np.array([1, 2, 3], np.float32), u, 0.5)
    np.testing.assert_array_equal(mask, [0, 2, 2])
    np.testing.assert_array_equal(y, [0, 4, 6])
    assert y.dtype == mask.dtype == np.float32


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('size', [(1, 1), (3, 9), (4, 5), (8, 2)])
def test_resize(size, align_corners, rng):
    x = normal(rng, (2, 3, 4, 5))
    y = k.resize(x, size, 'bilinear', align_corners)
    np.testing.assert_allclose(y, oracles.resize(x, size, align_corners), atol=1e-12)
    gy = normal(rng, y.shape)
    gx = k.resize_grad(gy, (4, 5), 'bilinear', align_corners)
    np.testing.assert_allclose((y * gy).sum(), (gx * x).sum())


def test_resize_nearest(rng):
    x = normal(rng, (1, 1, 2, 3))
    y = k.resize(x, (4, 6), 'nearest')
    np.testing.assert_array_equal(y, x.repeat(2, axis=2).repeat(2, axis=3))
    gx = k.resize_grad(np.ones_like(y), (2, 3), 'nearest')
    np.testing.assert_array_equal(gx, np.full(x.shape, 4))
