"""Updates within a recording: rates that change, scaled losses, and when it is left."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import optimizer_hooks, optimizers
from minigrad.cuda_graph import Replay
from minigrad.kernels.gpu import cublas
from tests.gpu import emulator, stand_in
from tests.gpu.emulator import cublas as emulated_cublas
from tests.gpu.stand_in.cuda import state
from tests.gpu.test_together import MAKERS

pytestmark = pytest.mark.skipif(
    emulator.COMPILER is None, reason='the CUDA sources need g++ to run on the CPU'
)


@pytest.fixture
def xp(monkeypatch):
    library = emulated_cublas.make()
    monkeypatch.setattr(cublas, 'find_cublas', lambda: library)
    with stand_in.installed(
        RawModule=emulator.RawModule, ElementwiseKernel=emulator.ElementwiseKernel
    ) as module:
        yield module


class Training:
    """A small model trained for some steps, as usual or replayed."""

    def __init__(self, xp, make, replayed, change=None, dtype='f', scale=None):
        np.random.seed(0)
        with minigrad.using_config('dtype', np.dtype(dtype)):
            layers = L.Linear(6, 5), F.tanh, L.Linear(5, 3)
        self.model = minigrad.Sequential(*layers).to_device('@cupy:0')
        self.optimizer = make().setup(self.model)
        if dtype == 'e':
            self.optimizer.use_fp32_update()
        if scale is not None:
            self.optimizer.loss_scaling(scale=None if scale == 'dynamic' else scale)
        self.replay = Replay(self.loss, self.optimizer, warmup=2)
        self.replayed, self.change, self.xp, self.dtype = replayed, change, xp, dtype
        self.steps = self.launches = 0
        self.scales = []

    def loss(self, x, t):
        return F.softmax_cross_entropy(self.model(x), t)

    def run(self, steps=7):
        for _ in range(steps):
            if self.change is not None:
                self.change(self, self.steps)
            rng = np.random.default_rng(self.steps)
            x = self.xp.asarray(rng.standard_normal((4, 6)).astype(self.dtype))
            t = self.xp.asarray(rng.integers(0, 3, 4).astype('i'))
            before = state.launches
            if self.replayed:
                self.replay.update(x, t)
            else:
                self.optimizer.update(self.loss, x, t)
            self.launches = state.launches - before
            self.scales.append(self.optimizer._loss_scale)
            self.steps += 1
        return self

    @property
    def records_update(self):
        (plan,) = self.replay._plans.values()
        return plan.recording._update_ is not None

    def values(self):
        found = {}
        for name, p in self.model.namedparams():
            arrays = {'': p.array, 'grad': p.grad, **p.update_rule.state}
            for key, array in arrays.items():
                found[name + key] = minigrad.backend.to_cpu(array).astype('d')
        return found


def check_alike(xp, make, tolerance=1e-5, **options):
    """Trains twice; returns the replayed training."""
    usual = Training(xp, make, False, **options).run()
    replayed = Training(xp, make, True, **options).run()
    expected, actual = usual.values(), replayed.values()
    assert expected.keys() == actual.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(
            actual[key], value, rtol=tolerance, atol=tolerance, err_msg=key
        )
    assert usual.optimizer.t == replayed.optimizer.t == usual.steps
    for a, b in zip(usual.model.params(), replayed.model.params(), strict=True):
        assert a.update_rule.t == b.update_rule.t
        assert a._loss_scale == b._loss_scale
    assert usual.scales == replayed.scales
    return replayed


@pytest.mark.parametrize('name', MAKERS)
def test_every_optimizer(name, xp):
    training = check_alike(xp, MAKERS[name], tolerance=1e-4)
    assert training.records_update
    assert training.replay.n_replayed == 5
    assert training.replay.reason == ''
    # All that is left besides the graph: two inputs.
    assert training.launches <= 2


def change_rates(training, step):
    if step == 4:
        training.optimizer.alpha *= 10
    if step == 5:
        training.model[0].W.update_rule.hyperparam.alpha = 0.3
        training.model[0].b.update_rule.hyperparam.beta1 = 0.5


def test_rates_change_between_replays(xp):
    training = check_alike(xp, optimizers.Adam, change=change_rates)
    assert training.records_update
    assert training.replay.n_replayed == 5


@pytest.mark.parametrize('dtype', 'ef')
@pytest.mark.parametrize('name', ['MomentumSGD', 'Adam'])
@pytest.mark.parametrize('scale', [None, 64.0])
def test_precision_and_fixed_scale(name, dtype, scale, xp):
    make = getattr(optimizers, name)
    tolerance = 2e-2 if dtype == 'e' else 1e-5
    training = check_alike(xp, make, tolerance, dtype=dtype, scale=scale)
    assert training.records_update
    assert training.replay.n_replayed == 5


def change_scale(training, step):
    if step == 5:
        training.optimizer.set_loss_scale(16.0)


def test_fixed_scale_changes(xp):
    training = check_alike(xp, optimizers.Adam, scale=64.0, change=change_scale)
    assert training.replay.n_replayed == 5


def test_dynamic_scale(xp):
    """The scale doubles in each step, and the same recording is replayed."""
    training = check_alike(xp, optimizers.Adam, scale='dynamic')
    assert training.scales == [2.0**i for i in range(1, 8)]
    assert not training.records_update
    assert training.replay.n_replayed == 5


def spoil(training, step):
    if step == 5:
        training.optimizer._loss_scale = np.inf


def test_a_step_that_overflows_is_skipped(xp):
    training = Training(xp, optimizers.Adam, True, spoil, scale='dynamic').run(5)
    before = training.model[0].W.array.get()
    waits = state.synchronisations
    with (
        np.errstate(all='ignore'),
        pytest.warns(UserWarning, match='not finite'),
    ):
        training.run(1)
    assert state.synchronisations == waits + 1
    np.testing.assert_array_equal(training.model[0].W.array.get(), before)
    assert training.replay.n_replayed == 4
    assert training.model[0].W.update_rule.t == 5
    assert training.optimizer.t == 6


def hook_from_the_start(training, step):
    if step == 0:
        training.optimizer.add_hook(optimizer_hooks.WeightDecay(0.1))


def hook_later(training, step):
    if step == 4:
        training.optimizer.add_hook(optimizer_hooks.WeightDecay(0.1))


def rule_hook_later(training, step):
    if step == 4:
        rule = training.model[0].W.update_rule
        rule.add_hook(optimizer_hooks.WeightDecay(0.1))


def disable_later(training, step):
    if step == 4:
        training.model[0].W.update_rule.enabled = False


def new_rules_later(training, step):
    if step == 4:
        training.optimizer.setup(training.model)
        training.optimizer.t = 4


def new_state_later(training, step):
    if step == 4:
        state = training.model[0].W.update_rule.state
        state['m'] = state['m'] * 2


@pytest.mark.parametrize(
    ('change', 'n_replayed'),
    [
        (hook_from_the_start, 5),
        (hook_later, 3),
        (rule_hook_later, 3),
        (disable_later, 3),
        (new_rules_later, 3),
        (new_state_later, 3),
    ],
)
def test_changes_are_noticed(change, n_replayed, xp):
    """The step is recorded anew, with the update outside where it must be."""
    training = check_alike(xp, optimizers.Adam, change=change)
    assert training.replay.n_replayed == n_replayed
    assert training.records_update == change.__name__.startswith('new')


def test_a_failed_recording_changes_no_counter(xp):
    def wrong(training, step):
        if step == 2:
            training.model[0].W.update_rule.hyperparam.eps = 1e-50

    training = Training(xp, optimizers.Adam, True, wrong).run(2)
    with (
        pytest.raises(ValueError, match='eps of Adam optimizer is too small'),
        pytest.warns(RuntimeWarning, match='eps of Adam'),
    ):
        training.run(1)
    assert training.model[2].b.update_rule.t == 2


def test_memory_of_recordings(xp, monkeypatch):
    training = Training(xp, optimizers.SGD, True)
    assert training.replay.recorded_bytes == 0
    monkeypatch.setattr(xp.cuda.MemoryPool, 'total_bytes', lambda self: 512)
    assert training.run().replay.recorded_bytes == 512
