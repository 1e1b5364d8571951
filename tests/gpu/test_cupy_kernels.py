"""The CUDA sources against the definition, run on the CPU by the emulator."""

import numpy as np
import pytest

from minigrad.kernels import Kernels, kernels_for
from minigrad.kernels.specs import ConvSpec, PoolSpec
from tests.gpu import emulator, stand_in
from tests.gpu.stand_in.cuda import state

pytestmark = pytest.mark.skipif(
    emulator.COMPILER is None, reason='the CUDA sources need g++ to run on the CPU'
)
reference = Kernels(np)
TOLERANCES = {'e': 5e-3, 'f': 1e-5, 'd': 1e-12}
each_dtype = pytest.mark.parametrize('dtype', 'efd')


@pytest.fixture
def xp():
    with stand_in.installed(
        RawModule=emulator.RawModule, ElementwiseKernel=emulator.ElementwiseKernel
    ) as module:
        yield module


def compare(xp, dtype, method, *args, tolerance=None, **kwargs):
    """Calls a kernel of both sets with NumPy arrays and compares what comes back."""

    def on_device(value):
        return xp.asarray(value) if isinstance(value, np.ndarray) else value

    k = kernels_for(xp.empty(1))
    assert k.name == 'cupy'
    actual = getattr(k, method)(*map(on_device, args), **kwargs)
    expected = getattr(reference, method)(*args, **kwargs)
    tolerance = TOLERANCES[dtype] if tolerance is None else tolerance
    results = actual if isinstance(actual, tuple) else (actual,)
    wanted = expected if isinstance(expected, tuple) else (expected,)
    assert len(results) == len(wanted)
    for a, e in zip(results, wanted, strict=True):
        assert a.dtype == e.dtype
        np.testing.assert_allclose(
            a.get().astype('d'), e.astype('d'), rtol=tolerance, atol=tolerance
        )
    return expected


def draw(*shape, dtype='f', seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


CONVOLUTIONS = [
    ((3, 4, 7, 6), (6, 4, 3, 3), {}),
    ((2, 4, 7, 6), (6, 2, 3, 2), {'stride': (2, 1), 'pad': (1, 2), 'groups': 2}),
    ((2, 3, 9, 9), (2, 3, 3, 3), {'dilate': 2, 'pad': 1, 'stride': 2}),
    ((1, 1, 5, 5), (1, 1, 5, 5), {}),
    ((2, 2, 6, 6), (3, 2, 4, 4), {'stride': 3, 'cover_all': True}),
]


@each_dtype
@pytest.mark.parametrize(('x_shape', 'W_shape', 'options'), CONVOLUTIONS)
@pytest.mark.parametrize('column_bytes', [1, 1 << 30])
def test_convolution(x_shape, W_shape, options, dtype, column_bytes, xp, monkeypatch):
    from minigrad.kernels import cupy_gpu

    monkeypatch.setattr(cupy_gpu, 'COLUMN_BYTES', column_bytes)
    spec = ConvSpec.of(x_shape, W_shape, **options)
    x, W = draw(*x_shape, dtype=dtype), draw(*W_shape, dtype=dtype, seed=1)
    b = draw(W_shape[0], dtype=dtype, seed=2)
    tolerance = {'e': 2e-2, 'f': 1e-4, 'd': 1e-10}[dtype]
    y = compare(xp, dtype, 'conv_2d', x, W, b, spec, tolerance=tolerance)
    compare(xp, dtype, 'conv_2d', x, W, None, spec, tolerance=tolerance)
    compare(xp, dtype, 'conv_2d_grad_x', W, y, spec, tolerance=tolerance * 10)
    compare(xp, dtype, 'conv_2d_grad_w', x, y, spec, tolerance=tolerance * 10)
    col = compare(xp, dtype, 'im2col', x, spec)
    compare(xp, dtype, 'col2im', col, spec, tolerance=tolerance)


def test_convolution_of_strided_arrays(xp):
    x, W = draw(6, 7, 4, 2).transpose(3, 2, 1, 0), draw(3, 3, 4, 5).T
    spec = ConvSpec.of(x.shape, W.shape)
    y = compare(xp, 'f', 'conv_2d', x, W, None, spec)
    compare(xp, 'f', 'conv_2d_grad_x', W, y, spec, tolerance=1e-4)
    compare(xp, 'f', 'conv_2d_grad_w', x, y, spec, tolerance=1e-3)


POOLINGS = [
    ((2, 3, 6, 6), {'ksize': 2}),
    ((2, 3, 7, 8), {'ksize': 3, 'stride': 2}),
    ((2, 3, 7, 8), {'ksize': 3, 'stride': 2, 'pad': 1, 'cover_all': True}),
    ((1, 2, 5, 5), {'ksize': (3, 2), 'stride': (1, 3), 'pad': (2, 1)}),
    ((1, 1, 4, 4), {'ksize': 1, 'stride': 1, 'pad': 1}),
]


@each_dtype
@pytest.mark.parametrize(('shape', 'options'), POOLINGS)
def test_pooling(shape, options, dtype, xp):
    x = draw(*shape, dtype=dtype)
    x[0, 0, 1, 1] = np.nan
    x[0, 0, 2] = 5  # ties
    spec = PoolSpec.of(shape, **options)
    y, arg = compare(xp, dtype, 'max_pool_2d', x, spec)
    gy = draw(*y.shape, dtype=dtype, seed=1)
    compare(xp, dtype, 'max_pool_2d_scatter', gy, arg, spec)
    compare(xp, dtype, 'max_pool_2d_gather', x, arg, spec)
    for count_pad in (True, False):
        spec = PoolSpec.of(shape, **options, count_pad=count_pad)
        compare(xp, dtype, 'average_pool_2d', x, spec)
        compare(xp, dtype, 'average_pool_2d_grad', gy, spec)


@each_dtype
def test_local_response_normalization(dtype, xp):
    x, gy = draw(2, 7, 3, 4, dtype=dtype), draw(2, 7, 3, 4, dtype=dtype, seed=1)
    numbers = 5, 2.0, 0.1, 0.75
    y, scale = compare(xp, dtype, 'lrn', x, *numbers)
    compare(xp, dtype, 'lrn_grad', x, y, scale, gy, *numbers)


@pytest.mark.parametrize('dtypes', ['ee', 'ef', 'ff', 'dd'])
@pytest.mark.parametrize('shape', [(6, 5), (3, 5, 4, 3), (400, 2)])
def test_batch_normalization(dtypes, shape, xp):
    dtype = dtypes[0]
    x, gy = draw(*shape, dtype=dtype) + 3, draw(*shape, dtype=dtype, seed=1)
    x = x.astype(dtype)
    gamma, beta = draw(2, shape[1], dtype=dtypes[1], seed=2)
    axis = (0, *range(2, len(shape)))
    tolerance = 2e-2 if 'e' in dtypes else None
    _, mean, inv_std = compare(
        xp, dtype, 'batch_norm', x, gamma, beta, 1e-5, axis, tolerance=tolerance
    )
    compare(
        xp, dtype, 'batch_norm_grad', x, gamma, gy, mean, inv_std, axis,
        tolerance={'e': 5e-2, 'f': 2e-4}.get(dtype),
    )  # fmt: skip


@each_dtype
@pytest.mark.parametrize('shape', [(4, 10), (2, 3, 5), (3, 700), (2, 1, 2, 2)])
def test_softmax_cross_entropy(shape, dtype, xp):
    x = draw(*shape, dtype=dtype) * 3
    t = np.random.default_rng(1).integers(0, shape[1], (shape[0], *shape[2:]))
    t.ravel()[0] = -1
    loss, log_y = compare(xp, dtype, 'softmax_cross_entropy', x, t, -1)
    for coeff in (0.25, np.array(0.5, dtype), draw(*loss.shape, dtype=dtype)):
        compare(xp, dtype, 'softmax_cross_entropy_grad', log_y, t, coeff, -1)
    for axis in range(-1, len(shape)):
        compare(xp, dtype, 'softmax', x, axis)
        compare(xp, dtype, 'log_softmax', x, axis)


def test_label_of_no_class_gives_nan(xp):
    k = kernels_for(xp.empty(1))
    loss, _ = k.softmax_cross_entropy(xp.ones((2, 3)), xp.asarray([0, 7]), -1)
    assert np.isnan(loss.get()).tolist() == [False, True]


@each_dtype
def test_elementwise(dtype, xp):
    x, gy = draw(3, 5, dtype=dtype), draw(3, 5, dtype=dtype, seed=1)
    compare(xp, dtype, 'relu', x)
    compare(xp, dtype, 'relu_grad', np.maximum(x, 0), gy)
    u = np.random.default_rng(0).random((3, 5), np.float32)
    compare(xp, dtype, 'dropout', x, u, 0.3)


OPTIMIZERS = {
    'sgd': (0, {'lr': 0.1}),
    'momentum_sgd': (1, {'lr': 0.1, 'momentum': 0.9}),
    'corrected_momentum_sgd': (1, {'lr': 0.1, 'momentum': 0.9}),
    'nesterov_ag': (1, {'lr': 0.1, 'momentum': 0.9}),
    'ada_grad': (1, {'lr': 0.1, 'eps': 1e-3}),
    'ada_delta': (2, {'rho': 0.95, 'eps': 1e-3}),
    'rmsprop': (1, {'lr': 0.1, 'alpha': 0.9, 'eps': 1e-3}),
    'rmsprop inside': (
        1,
        {'lr': 0.1, 'alpha': 0.9, 'eps': 1e-3, 'eps_inside_sqrt': True},
    ),
    'rmsprop_graves': (3, {'lr': 0.1, 'alpha': 0.9, 'momentum': 0.9, 'eps': 1e-2}),
    'smorms3': (3, {'lr': 0.1, 'eps': 1e-3}),
    'adam': (2, {'alpha_t': 0.1, 'beta1': 0.9, 'beta2': 0.999, 'eps': 1e-3}),
    'amsgrad': (3, {'alpha_t': 0.1, 'beta1': 0.9, 'beta2': 0.999, 'eps': 1e-3}),
    'adam all': (
        2,
        {
            'alpha_t': 0.1,
            'beta1': 0.9,
            'beta2': 0.999,
            'eps': 1e-3,
            'eta': 0.5,
            'weight_decay_rate': 0.1,
            'bounds': (0.01, 0.05),
        },
    ),
    'msvag': (
        2,
        {'lr': 0.1, 'beta': 0.9, 'beta_power': 0.81, 'weight_decay_rate': 0.1},
    ),
}


@each_dtype
@pytest.mark.parametrize('name', OPTIMIZERS)
def test_optimizer(name, dtype, xp):
    n_states, numbers = OPTIMIZERS[name]
    method = name.split()[0]
    here = [draw(3, 4, dtype=dtype, seed=i) for i in range(2)]
    here += [np.zeros((3, 4), dtype) for _ in range(n_states)]
    there = [xp.asarray(a) for a in here]
    k = kernels_for(there[0])
    for _ in range(2):
        launches = state.launches
        k.update(method, *there, **numbers)
        assert state.launches == launches + 1
        reference.update(method, *here, **numbers)
    tolerance = {'e': 2e-2, 'f': 1e-5, 'd': 1e-12}[dtype]
    for h, t in zip(here, there, strict=True):
        np.testing.assert_allclose(t.get(), h, rtol=tolerance, atol=tolerance)


def test_other_dtypes_fall_back(xp):
    k = kernels_for(xp.empty(1))
    assert k.relu_grad(xp.ones(2, 'f'), xp.ones(2, 'd')).dtype == 'd'
    x = xp.ones((2, 1, 4, 4), 'f')
    spec = ConvSpec.of(x.shape, (1, 1, 3, 3))
    assert k.conv_2d(x, xp.ones((1, 1, 3, 3), 'd'), None, spec).shape == (2, 1, 2, 2)


def test_zero_sizes(xp):
    k = kernels_for(xp.empty(1))
    x, W = xp.empty((0, 2, 5, 5), 'f'), xp.empty((3, 2, 3, 3), 'f')
    spec = ConvSpec.of(x.shape, W.shape)
    assert k.conv_2d(x, W, None, spec).shape == (0, 3, 3, 3)
    assert k.softmax(xp.empty((0, 3))).shape == (0, 3)
    pool = PoolSpec.of(x.shape, 2)
    assert k.max_pool_2d(x, pool)[0].shape == (0, 2, 2, 2)
