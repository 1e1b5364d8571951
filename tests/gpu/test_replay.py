"""Steps recorded once: the same numbers, and eager wherever recording cannot be."""

import contextlib
import sys

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import cuda_graph, optimizers
from minigrad.cuda_graph import Replay, ReplayUpdater
from minigrad.kernels import kernels_for
from minigrad.kernels.cupy_gpu import CupyKernels
from minigrad.kernels.gpu import cublas
from models.lenet import LeNet
from tests.gpu import emulator, stand_in
from tests.gpu.emulator import cublas as emulated_cublas
from tests.gpu.emulator import cudnn as emulated_cudnn

pytestmark = pytest.mark.skipif(
    emulator.COMPILER is None, reason='the CUDA sources need g++ to run on the CPU'
)


@pytest.fixture
def blas(monkeypatch):
    library = emulated_cublas.make()
    monkeypatch.setattr(cublas, 'find_cublas', lambda: library)
    return library


@pytest.fixture
def xp(blas):
    with stand_in.installed(
        RawModule=emulator.RawModule, ElementwiseKernel=emulator.ElementwiseKernel
    ) as module:
        yield module


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize('turned', ['', 'a', 'b', 'ab'])
@pytest.mark.parametrize('stack', [(), (3,)])
def test_products(dtype, turned, stack, xp, blas):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((*stack, 4, 5)).astype(dtype)
    b = rng.standard_normal((*stack, 5, 6)).astype(dtype)
    there = [xp.asarray(a), xp.asarray(b)]
    for i, name in enumerate('ab'):
        if name in turned:
            there[i] = xp.ascontiguousarray(there[i].swapaxes(-1, -2)).swapaxes(-1, -2)
    k = kernels_for(there[0])
    with k.recording():
        c = k.matmul(*there)
    tolerance = {'e': 1e-2, 'f': 1e-5, 'd': 1e-12}[dtype]
    np.testing.assert_allclose(c.get(), a @ b, rtol=tolerance, atol=tolerance)
    assert len(blas.calls) == 1
    k.matmul(*there)
    assert len(blas.calls) == 1  # CuPy's own, outside of a recording


def mlp():
    np.random.seed(0)
    return L.Classifier(
        minigrad.Sequential(L.Linear(6, 5), F.relu, L.Linear(5, 3)).to_device('@cupy:0')
    )


def batches(n, size=4, shape=(6,), classes=3):
    rng = np.random.default_rng(1)
    return [
        (
            rng.standard_normal((size, *shape)).astype('f'),
            rng.integers(0, classes, size).astype('i'),
        )
        for _ in range(n)
    ]


def train(make, data, replay, optimizer=None):
    model = make()
    optimizer = optimizers.Adam() if optimizer is None else optimizer
    optimizer.setup(model)
    recorded = Replay(model, optimizer, warmup=2)
    send = minigrad.get_device('@cupy:0').send
    reporter = minigrad.Reporter()
    reporter.add_observer('main', model)
    losses = []
    for x, t in data:
        with reporter.scope({}), reporter:
            reporter.observation = {}
            if replay:
                recorded.update(send(x), send(t))
            else:
                optimizer.update(model, send(x), send(t))
            losses.append(reporter.observation['main/loss'])
    params = [minigrad.backend.to_cpu(p.array) for p in model.params()]
    return params, [float(loss.array) for loss in losses], recorded, optimizer


@pytest.mark.parametrize('name', ['SGD', 'MomentumSGD', 'Adam'])
def test_same_numbers(name, xp):
    data = batches(6)
    expected = train(mlp, data, False, getattr(optimizers, name)(0.1))
    actual = train(mlp, data, True, getattr(optimizers, name)(0.1))
    for a, e in zip(actual[0], expected[0], strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-6)
    # Reported values are kept, though each replay writes over its own.
    np.testing.assert_allclose(actual[1], expected[1], rtol=1e-5)
    assert actual[2].n_replayed == 4
    assert actual[2].reason == ''
    assert actual[3].t == expected[3].t == 6


@pytest.mark.parametrize('kernels', ['cupy', 'cudnn'])
def test_lenet(kernels, blas):
    def make():
        np.random.seed(0)
        model = L.Classifier(LeNet(in_channels=1))
        model.predictor(np.zeros((1, 1, 28, 28), 'f'))
        return model.to_device('@cupy:0')

    found = emulated_cudnn.make() if kernels == 'cudnn' else stand_in.NO_CUDNN
    data = batches(4, 3, (1, 28, 28), 10)
    with stand_in.installed(
        cudnn=found,
        RawModule=emulator.RawModule,
        ElementwiseKernel=emulator.ElementwiseKernel,
    ):
        expected = train(make, data, False)
        actual = train(make, data, True)
    assert actual[2].n_replayed == 2
    np.testing.assert_allclose(actual[1], expected[1], rtol=1e-4)


def test_another_shape_is_another_recording(xp):
    data = batches(3) + batches(3, 2) + batches(2) + batches(1, 2)
    recorded = train(mlp, data, True)[2]
    assert recorded.n_replayed == 1 + 1 + 2 + 1
    assert len(recorded._plans) == 2


def refuse(self):
    raise ImportError('for a test')


def make_replay(lossfun, model, **kwargs):
    return Replay(lossfun, optimizers.SGD().setup(model), warmup=2, **kwargs)


def run(replay, xp, n=5):
    """Makes steps; returns the warnings' texts."""
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        for x, t in batches(n):
            replay.update(xp.asarray(x), xp.asarray(t))
    return [str(w.message) for w in caught]


def test_a_branch_on_a_value_runs_as_usual(xp):
    model = mlp()

    def loss(x, t):
        y = model(x, t)
        return y * 2 if float(y.array) > 0 else y

    replay = make_replay(loss, model)
    (warning,) = run(replay, xp)
    assert (
        'this step runs as usual, because it cannot be recorded: cudaError' in warning
    )
    assert replay.n_replayed == 0
    assert replay.reason in warning
    assert model.predictor[0].W.grad is not None


def test_a_model_that_changes_runs_as_usual(xp):
    model = mlp()
    count = iter(range(100))

    def loss(x, t):
        y = model(x, t)
        return F.exp(y) if next(count) % 2 else y

    replay = make_replay(loss, model)
    (warning,) = run(replay, xp)
    assert 'applies other functions from step to step' in warning
    assert replay.n_replayed == 0


def test_random_numbers(xp):
    """Philox, by the known answer of its authors' tests, moved on in each replay."""
    k = kernels_for(xp.empty(1))
    with k.recording() as resources:
        state = resources.random_state
        state[...] = 0
        u = k.uniform((3, 3)).get().ravel()
        again = k.uniform((4,)).get()
    expected = np.array([0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8], np.uint64)
    np.testing.assert_array_equal(u[:4], (expected >> 8) / np.float32(1 << 24))
    assert state.tolist() == [0, 4]
    assert not set(u.tolist()) & set(again.tolist())


def test_dropout_draws_anew_in_each_replay(xp):
    model = mlp()
    seen = []

    def loss(x, t):
        y, mask = F.dropout(x, 0.5, return_mask=True)
        seen.append(mask)
        return model(y, t)

    replay = make_replay(loss, model)
    masks = []
    for _ in range(8):
        assert run(replay, xp, 1) == []
        masks.append(seen[-1].get().tobytes())
    assert replay.n_replayed == 6
    assert len(seen) == 3  # Python ran while warming up and recording
    assert len(set(masks[2:])) == 6


def test_other_random_numbers_run_as_usual(xp):
    model = mlp()
    replay = make_replay(lambda x, t: model(F.gaussian(x, x), t), model)
    (warning,) = run(replay, xp)
    assert 'it cannot be recorded: random' in warning


def test_own_key(xp):
    model, phase = mlp(), [0]
    replay = make_replay(
        lambda x, t: model(x, t) * (phase[0] + 1), model, key=lambda: phase[0]
    )
    run(replay, xp, 3)
    assert replay.n_replayed == 1
    phase[0] = 1
    run(replay, xp, 3)
    assert replay.n_replayed == 2


def test_configuration_and_moved_models_are_other_recordings(xp):
    model = mlp()
    replay = make_replay(model, model)
    run(replay, xp, 3)
    with minigrad.using_config('train', False):
        run(replay, xp, 1)
        assert replay.reason == 'warming up (1 of 2)'
    model.predictor[0].W.array = model.predictor[0].W.array.copy()
    run(replay, xp, 1)
    assert replay.reason == 'warming up (1 of 2)'


@pytest.mark.parametrize('kernels', ['numpy', 'reference', 'debug'])
def test_unsuitable(kernels, xp, monkeypatch):
    model = mlp()
    replay = make_replay(model, model)
    context = contextlib.nullcontext()
    send = xp.asarray
    if kernels == 'numpy':
        model.to_device('@numpy')
        send, reason = np.asarray, 'the inputs are not arrays of one GPU'
    elif kernels == 'debug':
        context = minigrad.using_config('debug', True)
        reason = 'debug mode looks at every result'
    else:
        monkeypatch.setattr(CupyKernels, '__init__', refuse)
        stand_in._forget()
        reason = 'the kernels in use cannot be recorded'
    with context:
        for x, t in batches(4):
            replay.update(send(x), send(t))
    assert replay.reason == reason
    assert replay.n_replayed == 0


def test_updater(xp, tmp_path):
    data = minigrad.datasets.TupleDataset(
        np.random.rand(24, 6).astype('f'), np.arange(24, dtype='i') % 3
    )
    updater = ReplayUpdater(
        minigrad.iterators.SerialIterator(data, 4),
        optimizers.SGD().setup(mlp()),
        device='@cupy:0',
    )
    trainer = minigrad.training.Trainer(updater, (2, 'epoch'), out=tmp_path)
    trainer.extend(minigrad.training.extensions.LogReport())
    trainer.run()
    assert updater.iteration == 12
    assert updater.replay.n_replayed == 9
    log = trainer.get_extension('LogReport').log
    assert log[0]['main/loss'] > 0


def test_bad_warmup():
    with pytest.raises(ValueError, match='warmup >= 1, got 0'):
        Replay(None, None, warmup=0)


def test_recordings_share_nothing(xp, blas):
    k = kernels_for(xp.empty(1))
    made = []
    for _ in range(2):
        with k.recording() as resources:
            made.append(resources)
    first, second = made
    assert first.products._workspace.ptr != second.products._workspace.ptr
    assert first.random_state is not second.random_state


class Pool:
    """Blocks of bytes, as CuPy's pool has them; ``room`` is left on the card."""

    def __init__(self, room):
        self.room, self.used, self.free = room, 0, []

    def malloc(self, size):
        if size in self.free:
            self.free.remove(size)
        elif size > self.room:
            self.room, self.free = self.room + sum(self.free) - size, []
        else:
            self.room -= size
        self.used += size

    def total_bytes(self):
        return self.used + sum(self.free)

    def free_bytes(self):
        return sum(self.free)

    def give_back(self, size):
        self.used -= size
        self.free.append(size)


def test_a_pool_that_gives_blocks_back_ends_the_recording():
    pool = Pool(100)
    growing = cuda_graph._Growing(pool)
    growing.malloc(40)
    pool.give_back(40)
    growing.malloc(40)  # again
    pool.give_back(40)
    growing.malloc(60)  # beside it
    with pytest.raises(MemoryError, match='the card is full'):
        growing.malloc(30)


def test_tf32_is_what_the_configuration_says_whoever_changed_it(xp):
    products = sys.modules['cupy._core._routines_linalg']
    k = kernels_for(xp.empty(1))
    for other in (products.COMPUTE_TYPE_TF32, products.COMPUTE_TYPE_DEFAULT):
        products.set_compute_type(np.float32, other)
        for wanted in (True, False):
            with minigrad.using_config('allow_tf32', wanted):
                k.matmul(xp.ones((2, 2), 'f'), xp.ones((2, 2), 'f'))
            expected = products.COMPUTE_TYPE_TF32 if wanted else 1
            assert products.get_compute_type(np.float32) == expected
