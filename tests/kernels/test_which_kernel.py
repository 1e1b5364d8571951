"""The fast kernels are what runs: the definition beside itself would show nothing.

Each kernel that `NumbaKernels` has for itself is called on what it is made for, and must
not hand that on to the definition; on float16 it must.
"""

import collections
import inspect
import os

import numpy as np
import pytest

import minigrad as mg
import minigrad.functions as F
from minigrad.kernels import kernels_for, using_kernels, watching_kernels
from minigrad.kernels.reference import Kernels
from minigrad.kernels.specs import ConvSpec, PoolSpec

pytest.importorskip('numba', reason='Numba is not installed')

from minigrad.kernels.cpu import conv_direct, gemm, normalization, pool, winograd
from minigrad.kernels.cpu import ways as cpu_ways
from minigrad.kernels.numba_cpu import NumbaKernels

fast = NumbaKernels()
is_interpreted = os.environ.get('NUMBA_DISABLE_JIT', '0') != '0'
OWN = sorted(
    name
    for name, value in vars(NumbaKernels).items()
    if inspect.isfunction(value) and not name.startswith('_')
)
CONVOLUTION = ConvSpec.of((2, 3, 9, 9), (4, 3, 3, 3), 1, 1)
POOLING = PoolSpec.of((2, 3, 8, 8), 2)
POOLED = (2, 3, 4, 4)


@pytest.fixture
def handed_on(monkeypatch):
    """The names of kernels whose definition was called instead."""
    calls = []

    def counted(name, definition):
        def call(self, *args, **kwargs):
            calls.append(name)
            return definition(self, *args, **kwargs)

        return call

    for name in OWN:
        monkeypatch.setattr(Kernels, name, counted(name, getattr(Kernels, name)))
    return calls


def formula(name, calls):
    """Returns a formula that tells when it is given arrays, not symbols to compile."""

    def value(xp, x, y):
        if isinstance(x, np.ndarray):
            calls.append(name)
        if name == 'along_rows':
            return x - (x * y).sum(axis=-1, keepdims=True)
        return xp.maximum(x * y + x, y * y)

    return value


def call(name, dtype, calls):
    """Calls a kernel on what it is made for."""

    def array(*shape):
        return np.random.default_rng(0).uniform(0.1, 1, shape).astype(dtype)

    images, pooled = array(2, 3, 8, 8), array(*POOLED)
    x, W, gy = array(2, 3, 9, 9), array(4, 3, 3, 3), array(2, 4, 9, 9)
    big, labels = array(100, 100), np.arange(100, dtype=np.int32)
    three, lrn = np.ones(3, dtype), (5, 2, 1e-4, 0.75)
    arg = np.zeros(POOLED, np.uint8)
    edges = np.array([[0, 2], [1, 3]]), np.array([[2, 4], [3, 5]])
    arguments = {
        'matmul': lambda: (array(20, 30), array(30, 40)),
        'conv_2d': lambda: (x, W, None, CONVOLUTION),
        'conv_2d_grad_x': lambda: (W, gy, CONVOLUTION),
        'conv_2d_grad_w': lambda: (x, gy, CONVOLUTION),
        'sum_channels': lambda: (gy,),
        'im2col': lambda: (x, CONVOLUTION),
        'col2im': lambda: (array(2, 3, 3, 3, 9, 9), CONVOLUTION),
        'max_pool_2d': lambda: (images, POOLING),
        'max_pool_2d_scatter': lambda: (pooled, arg, POOLING),
        'max_pool_2d_gather': lambda: (images, arg, POOLING),
        'average_pool_2d': lambda: (images, POOLING),
        'average_pool_2d_grad': lambda: (pooled, POOLING),
        'roi_argmax': lambda: (images, edges, edges, np.array([0, 1])),
        'lrn': lambda: (images, *lrn),
        'lrn_grad': lambda: (images, images, images + 2, images, *lrn),
        'batch_norm': lambda: (images, three, three, 2e-5, (0, 2, 3)),
        'batch_norm_grad': lambda: (images, three, images, three, three, (0, 2, 3)),
        'elementwise': lambda: (formula(name, calls), big, big),
        'along_rows': lambda: (formula(name, calls), big, big),
        'relu': lambda: (big,),
        'relu_grad': lambda: (big, big),
        'dropout': lambda: (big, np.random.default_rng(1).random(big.shape), 0.5),
        'softmax_cross_entropy': lambda: (big, labels, -1),
        'softmax_cross_entropy_grad': lambda: (big, labels, 0.5, -1),
        'where': lambda: (big > 0.5, big, big),
        'masked': lambda: (big, big > 0.5),
        'add_rows': lambda: (big.copy(), labels, big),
        'cumulate': lambda: (big, 1),
        'cumprod_grad': lambda: (big, big, 1),
        'prod': lambda: (big, 1),
        'prod_grad': lambda: (big, array(100, 1), 1),
        'resize': lambda: (images, (4, 4)),
        'resize_grad': lambda: (images, (4, 4)),
        'update': lambda: ('sgd', big.copy(), big),
    }
    numbers = {'lr': 0.1} if name == 'update' else {}
    getattr(fast, name)(*arguments[name](), **numbers)


# Only casts an array: it has no loop of its own.
COMPILED = [name for name in OWN if name != 'max_pool_2d_arg']


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('name', COMPILED)
def test_a_fast_kernel_does_its_own_work(name, dtype, handed_on):
    if is_interpreted and name in ('elementwise', 'along_rows', 'update'):
        pytest.skip('a formula is run by the compiler alone')
    call(name, dtype, handed_on)
    assert handed_on == []


@pytest.mark.parametrize('name', COMPILED)
def test_float16_is_handed_on_to_the_definition(name, handed_on):
    call(name, 'float16', handed_on)
    assert name in handed_on


def ways(monkeypatch):
    """Returns a list that the names of compiled loops are added to when they run."""
    ran = []

    def noted(name, loop):
        return lambda *args: ran.append(name) or loop(*args)

    for module, names in (
        (pool, 'max_quarters max_pool scatter_quarters max_pool_scatter'),
        (gemm, 'product product_transposed'),
        (winograd, 'convolve convolve_grad_w'),
        (conv_direct, 'forward grad_x grad_x_small grad_w'),
        (normalization, 'batch_norm batch_norm_rows'),
        (normalization, 'batch_norm_grad batch_norm_rows_grad'),
    ):
        for name in names.split():
            monkeypatch.setattr(module, name, noted(name, getattr(module, name)))
    return ran


@pytest.mark.parametrize(
    ('shape', 'window', 'expected'),
    [
        ((8, 6), 2, ['max_quarters', 'scatter_quarters']),
        ((9, 6), 2, ['max_pool', 'scatter_quarters']),
        ((8, 7), 2, ['max_pool', 'scatter_quarters']),
        ((9, 9), 3, ['max_pool', 'max_pool_scatter']),
    ],
)
def test_the_way_of_a_pooling(shape, window, expected, monkeypatch):
    ran = ways(monkeypatch)
    spec = PoolSpec.of((2, 1, *shape), window, cover_all=False)
    y, arg = fast.max_pool_2d(np.ones((2, 1, *shape), 'f'), spec)
    fast.max_pool_2d_scatter(y, arg, spec)
    assert ran == expected


@pytest.mark.parametrize(
    ('N', 'C', 'ksize', 'pad', 'exact', 'expected'),
    [
        (16, 16, 3, 1, False, ['convolve', 'convolve', 'convolve_grad_w']),
        (16, 16, 3, 3, False, ['convolve', 'grad_x_small', 'convolve_grad_w']),
        (16, 16, 3, 1, True, ['forward', 'grad_x_small', 'grad_w']),
        (16, 16, 2, 1, False, ['forward', 'grad_x_small', 'grad_w']),
        (2, 16, 3, 1, False, ['forward', 'grad_x', 'grad_w']),
    ],
)
def test_the_way_of_a_convolution(N, C, ksize, pad, exact, expected, monkeypatch):
    ran = ways(monkeypatch)
    x, W = np.ones((N, C, 8, 8), 'f'), np.ones((C, C, ksize, ksize), 'f')
    spec = ConvSpec.of(x.shape, W.shape, 1, pad)
    with (
        mg.using_config('exact_convolution', exact),
        cpu_ways.taking(cpu_ways.WINOGRAD),
    ):
        gy = fast.conv_2d(x, W, None, spec)
        fast.conv_2d_grad_x(W, gy, spec)
        fast.conv_2d_grad_w(x, gy, spec)
    assert ran == expected


def test_the_way_of_a_product(monkeypatch):
    ran = ways(monkeypatch)
    a, b = np.ones((4, 5), 'f'), np.ones((5, 6), 'f')
    across = [np.asfortranarray(array) for array in (a, b)]
    for left, right in ((a, b), (a, across[1]), (across[0], b), across):
        fast.matmul(left, right)
    assert ran == ['product', 'product_transposed', 'product', 'product']


def test_the_way_of_a_normalization(monkeypatch):
    ran = ways(monkeypatch)
    one = np.ones(3, 'f')
    for shape in ((4, 3), (4, 3, 2)):
        x = np.arange(np.prod(shape), dtype='f').reshape(shape)
        axis = (0, *range(2, len(shape)))
        _, mean, inv_std = fast.batch_norm(x, one, one, 2e-5, axis)
        fast.batch_norm_grad(x, one, x, mean, inv_std, axis)
    assert ran == [
        'batch_norm_rows', 'batch_norm_rows_grad', 'batch_norm', 'batch_norm_grad',
    ]  # fmt: skip


FUNCTIONS = {  # what is called forward and backward, each once
    'relu': (F.relu, 'relu relu_grad'),
    'linear': (lambda x: F.linear(x, W=np.ones((4, 50), 'f')), 'matmul matmul'),
    'average_pooling_2d': (
        lambda x: F.average_pooling_2d(F.reshape(x, (5, 2, 5, 10)), 5),
        'average_pool_2d average_pool_2d_grad',
    ),
    'max_pooling_2d': (
        lambda x: F.max_pooling_2d(F.reshape(x, (5, 2, 5, 10)), 5),
        'max_pool_2d max_pool_2d_scatter',
    ),
    'leaky_relu': (F.leaky_relu, 'elementwise elementwise'),
    'softmax_cross_entropy': (
        lambda x: F.softmax_cross_entropy(x, np.arange(10, dtype='i')),
        'softmax_cross_entropy softmax_cross_entropy_grad',
    ),
}


@pytest.mark.parametrize('set_name', ['numba', 'reference'])
@pytest.mark.parametrize('name', FUNCTIONS)
def test_which_kernels_a_function_calls(name, set_name):
    function, expected = FUNCTIONS[name]
    x = mg.Variable(np.ones((10, 50), 'f'))
    called = []
    with using_kernels(set_name), watching_kernels(called.append):
        y = function(x)
        y.grad = np.ones_like(y.array)
        y.backward()
    wanted = collections.Counter(f'{set_name}.{kernel}' for kernel in expected.split())
    assert {kernel: called.count(kernel) for kernel in wanted} == wanted
    assert {kernel.split('.')[0] for kernel in called} == {set_name}


@pytest.mark.parametrize('set_name', ['numba', 'reference'])
def test_watched_kernels_keep_what_is_no_kernel(set_name):
    called = []
    with using_kernels(set_name), watching_kernels(called.append):
        kernels = kernels_for(np.ones(1))
        assert kernels.name == set_name
        assert kernels.xp is np
        assert isinstance(kernels.fuses_rows, bool)
    assert called == []
