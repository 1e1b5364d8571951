"""What only a real GPU can tell; skipped, with the reason, where there is none."""

import dataclasses

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import backend, optimizers
from minigrad.cuda_graph import Replay
from minigrad.kernels import Kernels, kernels_for, using_kernels
from minigrad.kernels.specs import ConvSpec, PoolSpec
from minigrad.testing import properties
from models.lenet import LeNet
from tests.gpu.test_cupy_kernels import CONVOLUTIONS, OPTIMIZERS, POOLINGS, draw
from tests.op_table import CASES

pytestmark = pytest.mark.gpu
reference = Kernels(np)


@pytest.fixture(scope='module')
def cupy():
    try:
        return backend.import_cupy()
    except RuntimeError as error:
        pytest.skip(str(error).splitlines()[0])


@pytest.fixture(params=['cupy', 'cudnn'])
def kernels(request, cupy):
    try:
        with using_kernels(request.param):
            yield kernels_for(cupy.empty(1))
    except ImportError as error:
        pytest.skip(str(error))


def check(actual, expected, tolerance):
    actual = actual if isinstance(actual, tuple) else (actual,)
    expected = expected if isinstance(expected, tuple) else (expected,)
    for a, e in zip(actual, expected, strict=True):
        assert (a.dtype, a.shape) == (e.dtype, e.shape)
        assert a.flags.c_contiguous
        np.testing.assert_allclose(
            a.get().astype('d'), e.astype('d'), rtol=tolerance, atol=tolerance
        )


@pytest.mark.parametrize('case', CASES, ids=str)
def test_operation(case, kernels, cupy):
    table = case
    if case.random:  # CuPy's numbers are others than NumPy's
        table = dataclasses.replace(case, dtypes='')
    tolerances = {'e': 3e-2, 'f': 1e-4, 'd': 1e-9} | table.tol
    table = dataclasses.replace(table, tol=tolerances)
    for sample in table.samples:
        properties.check_forward(table, sample, cupy)
        if case.name != 'copy' and not case.random:
            properties.check_double_gradient(table, sample, cupy)
    properties.check_zero_size(table, cupy)


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize(('x_shape', 'W_shape', 'options'), CONVOLUTIONS)
def test_convolution(x_shape, W_shape, options, dtype, kernels, cupy):
    spec = ConvSpec.of(x_shape, W_shape, **options)
    x, W = draw(*x_shape, dtype=dtype), draw(*W_shape, dtype=dtype, seed=1)
    tolerance = {'e': 3e-2, 'f': 1e-4, 'd': 1e-10}[dtype]
    y = reference.conv_2d(x, W, None, spec)
    X, V, G = cupy.asarray(x), cupy.asarray(W), cupy.asarray(y)
    check(kernels.conv_2d(X, V, None, spec), y, tolerance)
    expected = reference.conv_2d_grad_x(W, y, spec)
    check(kernels.conv_2d_grad_x(V, G, spec), expected, 10 * tolerance)
    expected = reference.conv_2d_grad_w(x, y, spec)
    check(kernels.conv_2d_grad_w(X, G, spec), expected, 10 * tolerance)
    if kernels.name == 'cudnn' and 'cover_all' not in options:
        assert not kernels._thread.plans.refused


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize(('shape', 'options'), POOLINGS)
def test_pooling(shape, options, dtype, kernels, cupy):
    x = draw(*shape, dtype=dtype)
    x[0, 0, 1, 1] = np.nan
    spec = PoolSpec.of(shape, **options)
    check(kernels.max_pool_2d(cupy.asarray(x), spec), reference.max_pool_2d(x, spec), 0)


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize('name', OPTIMIZERS)
def test_optimizer(name, dtype, kernels, cupy):
    n_states, numbers = OPTIMIZERS[name]
    here = [draw(3, 4, dtype=dtype, seed=i) for i in range(2)]
    here += [np.zeros((3, 4), dtype) for _ in range(n_states)]
    there = [cupy.asarray(a) for a in here]
    kernels.update(name.split()[0], *there, **numbers)
    reference.update(name.split()[0], *here, **numbers)
    for t, h in zip(there, here, strict=True):
        check(t, h, {'e': 2e-2, 'f': 1e-5, 'd': 1e-12}[dtype])


@pytest.mark.parametrize('dtype', 'efd')
def test_one_launch_for_all_parameters(dtype, kernels, cupy):
    params = [draw(size, dtype=dtype, seed=size) for size in range(1, 200, 3)]
    grads = [draw(p.size, dtype=dtype, seed=p.size + 1) for p in params]
    here = [(p, g, np.zeros_like(p)) for p, g in zip(params, grads, strict=True)]
    there = [tuple(map(cupy.asarray, row)) for row in here]
    together = kernels.together()
    for row in there:
        together.update('momentum_sgd', *row, lr=0.1, momentum=0.9)
    together.flush()
    for row, expected in zip(there, here, strict=True):
        reference.update('momentum_sgd', *expected, lr=0.1, momentum=0.9)
        for t, h in zip(row, expected, strict=True):
            check(t, h, {'e': 2e-2, 'f': 1e-5, 'd': 1e-12}[dtype])
    there[3][0][-1:] = np.nan
    bad = [
        i for i, good in enumerate(kernels.finite([r[0] for r in there])) if not good
    ]
    assert bad == [3]


def lenet():
    np.random.seed(0)
    model = L.Classifier(LeNet(in_channels=1))
    model.predictor(np.zeros((1, 1, 28, 28), minigrad.get_dtype()))
    return model


def test_lenet_takes_the_same_steps(kernels, cupy):
    x = np.random.default_rng(0).random((16, 1, 28, 28), 'f')
    t = np.arange(16, dtype='i') % 10
    losses = {}
    for device in ('@numpy', '@cupy:0'):
        model = lenet().to_device(device)
        optimizer = optimizers.MomentumSGD(0.05).setup(model)
        arrays = minigrad.get_device(device).send((x, t))
        losses[device] = []
        for _ in range(5):
            optimizer.update(model, *arrays)
            losses[device].append(float(model.loss.array))
    np.testing.assert_allclose(losses['@cupy:0'], losses['@numpy'], rtol=1e-3)


@pytest.mark.parametrize('scaling', [None, 'static', 'dynamic'])
@pytest.mark.parametrize('dtype', [np.float32, minigrad.mixed16])
def test_replay(dtype, scaling, kernels, cupy):
    with minigrad.using_config('dtype', dtype):
        check_replay(scaling, cupy)


def check_replay(scaling, cupy):
    dtype = minigrad.get_dtype()
    x = np.random.default_rng(0).random((16, 1, 28, 28), 'f').astype(dtype)
    x = cupy.asarray(x)
    t = cupy.asarray(np.arange(16, dtype='i') % 10)
    params = []
    for replayed in (False, True):
        model = lenet().to_device('@cupy:0')
        optimizer = optimizers.Adam().setup(model)
        optimizer.use_fp32_update()
        if scaling is not None:
            optimizer.loss_scaling(scale=128.0 if scaling == 'static' else None)
        replay = Replay(model, optimizer)
        for _ in range(10):
            if replayed:
                replay.update(x, t)
            else:
                optimizer.update(model, x, t)
        params.append([p.array.get() for p in model.params()])
    assert replay.reason == ''
    assert replay.n_replayed == 7
    tolerance = 1e-2 if dtype == np.float16 else 1e-3
    for a, b in zip(*params, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_lenet_learns_in_bfloat16(kernels, cupy):
    ml_dtypes = pytest.importorskip('ml_dtypes', reason='bfloat16 is of ml_dtypes')
    x = np.random.default_rng(0).random((16, 1, 28, 28), 'f')
    with minigrad.using_config('dtype', np.dtype(ml_dtypes.bfloat16)):
        model = lenet().to_device('@cupy:0')
        optimizer = optimizers.MomentumSGD(0.05).setup(model)
        x = cupy.asarray(x.astype(ml_dtypes.bfloat16))
        t = cupy.asarray(np.arange(16, dtype='i') % 10)
        losses = []
        for _ in range(12):
            optimizer.update(model, x, t)
            losses.append(float(model.loss.array.astype('f')))
    assert losses[-1] < losses[0]
    assert {p.dtype.name for p in model.params()} == {'bfloat16'}
    if kernels.name == 'cudnn':
        assert not kernels._thread.plans.refused


def test_tf32_is_off_until_asked_for(kernels, cupy):
    a, b = draw(256, 256, seed=0), draw(256, 256, seed=1)
    exact = a.astype('d') @ b.astype('d')

    def error():
        return abs(F.matmul(cupy.asarray(a), cupy.asarray(b)).array.get() - exact).max()

    kernels.matmul(cupy.asarray(a), cupy.asarray(b))
    assert error() < 1e-3
    with minigrad.using_config('allow_tf32', True):
        kernels.matmul(cupy.asarray(a), cupy.asarray(b))
    assert error() < 1e-3  # another set of kernels does not inherit it
    product = kernels.matmul(cupy.asarray(a), cupy.asarray(b)).get()
    assert abs(product - exact).max() < 1e-3


def test_batches_arrive(cupy):
    convert = minigrad.dataset.ConcatWithAsyncTransfer()
    kept = []
    for i in range(20):
        batch = [(np.full((64, 64), i, 'f'), i) for _ in range(8)]
        x, _ = convert(batch, 0)
        kept.append((x * x).sum())
    expected = [8 * 64 * 64 * i * i for i in range(20)]
    assert [int(k) for k in kept] == expected
