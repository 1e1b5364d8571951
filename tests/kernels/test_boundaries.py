"""Sizes just below, at and above each place where a kernel computes in another way.

Where work is shared among threads, the least share is made tiny, so that small arrays
meet every cut: fewer items than threads, as many, one more.
"""

import itertools

import numpy as np
import pytest

pytest.importorskip('numba', reason='Numba is not installed')

from minigrad.functions.activation import leaky_relu
from minigrad.functions.normalization import group_normalization
from minigrad.kernels import threads
from minigrad.kernels.cpu import fused, gemm, rows, team, winograd
from minigrad.kernels.cpu import ways as convolutions
from minigrad.kernels.cpu.jit import INTERPRETED
from minigrad.kernels.cpu.vectors import COLUMNS, DOT_COLUMNS, DOT_ROWS, LANES, ROWS
from minigrad.kernels.numba_cpu import GRAIN_BYTES, SMALL_BYTES, TINY, NumbaKernels
from minigrad.kernels.reference import Kernels
from minigrad.kernels.specs import ConvSpec, PoolSpec
from tests.kernels.test_numba_cpu import close, near, normal

fast, reference = NumbaKernels(), Kernels(np)
ITEMS = (1, 2, 3, 4, 7, 8, 9, 13)
N_THREADS = (1, 2, 3, 7)


def around(*places):
    return sorted({n for place in places for n in (place - 1, place, place + 1)} - {0})


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def cuts(monkeypatch):
    """Makes every item worth a thread; returns the cuts that kernels were given."""
    from minigrad.kernels import numba_cpu

    monkeypatch.setattr(numba_cpu, 'GRAIN_BYTES', 16)  # dropout's four arrays
    monkeypatch.setattr(numba_cpu, 'GRAIN_PRODUCTS', 1)
    monkeypatch.setattr(fused, 'GRAIN_BYTES', 1)
    seen = []

    def note(*args):
        cut = team.share(*args)
        seen.append(cut)
        return cut

    for module in (numba_cpu, fused, rows, winograd):
        monkeypatch.setattr(module, 'share', note)
    before = threads.get_num_threads()
    yield seen
    threads.set_num_threads(before)


def arrays(rng, *shapes):
    return [normal(rng, shape, np.float32) for shape in shapes]


def convolution(kernels, rng, n):
    x, W, b = arrays(rng, (n, 2, 7, 6), (4, 2, 3, 3), (4,))
    spec = ConvSpec.of(x.shape, W.shape, 1, 1)
    gy = normal(rng, (n, 4, 7, 6), np.float32)
    yield kernels.conv_2d(x, W, b, spec)
    yield kernels.conv_2d_grad_x(W, gy, spec)
    yield kernels.conv_2d_grad_w(x, gy, spec)
    yield kernels.sum_channels(gy)
    yield kernels.im2col(x, spec)
    yield kernels.col2im(kernels.im2col(x, spec), spec)


def strided_convolution(kernels, rng, n):
    x, W = arrays(rng, (n, 4, 7, 6), (4, 2, 3, 3))
    spec = ConvSpec.of(x.shape, W.shape, 2, 1, 1, 2)
    gy = normal(rng, (n, 4, spec.oh, spec.ow), np.float32)
    yield kernels.conv_2d(x, W, None, spec)
    yield kernels.conv_2d_grad_x(W, gy, spec)
    yield kernels.conv_2d_grad_w(x, gy, spec)


def depthwise_convolution(kernels, rng, n):
    x, W = arrays(rng, (1, n, 7, 6), (2 * n, 1, 3, 3))
    if n == 1:  # is no group
        return
    spec = ConvSpec.of(x.shape, W.shape, 2, 1, 1, n)
    gy = normal(rng, (1, 2 * n, spec.oh, spec.ow), np.float32)
    yield kernels.conv_2d(x, W, None, spec)
    yield kernels.conv_2d_grad_x(W, gy, spec)
    yield kernels.conv_2d_grad_w(x, gy, spec)


def products(kernels, rng, n):
    for shapes in (((n, 5), (5, 3)), ((3, 5), (5, n)), ((n, 5), (5, n))):
        a, b = arrays(rng, *shapes)
        yield kernels.matmul(a, b)
        yield kernels.matmul(a, np.asfortranarray(b))
        yield kernels.matmul(np.asfortranarray(a), b)


def pooling(kernels, rng, n):
    x = normal(rng, (n, 1, 6, 8), np.float32)
    for window in ((2, 2, 0), (3, 2, 1)):
        spec = PoolSpec.of(x.shape, *window, True)
        y, arg = kernels.max_pool_2d(x, spec)
        gy = normal(rng, y.shape, np.float32)
        yield y
        yield kernels.max_pool_2d_scatter(gy, arg, spec)
        yield kernels.max_pool_2d_gather(x, arg, spec)
        yield kernels.average_pool_2d(x, spec)
        yield kernels.average_pool_2d_grad(gy, spec)


def normalization(kernels, rng, n):
    for shape in ((n, 3), (3, n), (n, 3, 4), (3, n, 4)):
        x, gy = arrays(rng, shape, shape)
        gamma, beta = arrays(rng, shape[1:2], shape[1:2])
        axis = (0, *range(2, x.ndim))
        y, mean, inv_std = kernels.batch_norm(x, gamma, beta, 1e-1, axis)
        yield from (y, mean, inv_std)
        yield from kernels.batch_norm_grad(x, gamma, gy, mean, inv_std, axis)
        y, scale = kernels.lrn(x, 3, 2, 0.1, 0.75)
        yield from (y, scale)
        yield kernels.lrn_grad(x, y, scale, gy, 3, 2, 0.1, 0.75)


def losses(kernels, rng, n):
    x = normal(rng, (n, 5), np.float32)
    t = rng.integers(-1, 5, n).astype(np.int32)
    yield from kernels.softmax_cross_entropy(x, t, -1)
    log_y = reference.softmax_cross_entropy(x, t, -1)[1]
    yield kernels.softmax_cross_entropy_grad(log_y, t, 0.5, -1)


def elements(kernels, rng, n):
    x, y = arrays(rng, (n,), (n,))
    yield kernels.relu(x)
    yield kernels.relu_grad(y, x)
    yield from kernels.dropout(x, rng.random(n), 0.3)
    yield kernels.where(x > 0, x, y)
    yield kernels.masked(x, y > 0)


def resizing(kernels, rng, n):
    x = normal(rng, (n, 1, 4, 5), np.float32)
    yield kernels.resize(x, (7, 3))
    yield kernels.resize_grad(x, (3, 6))


def formulas(kernels, rng, n):
    x, gy = arrays(rng, (n,), (n,))
    yield kernels.elementwise(leaky_relu._slope, x, gy, slope=0.1)


def formulas_along_rows(kernels, rng, n):
    x, gy, gamma, beta = arrays(rng, (n, 5), (n, 5), (5,), (5,))
    y, mean, inv_std = kernels.along_rows(
        group_normalization._normalized, x, gamma, beta, eps=0.1
    )
    yield from (y, mean, inv_std)
    yield from kernels.along_rows(
        group_normalization._normalized_grad, x, gy, gamma, mean, inv_std
    )


def updates(kernels, rng, n):
    param, grad, v = arrays(rng, (n,), (n,), (n,))
    kernels.update('momentum_sgd', param, grad, v, lr=0.1, momentum=0.9)
    yield from (param, v)


BY_ITEMS = [
    convolution, strided_convolution, depthwise_convolution, products, pooling, normalization, losses, resizing,
    formulas_along_rows,
]  # fmt: skip


@pytest.mark.parametrize('run', BY_ITEMS)
def test_fewer_items_than_threads_and_more(run, cuts, rng):
    for n in ITEMS:
        expected = list(run(reference, np.random.default_rng(n), n))
        for number in N_THREADS:
            threads.set_num_threads(number)
            actual = list(run(fast, np.random.default_rng(n), n))
            for a, e in zip(actual, expected, strict=True):
                close(a, e, 4)
    if not INTERPRETED or run is not formulas_along_rows:
        shared = {(cut.size, cut.threads) for cut in cuts}
        assert {(2, 1), (2, 2), (3, 3), (7, 7), (9, 7), (13, 7)} <= shared


@pytest.mark.parametrize('run', [elements, formulas, updates])
def test_elements_about_blocks_and_threads(run, cuts, monkeypatch):
    monkeypatch.setattr(fused, 'loop_of', fused.loop_of.__wrapped__)
    monkeypatch.setattr(fused, 'update', fused.update.__wrapped__)
    block = fused.BLOCK
    sizes = around(1, LANES, 2 * LANES, block, 2 * block, 3 * block, 7 * block)
    for n in (*sizes, *around(TINY, 4 * block, 8 * block)):
        expected = list(run(reference, np.random.default_rng(n), n))
        for number in (1, 2, 3, 7):
            threads.set_num_threads(number)
            actual = list(run(fast, np.random.default_rng(n), n))
            for a, e in zip(actual, expected, strict=True):
                np.testing.assert_allclose(a, e, 1e-6, 1e-7)
    if not INTERPRETED:
        assert {1, 2, 3, 7} <= {cut.threads for cut in cuts}


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_elements_about_the_size_that_is_worth_a_thread(dtype, rng):
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    try:
        width = np.dtype(dtype).itemsize
        two_arrays, three_arrays = [GRAIN_BYTES // (n * width) for n in (2, 3)]
        for n in around(TINY, 2 * two_arrays, 2 * three_arrays):
            x, y = normal(rng, n, dtype), normal(rng, n, dtype)
            np.testing.assert_array_equal(fast.relu(x), np.maximum(x, 0))
            np.testing.assert_array_equal(fast.relu_grad(y, x), np.where(y > 0, x, 0))
            np.testing.assert_array_equal(
                fast.elementwise(leaky_relu._value, x, slope=0.5),
                np.where(x > 0, x, x / 2),
            )
    finally:
        threads.set_num_threads(before)


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('transposed', ['', 'a', 'b', 'ab'])
def test_products_about_blocks(dtype, transposed, rng):
    width = COLUMNS * 4 // np.dtype(dtype).itemsize
    shapes = [(m, 5, 7) for m in around(ROWS, 2 * ROWS, DOT_ROWS)]
    shapes += [(5, 7, n) for n in around(LANES, width, 2 * width, DOT_COLUMNS)]
    shapes += [(3, k, 4) for k in around(LANES, gemm.DEPTH, 2 * gemm.DEPTH)]
    shapes += [(3, k, 4) for k in around(gemm.DOT_DEPTH)]
    shapes += [(n, 3, 20) for n in around(20)]  # the longer side is cut
    if INTERPRETED:
        shapes = shapes[::2]
    for m, k, n in shapes:
        a, b = normal(rng, (m, k), dtype), normal(rng, (k, n), dtype)
        given = [
            np.asfortranarray(array) if name in transposed else array
            for name, array in (('a', a), ('b', b))
        ]
        close(fast.matmul(*given), reference.matmul(a, b))


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_small_images_about_the_lanes_of_a_vector(dtype, rng, monkeypatch):
    from minigrad.kernels.cpu import conv_direct

    lanes = LANES * 4 // np.dtype(dtype).itemsize
    ways = []
    for name in ('grad_x', 'grad_x_small'):
        kernel = getattr(conv_direct, name)
        monkeypatch.setattr(
            conv_direct,
            name,
            lambda *args, name=name, kernel=kernel: ways.append(name) or kernel(*args),
        )
    for n in around(lanes, 2 * lanes):
        W, gy = normal(rng, (4, 2, 3, 3), dtype), normal(rng, (n, 4, 3, 3), dtype)
        spec = ConvSpec.of((n, 2, 5, 5), W.shape)
        before = len(ways)
        close(fast.conv_2d_grad_x(W, gy, spec), reference.conv_2d_grad_x(W, gy, spec))
        assert ways[before:] == ['grad_x' if n < lanes else 'grad_x_small']
    # As many channels as fit SMALL_BYTES, and one more.
    pixels = 5 * 5 + 9
    most = SMALL_BYTES // (pixels * lanes * np.dtype(dtype).itemsize)
    for channels, way in ((most, 'grad_x_small'), (most + 1, 'grad_x')):
        W = normal(rng, (channels, channels, 3, 3), dtype)
        gy = normal(rng, (lanes, channels, 3, 3), dtype)
        spec = ConvSpec.of((lanes, channels, 5, 5), W.shape)
        with convolutions.taking(convolutions.DIRECT):
            gx = fast.conv_2d_grad_x(W, gy, spec)
        close(gx, reference.conv_2d_grad_x(W, gy, spec), 4)
        assert ways[-1] == way


@pytest.mark.usefixtures('tiles')
@pytest.mark.parametrize(
    ('N', 'C', 'OC', 'size', 'wins'),
    [
        (16, 16, 16, 8, True), (16, 15, 16, 8, False), (16, 16, 15, 8, False),
        (15, 16, 16, 8, False), (17, 17, 17, 8, True),
    ],
)  # fmt: skip
def test_winograd_about_where_it_begins(N, C, OC, size, wins, rng):
    spec = ConvSpec.of((N, C, size, size), (OC, C, 3, 3), 1, 1)
    assert winograd.wins(spec, N, C, OC) == wins
    x, W, gy = arrays(rng, (N, C, size, size), (OC, C, 3, 3), (N, OC, size, size))
    wide = [array.astype(np.float64) for array in (x, W, gy)]
    near(fast.conv_2d(x, W, None, spec), reference.conv_2d(*wide[:2], None, spec))
    near(fast.conv_2d_grad_x(W, gy, spec), reference.conv_2d_grad_x(*wide[1:], spec))
    near(fast.conv_2d_grad_w(x, gy, spec), reference.conv_2d_grad_w(*wide[::2], spec))


@pytest.mark.usefixtures('tiles')
@pytest.mark.parametrize('number', N_THREADS)
def test_winograd_by_blocks_of_images(number, rng, monkeypatch, cuts):
    threads.set_num_threads(number)
    N, C = 7, 16
    spec = ConvSpec.of((N, C, 16, 16), (C, C, 3, 3), 1, 1)
    x, W, gy = arrays(rng, (N, C, 16, 16), (C, C, 3, 3), (N, C, 16, 16))
    wide = [array.astype(np.float64) for array in (x, W, gy)]
    tiles = (16 // winograd.TILE) ** 2 * (winograd.TILE + 2) ** 2 * 4
    for block in (1, 2, 3, 6, 7, 8):  # images at a time
        monkeypatch.setattr(winograd, 'BLOCK_BYTES', block * tiles * (2 * C + 32))
        near(fast.conv_2d(x, W, None, spec), reference.conv_2d(*wide[:2], None, spec))
        near(
            fast.conv_2d_grad_x(W, gy, spec), reference.conv_2d_grad_x(*wide[1:], spec)
        )
        near(
            fast.conv_2d_grad_w(x, gy, spec), reference.conv_2d_grad_w(*wide[::2], spec)
        )


def test_weights_by_groups_of_images(rng):
    # Images are taken together as long as 32768 numbers hold them.
    for side in (3, 40, 88, 89, 90, 91, 127, 128):
        x, gy = arrays(rng, (3, 1, side + 1, side + 1), (3, 2, side, side))
        spec = ConvSpec.of(x.shape, (2, 1, 2, 2))
        close(fast.conv_2d_grad_w(x, gy, spec), reference.conv_2d_grad_w(x, gy, spec))


@pytest.mark.parametrize('window', [(15, 17), (16, 16), (257, 1), (1, 257), (16, 17)])
def test_places_about_the_largest_of_a_byte(window, rng):
    shape = (1, 1, window[0] + 1, window[1] + 1)
    spec = PoolSpec.of(shape, window, 1, 0, False)
    for place in (0, -1):
        x = np.zeros(shape, np.float32)
        x[0, 0, (window[0] - 1) * -place, (window[1] - 1) * -place] = 1
        y, arg = fast.max_pool_2d(x, spec)
        expected, expected_arg = reference.max_pool_2d(x, spec)
        np.testing.assert_array_equal(y, expected)
        indices = reference.max_pool_2d_indices(expected_arg, spec)
        np.testing.assert_array_equal(fast.max_pool_2d_indices(arg, spec), indices)
        assert arg.dtype == (np.uint8 if window[0] * window[1] <= 256 else np.int32)
        gy = normal(rng, y.shape, np.float32)
        np.testing.assert_array_equal(
            fast.max_pool_2d_scatter(gy, arg, spec),
            reference.max_pool_2d_scatter(gy, expected_arg, spec),
        )
        back = fast.max_pool_2d_arg(indices, spec)
        np.testing.assert_array_equal(back, arg)
        assert back.dtype == arg.dtype


@pytest.mark.parametrize('columns', around(1, LANES, 2 * LANES, 256))
def test_rows_about_the_lanes_of_a_vector(columns, rng):
    x, gamma, beta = arrays(rng, (3, columns), (columns,), (columns,))
    actual = fast.along_rows(group_normalization._normalized, x, gamma, beta, eps=0.1)
    expected = group_normalization._normalized(np, x, gamma, beta, eps=0.1)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, 1e-5, 1e-6)


@pytest.mark.parametrize('number', [1, 2, 3, 8])
def test_shares_about_the_number_of_threads(number):
    before = threads.get_num_threads()
    threads.set_num_threads(number)
    try:
        for grain in (1, 2, 5):
            for size in range(4 * number * grain + 2):
                cut = team.share(size, grain)
                assert cut.size == size
                # Each thread has a grain at least; no thread is left without a piece.
                assert cut.threads == max(1, min(number, size // grain))
                assert 1 <= cut.number <= max(size, 1)
                assert cut.threads <= cut.number
                assert cut.number % cut.threads == 0
                bounds = [size * i // cut.number for i in range(cut.number + 1)]
                assert bounds[0] == 0
                assert bounds[-1] == size
                assert size == 0 or all(a < b for a, b in itertools.pairwise(bounds))
    finally:
        threads.set_num_threads(before)
