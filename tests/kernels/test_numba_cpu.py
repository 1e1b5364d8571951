"""The Numba kernels against the definition, over many shapes, layouts and dtypes."""

import numpy as np
import pytest

from minigrad.kernels.reference import Kernels
from minigrad.kernels.specs import ConvSpec, PoolSpec

pytest.importorskip('numba', reason='Numba is not installed')

from minigrad.configuration import using_config
from minigrad.kernels.cpu import ways, winograd
from minigrad.kernels.numba_cpu import NumbaKernels
from tests.kernels.test_optimizer_kernels import CASES, states_for

fast, reference = NumbaKernels(), Kernels(np)
DTYPES = [np.float32, np.float64]
LAYOUTS = ['contiguous', 'reversed', 'transposed', 'strided']


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def normal(rng, shape, dtype, layout='contiguous'):
    """Returns numbers in the asked memory layout."""
    if layout == 'reversed':
        return rng.standard_normal(shape).astype(dtype)[::-1]
    if layout == 'transposed':
        return rng.standard_normal(shape[::-1]).astype(dtype).T
    if layout == 'strided':
        return rng.standard_normal((*shape[:-1], 2 * shape[-1])).astype(dtype)[..., ::2]
    return rng.standard_normal(shape).astype(dtype)


def close(actual, expected, factor=1.0):
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    tolerance = (2e-5 if actual.dtype == np.float32 else 1e-12) * factor
    scale = np.abs(expected).max(initial=1)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


CONVOLUTIONS = [  # x, W, stride, pad, dilate, groups, cover_all
    ((2, 1, 9, 9), (6, 1, 5, 5), 1, 0, 1, 1, False),
    ((3, 6, 9, 8), (16, 6, 3, 3), 1, 1, 1, 1, False),
    ((2, 3, 23, 19), (9, 3, 11, 11), 4, 0, 1, 1, False),
    ((2, 3, 10, 12), (5, 3, 3, 2), (2, 3), (1, 0), 1, 1, False),
    ((2, 4, 11, 9), (6, 2, 3, 3), 1, 2, (2, 1), 2, False),
    ((2, 6, 11, 9), (6, 1, 3, 3), 2, 1, 1, 6, False),
    ((3, 5, 9, 12), (10, 1, 3, 2), (3, 2), (0, 3), (2, 1), 5, True),
    ((2, 4, 8, 8), (4, 1, 3, 3), 1, 1, 1, 4, False),
    ((2, 3, 7, 6), (3, 1, 2, 2), 3, 2, 1, 3, True),
    ((2, 2, 13, 13), (3, 2, 3, 3), 3, 4, 2, 1, True),
    ((2, 17, 5, 6), (70, 17, 1, 1), 1, 0, 1, 1, False),
    ((2, 5, 7, 7), (4, 5, 1, 1), 2, 0, 1, 1, False),
    ((1, 70, 6, 6), (3, 70, 3, 3), 1, 1, 1, 1, False),
    ((2, 3, 5, 5), (4, 3, 5, 5), 1, 4, 1, 1, False),
    ((2, 2, 4, 60), (3, 2, 3, 3), 1, 1, 1, 1, False),
    ((2, 2, 9, 9), (3, 2, 2, 2), 4, 0, 1, 1, False),
]


@pytest.mark.parametrize('way', [ways.DIRECT, ways.COLUMNS])
@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('case', CONVOLUTIONS)
def test_convolution(case, dtype, layout, way, rng):
    with ways.taking(way):
        check_convolution(case, dtype, layout, rng)


def check_convolution(case, dtype, layout, rng):
    x_shape, W_shape, *rest = case
    spec = ConvSpec.of(x_shape, W_shape, *rest)
    x, W = normal(rng, x_shape, dtype, layout), normal(rng, W_shape, dtype, layout)
    b = normal(rng, W_shape[:1], dtype)
    for bias in (None, b):
        y = reference.conv_2d(x, W, bias, spec)
        close(fast.conv_2d(x, W, bias, spec), y)
    gy = normal(rng, y.shape, dtype, layout)
    close(fast.conv_2d_grad_x(W, gy, spec), reference.conv_2d_grad_x(W, gy, spec))
    close(fast.conv_2d_grad_w(x, gy, spec), reference.conv_2d_grad_w(x, gy, spec))
    col = reference.im2col(x, spec)
    np.testing.assert_array_equal(fast.im2col(x, spec), col)
    col = normal(rng, col.shape, dtype, layout)
    close(fast.col2im(col, spec), reference.col2im(col, spec))


WINOGRAD = [  # x, W, pad
    ((5, 16, 13, 13), (32, 16, 3, 3), 1),
    ((2, 17, 27, 27), (60, 17, 5, 5), 2),
    ((4, 20, 16, 18), (16, 20, 3, 3), 0),
    ((16, 16, 8, 8), (18, 16, 3, 3), 2),
    ((3, 20, 20, 27), (16, 20, 5, 5), 0),
]


@pytest.mark.usefixtures('tiles')
@pytest.mark.parametrize('case', WINOGRAD)
def test_winograd(case, rng):
    x_shape, W_shape, pad = case
    spec = ConvSpec.of(x_shape, W_shape, 1, pad)
    assert winograd.wins(spec, x_shape[0], x_shape[1], W_shape[0])
    x, W = normal(rng, x_shape, np.float32), normal(rng, W_shape, np.float32)
    b = normal(rng, W_shape[:1], np.float32)
    wide = [array.astype(np.float64) for array in (x, W, b)]
    for bias, wide_bias in ((None, None), (b, wide[2])):
        y = reference.conv_2d(wide[0], wide[1], wide_bias, spec)
        near(fast.conv_2d(x, W, bias, spec), y)
    gy = normal(rng, y.shape, np.float32)
    wide_gy = gy.astype(np.float64)
    near(
        fast.conv_2d_grad_x(W, gy, spec),
        reference.conv_2d_grad_x(wide[1], wide_gy, spec),
    )
    near(
        fast.conv_2d_grad_w(x, gy, spec),
        reference.conv_2d_grad_w(wide[0], wide_gy, spec),
    )
    with using_config('exact_convolution', True):
        close(fast.conv_2d(x, W, b, spec), reference.conv_2d(x, W, b, spec))


def near(actual, exact):
    """Winograd's documented error: 1e-5 of the largest value."""
    assert actual.dtype == np.float32
    error = np.abs(actual - exact).max() / np.abs(exact).max()
    assert error < 1e-5


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize(
    ('m', 'k', 'n'),
    [(1, 1, 1), (5, 7, 9), (3, 300, 50), (20, 17, 100), (100, 600, 10), (1, 2000, 3)],
)
@pytest.mark.parametrize('transposed', ['', 'a', 'b', 'ab'])
def test_matmul(m, k, n, transposed, dtype, rng):
    a = normal(rng, (m, k), dtype, 'transposed' if 'a' in transposed else 'contiguous')
    b = normal(rng, (k, n), dtype, 'transposed' if 'b' in transposed else 'contiguous')
    close(fast.matmul(a, b), reference.matmul(a, b))
    strided = np.empty((m, 2 * k), dtype)[:, ::2]
    strided[:] = a
    close(fast.matmul(strided, b), reference.matmul(a, b))


def test_float16_falls_back(rng):
    x, W = normal(rng, (2, 3, 6, 6), np.float16), normal(rng, (4, 3, 3, 3), np.float16)
    spec = ConvSpec.of(x.shape, W.shape)
    assert fast.conv_2d(x, W, None, spec).dtype == np.float16


def test_empty_batch():
    x, W = np.empty((0, 3, 6, 6), 'f'), np.ones((4, 3, 3, 3), 'f')
    spec = ConvSpec.of(x.shape, W.shape)
    y = fast.conv_2d(x, W, None, spec)
    assert y.shape == (0, 4, 4, 4)
    assert fast.conv_2d_grad_x(W, y, spec).shape == x.shape
    np.testing.assert_array_equal(fast.conv_2d_grad_w(x, y, spec), np.zeros_like(W))
    pool = PoolSpec.of(x.shape, 2)
    assert fast.max_pool_2d(x, pool)[0].shape == (0, 3, 3, 3)
    assert fast.relu(x).shape == x.shape


POOLINGS = [  # x, ksize, stride, pad, cover_all
    ((2, 3, 8, 8), 2, 2, 0, False),
    ((2, 3, 13, 13), 3, 2, 0, False),
    ((2, 3, 14, 11), 3, 2, 1, True),
    ((1, 2, 9, 7), (2, 3), (1, 2), (0, 1), False),
    ((1, 2, 5, 40), (4, 5), 1, 2, False),
    ((1, 1, 5, 5), 1, 3, 0, True),
    ((1, 1, 3, 3), 2, 1, 2, False),
    ((1, 1, 2, 2), 3, 2, 1, True),
    ((1, 1, 18, 18), 17, 1, 0, False),
]


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('case', POOLINGS)
def test_pooling(case, dtype, layout, rng):
    x_shape, *rest = case
    spec = PoolSpec.of(x_shape, *rest)
    x = np.round(normal(rng, x_shape, dtype, layout) * 2) - 9  # ties
    y, arg = fast.max_pool_2d(x, spec)
    expected, expected_arg = reference.max_pool_2d(x, spec)
    np.testing.assert_array_equal(y, expected)
    indices = reference.max_pool_2d_indices(expected_arg, spec)
    np.testing.assert_array_equal(fast.max_pool_2d_indices(arg, spec), indices)
    gy = normal(rng, y.shape, dtype, layout)
    close(
        fast.max_pool_2d_scatter(gy, arg, spec),
        reference.max_pool_2d_scatter(gy, expected_arg, spec),
    )
    np.testing.assert_array_equal(
        fast.max_pool_2d_gather(x, arg, spec),
        reference.max_pool_2d_gather(x, expected_arg, spec),
    )
    for count_pad in (True, False):
        average = spec._replace(count_pad=count_pad)
        close(fast.average_pool_2d(x, average), reference.average_pool_2d(x, average))
        close(
            fast.average_pool_2d_grad(gy, average),
            reference.average_pool_2d_grad(gy, average),
        )


@pytest.mark.parametrize('place', [0, 1, 2, 3])
@pytest.mark.parametrize('size', [(5, 5), (5, 4), (4, 5)])
def test_places_outside_of_the_image_get_nothing(size, place):
    # As upsampling with the places of a larger image may ask for.
    spec = PoolSpec.of((1, 2, *size), 2, 2, 0, True)
    shape = (1, 2, spec.oh, spec.ow)
    arg = np.full(shape, place, np.uint8)
    gy = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(
        fast.max_pool_2d_scatter(gy, arg, spec),
        reference.max_pool_2d_scatter(gy, arg, spec),
    )


def test_max_pooling_propagates_nan(rng):
    x = normal(rng, (1, 2, 13, 13), np.float32)
    x.ravel()[rng.integers(0, x.size, 30)] = np.nan
    x.ravel()[rng.integers(0, x.size, 30)] = -np.inf
    for ksize, stride in [(3, 2), (2, 2), (3, 1)]:
        spec = PoolSpec.of(x.shape, ksize, stride, 1, True)
        y, arg = fast.max_pool_2d(x, spec)
        expected, expected_arg = reference.max_pool_2d(x, spec)
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(arg, expected_arg)


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('beta', [0.75, 0.5, 0.3])
@pytest.mark.parametrize('shape', [(2, 7, 3, 4), (3, 2), (2, 6, 20, 20)])
def test_lrn(shape, beta, dtype, layout, rng):
    x, gy = normal(rng, shape, dtype, layout), normal(rng, shape, dtype, layout)
    args = (5, 2, 1e-1, beta)
    y, scale = fast.lrn(x, *args)
    expected = reference.lrn(x, *args)
    close(y, expected[0])
    close(scale, expected[1])
    close(
        fast.lrn_grad(x, y, scale, gy, *args),
        reference.lrn_grad(x, *expected, gy, *args),
    )


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize(
    ('shape', 'axis'),
    [
        ((9, 5), (0,)),
        ((4, 3, 6, 5), (0, 2, 3)),
        ((4, 3, 6, 5), (0, 3)),
        ((4, 3, 5), (0, 2)),
    ],
)
def test_batch_norm(shape, axis, dtype, layout, rng):
    x, gy = normal(rng, shape, dtype, layout) + 3, normal(rng, shape, dtype, layout)
    key = [size for i, size in enumerate(shape) if i not in axis]
    gamma, beta = normal(rng, key, dtype), normal(rng, key, dtype)
    actual = fast.batch_norm(x, gamma, beta, 2e-5, axis)
    expected = reference.batch_norm(x, gamma, beta, 2e-5, axis)
    for a, e in zip(actual, expected, strict=True):
        close(a, e)
    actual = fast.batch_norm_grad(x, gamma, gy, *actual[1:], axis)
    expected = reference.batch_norm_grad(x, gamma, gy, *expected[1:], axis)
    for a, e in zip(actual, expected, strict=True):
        close(a, e, 4)


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('shape', [(3, 5, 7, 6), (2, 4), (4, 3, 50), (0, 3, 2, 2)])
def test_sum_channels(shape, dtype, layout, rng):
    gy = normal(rng, shape, dtype, layout)
    close(fast.sum_channels(gy), reference.sum_channels(gy))


def test_batch_norm_of_a_shifted_channel(rng):
    x = (normal(rng, (8, 2, 9, 9), np.float32) + 1000).astype(np.float32)
    one, zero = np.ones(2, 'f'), np.zeros(2, 'f')
    _, mean, inv_std = fast.batch_norm(x, one, zero, 0.0, (0, 2, 3))
    wide = x.astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(inv_std, wide.std((0, 2, 3)) ** -1, rtol=1e-5)


@pytest.mark.parametrize('shape', [(8, 3), (8, 3, 2), (64, 2)])
def test_batch_norm_where_the_mean_lies_between_two_numbers(shape):
    # 1e6 and the next float32: the mean cannot be written, and the rest counts.
    x = np.full(shape, 1e6, np.float32)
    x[::2] = np.nextafter(x[::2], np.float32(np.inf))
    one, zero = np.ones(shape[1], 'f'), np.zeros(shape[1], 'f')
    axis = (0, *range(2, len(shape)))
    y, _, inv_std = fast.batch_norm(x, one, zero, 0.0, axis)
    np.testing.assert_allclose(inv_std, 1 / 0.03125, 1e-6)
    np.testing.assert_allclose(abs(y), 1, 1e-6)


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('label_dtype', [np.int32, np.int64])
@pytest.mark.parametrize('shape', [(7, 5), (1, 1), (33, 100), (2, 3, 4)])
def test_softmax_cross_entropy(shape, label_dtype, dtype, layout, rng):
    x = normal(rng, shape, dtype, layout) * 10
    t = rng.integers(-1, shape[1], (shape[0], *shape[2:])).astype(label_dtype)
    loss, log_y = fast.softmax_cross_entropy(x, t, -1)
    expected = reference.softmax_cross_entropy(x, t, -1)
    close(loss, expected[0])
    close(log_y, expected[1])
    for coeff in (0.25, np.array(0.5), normal(rng, t.shape, dtype)):
        close(
            fast.softmax_cross_entropy_grad(log_y, t, coeff, -1),
            reference.softmax_cross_entropy_grad(log_y, t, coeff, -1),
        )


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('shape', [(), (5,), (3, 70), (2, 3, 4, 5)])
def test_relu_and_dropout(shape, dtype, layout, rng):
    if not shape:
        layout = 'contiguous'
    x, gy = normal(rng, shape, dtype, layout), normal(rng, shape, dtype, layout)
    x, gy = np.asarray(x), np.asarray(gy)
    y = fast.relu(x)
    np.testing.assert_array_equal(y, reference.relu(x))
    np.testing.assert_array_equal(fast.relu_grad(y, gy), reference.relu_grad(y, gy))
    u = rng.random(shape)
    for a, e in zip(
        fast.dropout(x, np.asarray(u), 0.3), reference.dropout(x, u, 0.3), strict=True
    ):
        assert a.dtype == dtype
        np.testing.assert_array_equal(a, e)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('classes', [15, 16, 17, 32, 33, 50])
def test_the_largest_score_is_found_wherever_it_stands(classes, dtype):
    # exp overflows for all but the largest.
    for place in range(classes):
        x = np.zeros((1, classes), dtype)
        x[0, place] = 2000
        t = np.full(1, (place + 1) % classes, np.int32)
        loss, log_y = fast.softmax_cross_entropy(x, t, -1)
        assert loss == [2000]
        assert log_y[0, place] == 0


def test_relu_keeps_nan():
    x = np.array([np.nan, -0.0, -np.inf, np.inf], np.float32)
    np.testing.assert_array_equal(fast.relu(x), [np.nan, 0, 0, np.inf])


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('mode', ['bilinear', 'nearest'])
@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('size', [(1, 1), (3, 9), (4, 5), (8, 2)])
def test_resize(size, align_corners, mode, dtype, rng):
    x = normal(rng, (2, 3, 4, 5), dtype, 'transposed')
    y = reference.resize(x, size, mode, align_corners)
    close(fast.resize(x, size, mode, align_corners), y)
    gy = normal(rng, y.shape, dtype)
    close(
        fast.resize_grad(gy, (4, 5), mode, align_corners),
        reference.resize_grad(gy, (4, 5), mode, align_corners),
    )


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('layout', ['contiguous', 'transposed'])
@pytest.mark.parametrize(('formula', 'number', 'hyperparameters'), CASES)
def test_optimizers(formula, number, hyperparameters, layout, dtype, rng):
    name, shape = formula.__name__, (3, 25)
    param = normal(rng, shape, dtype)
    grad = normal(rng, shape, dtype, layout)
    states = states_for(name, number, rng, shape)
    arrays = [param, *[state.astype(dtype) for state in states]]
    copies = [array.copy() for array in arrays]
    for _ in range(3):
        fast.update(name, arrays[0], grad, *arrays[1:], **hyperparameters)
        reference.update(name, copies[0], grad, *copies[1:], **hyperparameters)
    for a, e in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(a, e)


@pytest.mark.parametrize('kernels', [fast, reference], ids=['fast', 'reference'])
@pytest.mark.parametrize('width', [(), (2,), (3, 70)])
def test_add_rows_adds_to_what_is_there(kernels, width):
    total = np.ones((3, *width))
    kernels.add_rows(total, np.array([[0, 2], [0, -3]]), np.ones((2, 2, *width)))
    np.testing.assert_array_equal(total.reshape(3, -1)[:, 0], [4, 1, 2])
    kernels.add_rows(total, np.array([1, 1]), 2.0)
    np.testing.assert_array_equal(total.reshape(3, -1)[:, -1], [4, 5, 2])
    kernels.add_rows(total, np.empty(0, int), np.empty((0, *width)))
    with pytest.raises(IndexError, match='3 is out of bounds'):
        kernels.add_rows(total, np.array([3]), np.ones((1, *width)))


@pytest.mark.parametrize('dtype', DTYPES)
def test_choices_by_a_mask(dtype, rng):
    x, y = normal(rng, (40, 50), dtype), normal(rng, (40, 50), dtype, 'transposed')
    x[0, :3] = np.inf, -np.inf, np.nan
    mask = rng.random((40, 50)) < 0.5
    mask[0, :3] = False
    np.testing.assert_array_equal(fast.where(mask, x, y), np.where(mask, x, y))
    np.testing.assert_array_equal(fast.masked(x, mask), np.where(mask, x, 0))
    np.testing.assert_array_equal(reference.masked(x, mask), np.where(mask, x, 0))
    np.testing.assert_array_equal(fast.where(True, x, y), x)
    column = mask[:, :1]
    np.testing.assert_array_equal(
        fast.masked(x[1:], column[1:]), np.where(column[1:], x[1:], 0)
    )


@pytest.mark.parametrize('axis', [0, 1, 2, -1])
@pytest.mark.parametrize('shape', [(9, 5, 6), (1, 7, 1), (3, 1, 600), (5, 300, 2)])
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('layout', LAYOUTS)
def test_running_sums_and_products(axis, shape, dtype, layout, rng):
    x, gy = normal(rng, shape, dtype, layout), normal(rng, shape, dtype, layout)
    x[0, 0, 0] = 0
    for product in (False, True):
        for backwards in (False, True):
            y = fast.cumulate(x, axis, product, backwards)
            # In the order of NumPy, so equal.
            assert np.array_equal(y, reference.cumulate(x, axis, product, backwards))
    close(fast.cumprod_grad(x, gy, axis), reference.cumprod_grad(x, gy, axis))
    y = fast.prod(x, axis)
    close(y, reference.prod(x, axis))
    close(fast.prod_grad(x, y + 1, axis), reference.prod_grad(x, y + 1, axis))
