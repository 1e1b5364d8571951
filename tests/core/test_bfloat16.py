"""bfloat16 on NumPy and the stand-in: computed in float32, kept in 16 bits."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import optimizers, serializers
from minigrad.backend import to_cpu
from models.lenet import LeNet
from tests.gpu import emulator, stand_in
from tests.gpu.emulator import cudnn as emulated_cudnn

ml_dtypes = pytest.importorskip('ml_dtypes', reason='bfloat16 comes from ml_dtypes')
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


@pytest.fixture(params=['@numpy', '@cupy:0'])
def device(request):
    with stand_in.installed():
        yield minigrad.get_device(request.param)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(BFLOAT16)


FUNCTIONS = {
    'add': lambda x, W: x + x,
    'constants': lambda x, W: 2.0 * x - 1,
    'matmul': lambda x, W: F.matmul(x, W),
    'linear': lambda x, W: F.linear(x, W.T),
    'exp': lambda x, W: F.exp(x),
    'softmax': lambda x, W: F.softmax(x),
    'relu': lambda x, W: F.relu(x),
    'sum': lambda x, W: F.sum(x, axis=0),
    'reshape': lambda x, W: F.reshape(x, (4, 3)).T,
    'concat': lambda x, W: F.concat([x, x]),
    'getitem': lambda x, W: x[1:, ::2],
}


@pytest.mark.parametrize('name', FUNCTIONS)
def test_functions(name, device):
    arrays = draw(3, 4), draw(4, 2, seed=1)
    results = []
    for dtype in (BFLOAT16, np.float32):
        x, W = (minigrad.Variable(device.send(a.astype(dtype))) for a in arrays)
        y = FUNCTIONS[name](x, W)
        y.grad = y.xp.ones_like(y.array)
        y.backward()
        results.append((y.array, x.grad))
        assert y.dtype == x.grad.dtype == dtype
    for narrow, exact in zip(*results, strict=True):
        narrow, exact = to_cpu(narrow).astype('f'), to_cpu(exact)
        np.testing.assert_allclose(narrow, exact, rtol=2e-2, atol=2e-2)


def test_double_backprop(device):
    x = minigrad.Variable(device.send(np.full(3, 2, BFLOAT16)))
    (gx,) = minigrad.grad([F.sum(x**3)], [x], enable_double_backprop=True)
    (ggx,) = minigrad.grad([F.sum(gx)], [x])
    assert gx.dtype == ggx.dtype == BFLOAT16
    assert to_cpu(ggx.array).astype('f').tolist() == [12, 12, 12]


def test_a_scalar_needs_no_gradient_of_the_caller():
    x = minigrad.Variable(np.ones(3, BFLOAT16))
    F.sum(x * x).backward()
    assert x.grad.dtype == BFLOAT16
    assert x.grad.astype('f').tolist() == [2, 2, 2]


def test_mixed_inputs():
    """Refused between equals, as for float16; else the first input decides."""
    x, wide = minigrad.Variable(np.ones((2, 3), BFLOAT16)), np.ones((2, 3), 'f')
    with pytest.raises(minigrad.errors.InvalidType, match='bfloat16 != float32'):
        x + minigrad.Variable(wide)
    norm = L.BatchNormalization(3, dtype='f')
    assert norm(x).dtype == BFLOAT16
    labels = F.argmax(x, axis=1)
    assert labels.dtype.kind == 'i'
    embed = F.embed_id(np.array([0, 1]), x)
    assert embed.dtype == BFLOAT16


def lenet(device, steps=12, make=optimizers.MomentumSGD):
    np.random.seed(0)
    with minigrad.using_config('dtype', BFLOAT16):
        model = L.Classifier(LeNet())
        x = device.send(np.random.rand(8, 1, 28, 28).astype(BFLOAT16))
        t = device.send(np.arange(8, dtype='i'))
        model.to_device(device)
        optimizer = make(0.05).setup(model)
        losses = []
        for _ in range(steps):
            optimizer.update(model, x, t)
            losses.append(float(to_cpu(model.loss.array)))
    return model, optimizer, losses


def test_lenet_learns(device):
    model, _, losses = lenet(device, 6 if str(device) != '@numpy' else 12)
    assert {p.dtype for p in model.params()} == {BFLOAT16}
    assert {p.grad.dtype for p in model.params()} == {BFLOAT16}
    assert model.loss.dtype == BFLOAT16
    assert losses[-1] < 0.98 * losses[0]
    rule = model.predictor.conv1.W.update_rule
    assert rule._fp32_param.dtype == rule.state['v'].dtype == np.float32
    shown = to_cpu(model.predictor.conv1.W.array)
    master = to_cpu(rule._fp32_param.array)
    np.testing.assert_array_equal(shown, master.astype(BFLOAT16))


@pytest.mark.parametrize('suffix', ['npz', 'h5'])
def test_snapshot(suffix, tmp_path):
    if suffix == 'h5':
        pytest.importorskip('h5py', reason='HDF5 files need h5py')
    save = serializers.save_npz if suffix == 'npz' else serializers.save_hdf5
    load = serializers.load_npz if suffix == 'npz' else serializers.load_hdf5

    def make(steps):
        with minigrad.using_config('dtype', BFLOAT16):
            np.random.seed(0)
            model = L.Linear(3, 2)
        return train(model, optimizers.Adam().setup(model), steps)

    def train(model, optimizer, steps):
        for _ in range(steps):
            optimizer.update(lambda: F.sum(model(draw(4, 3)) ** 2))
        return model, optimizer

    model, optimizer = make(3)
    save(tmp_path / f'm.{suffix}', model)
    save(tmp_path / f'o.{suffix}', optimizer)
    resumed = make(0)
    load(tmp_path / f'm.{suffix}', resumed[0])
    load(tmp_path / f'o.{suffix}', resumed[1])
    train(*resumed, 3)
    train(model, optimizer, 3)
    for a, b in zip(model.params(), resumed[0].params(), strict=True):
        assert b.dtype == BFLOAT16
        np.testing.assert_array_equal(a.array, b.array)
        copies = a.update_rule._fp32_param.array, b.update_rule._fp32_param.array
        np.testing.assert_array_equal(*copies)


@pytest.mark.skipif(emulator.COMPILER is None, reason='the CUDA sources need g++')
@pytest.mark.parametrize('refused', [False, True])
def test_convolution_by_cudnn(refused):
    """Nothing is cast where cuDNN takes bfloat16, and all is where it does not."""
    x, W = draw(2, 3, 6, 6), draw(4, 3, 3, 3, seed=1)
    b = draw(4, seed=2)
    found = emulated_cudnn.make()
    if refused:
        found.library.refuse['cudnnCreate'] = emulated_cudnn.NOT_SUPPORTED
    results = []
    with stand_in.installed(
        cudnn=found,
        RawModule=emulator.RawModule,
        ElementwiseKernel=emulator.ElementwiseKernel,
    ) as cupy:
        for dtype in (BFLOAT16, np.float32):
            xs = [minigrad.Variable(cupy.asarray(a.astype(dtype))) for a in (x, W, b)]
            y = F.convolution_2d(*xs, pad=1)
            F.sum(y * y).backward()
            results.append([y.array.get(), *[v.grad.get() for v in xs]])
            if dtype == BFLOAT16:
                assert y.creator.label == 'Convolution2DFunction'
                ran = [c for c in found.library.calls if 'AlgorithmEx' not in c]
                ran = [c for c in ran if c.startswith('cudnnConvolution')]
                assert len(ran) == (0 if refused else 3)
    for narrow, exact in zip(*results, strict=True):
        assert narrow.dtype == BFLOAT16
        np.testing.assert_allclose(narrow.astype('f'), exact, rtol=0.1, atol=1)


def test_small_steps_add_up_in_the_copy():
    parameter = minigrad.Parameter(np.ones(1, BFLOAT16))
    link = minigrad.Link()
    with link.init_scope():
        link.p = parameter
    optimizer = optimizers.SGD(lr=1e-3).setup(link)
    for _ in range(20):
        parameter.grad = np.ones(1, BFLOAT16)
        optimizer.update()
    assert parameter.array.astype('f').item() == pytest.approx(0.98, abs=4e-3)


def test_batch_normalization_keeps_float32():
    with minigrad.using_config('dtype', BFLOAT16):
        norm, conv = L.BatchNormalization(2), L.Convolution2D(1, 2, 3)
        assert norm.gamma.dtype == norm.avg_mean.dtype == np.float32
        y = norm(conv(draw(4, 1, 6, 6)))
    assert conv.W.dtype == y.dtype == BFLOAT16


def test_dynamic_loss_scale(device):
    _, optimizer, _ = lenet(device, 1)
    optimizer.loss_scaling()
    for p in optimizer.target.params():
        p.grad = p.xp.ones_like(p.array)
    optimizer.update()
    assert optimizer._loss_scale == 2
    p = optimizer.target.predictor.fc3.b
    p.grad = device.send(np.full(p.shape, np.inf, BFLOAT16))
    with pytest.warns(UserWarning, match='fc3/b is not finite'):
        optimizer.update()
