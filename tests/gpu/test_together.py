"""Many parameters updated by one launch: bit-equal to one launch each."""

import contextlib

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import optimizer_hooks, optimizers
from minigrad.kernels import Kernels, kernels_for
from minigrad.kernels.gpu import table
from tests.gpu import emulator, stand_in
from tests.gpu.stand_in.cuda import state
from tests.gpu.test_training import OPTIMIZERS

pytestmark = pytest.mark.skipif(
    emulator.COMPILER is None, reason='the CUDA sources need g++ to run on the CPU'
)
SHAPES = [(3, 4), (), (5,), (0, 2), (2, 1, 3), (2 * table.PIECE + 1,)]


@pytest.fixture
def xp():
    with stand_in.installed(
        RawModule=emulator.RawModule, ElementwiseKernel=emulator.ElementwiseKernel
    ) as module:
        yield module


class Bag(minigrad.Link):
    """Parameters of some shapes, with gradients to be set."""

    def __init__(self, shapes=SHAPES, dtype='f', device='@cupy:0'):
        super().__init__()
        rng = np.random.default_rng(0)
        with self.init_scope():
            for i, shape in enumerate(shapes):
                data = np.asarray(rng.standard_normal(shape), dtype)
                setattr(self, f'p{i}', minigrad.Parameter(data))
        self.to_device(device)

    def draw(self, seed, scale=None):
        rng = np.random.default_rng(seed)
        for _, p in sorted(self.namedparams()):
            g = rng.standard_normal(p.shape) * (1 if scale is None else scale)
            p.grad = p.device.send(np.asarray(g, p.dtype))
            p._loss_scale = scale

    def values(self):
        """Returns all arrays that an update may change, in main memory."""
        found = {}
        for name, p in self.namedparams():
            rule = p.update_rule
            arrays = {'p': p.array, 'g': p.grad, **(rule.state or {})}
            if rule._fp32_param is not None:
                arrays['fp32'] = rule._fp32_param.array
            for key, array in arrays.items():
                if array is not None:
                    found[name, key] = minigrad.backend.to_cpu(array).tobytes()
            found[name, 't'] = rule.t
        return found


def run(make, steps=3, scale=None, change=None, separately=False, **options):
    bag = Bag(**options)
    optimizer = make().setup(bag)
    if options.get('dtype') == 'e':
        optimizer.use_fp32_update()
    launches = []
    context = pytest.MonkeyPatch.context() if separately else contextlib.nullcontext()
    with context as patch:
        if separately:
            patch.setattr(optimizers._kernel_rule.KernelRule, 'joins', lambda *a: False)
        for step in range(steps):
            bag.draw(step, scale)
            if change is not None:
                change(bag, optimizer, step)
            before = state.launches
            optimizer.update()
            launches.append(state.launches - before)
    return bag.values(), launches


MAKERS = {name: getattr(optimizers, name) for name in OPTIMIZERS}
MAKERS['RMSprop inside'] = lambda: optimizers.RMSprop(eps_inside_sqrt=True)
MAKERS['AdamW'] = lambda: optimizers.AdamW(weight_decay_rate=0.1, eta=0.5)


@pytest.mark.parametrize('name', MAKERS)
def test_bit_equal(name, xp):
    together, launches = run(MAKERS[name])
    separate, more = run(MAKERS[name], separately=True)
    assert together == separate
    assert launches[-1] == 1
    assert more[-1] == len(SHAPES)


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize('name', ['SGD', 'Adam'])
@pytest.mark.parametrize('scale', [None, 128.0])
def test_bit_equal_in_every_precision(name, dtype, scale, xp):
    options = {'dtype': dtype, 'scale': scale}
    together, launches = run(MAKERS[name], **options)
    assert together == run(MAKERS[name], separately=True, **options)[0]
    # Cast, divide, update, cast back: each once for all parameters. The rest makes room
    # for float32 gradients.
    made = 1 + (scale is not None) + (2 + len(SHAPES) if dtype == 'e' else 0)
    assert launches[-1] == made


def different(bag, optimizer, step):
    if step == 0:
        bag.p0.update_rule.hyperparam.alpha = 0.5
        bag.p1.update_rule.enabled = False
        bag.p2.update_rule.add_hook(optimizer_hooks.WeightDecay(0.1))
        bag.p4.update_rule.update_core = bag.p4.update_rule.update_core
    if step == 1:
        bag.p1.update_rule.enabled = True
        bag.p2.cleargrad()


def test_parameters_that_differ(xp):
    together, launches = run(optimizers.Adam, change=different)
    assert together == run(optimizers.Adam, change=different, separately=True)[0]
    # p0 for its rate, p1 for its t, p2 for its hook, p4 for its method, and the others.
    assert launches[-1] > 4


def test_a_rule_of_the_program_is_left_alone(xp):
    class Clipped(optimizers.sgd.SGDRule):
        def step(self, k, param, grad):
            super().step(k, param, grad)
            param[...] = param.clip(-0.1, 0.1)

    class Optimizer(optimizers.SGD):
        def create_update_rule(self):
            return Clipped(self.hyperparam)

    values, _ = run(Optimizer)
    assert max(abs(np.frombuffer(values['/p0', 'p'], 'f'))) == np.float32(0.1)


def test_more_parameters_than_rows_of_the_table(xp):
    shapes = [(i % 7 + 1,) for i in range(2 * table.ROWS + 3)]
    together, launches = run(optimizers.MomentumSGD, shapes=shapes)
    separate, _ = run(optimizers.MomentumSGD, shapes=shapes, separately=True)
    assert together == separate
    assert launches[-1] == 3


def test_two_devices(xp):
    def move(bag, optimizer, step):
        if step == 0:
            for p in (bag.p0, bag.p2):
                p.to_device('@cupy:1')

    together, launches = run(optimizers.SGD, change=move)
    assert together == run(optimizers.SGD, change=move, separately=True)[0]
    assert launches[-1] == 2


def test_strided_gradients_and_states(xp):
    def turn(bag, optimizer, step):
        grad = xp.ascontiguousarray(bag.p0.grad.T)
        bag.p0._set_grad_var(minigrad.Variable(grad.T))

    together, _ = run(optimizers.Adam, change=turn)
    assert together == run(optimizers.Adam, change=turn, separately=True)[0]


def test_an_error_leaves_what_came_before_updated(xp):
    def wrong(bag, optimizer, step):
        bag.p2.update_rule.hyperparam.eps = 1e-50

    bag = Bag()
    optimizer = optimizers.Adam().setup(bag)
    bag.draw(0)
    wrong(bag, optimizer, 0)
    before = bag.p0.array.get()
    with pytest.raises(ValueError, match='eps of Adam optimizer is too small'):
        optimizer.update()
    assert (bag.p0.array.get() != before).all()


def test_lenet_learns_alike(xp):
    def losses(separately):
        np.random.seed(0)
        model = minigrad.Sequential(L.Linear(4, 5), F.relu, L.Linear(5, 3))
        model.to_device('@cupy:0')
        optimizer = optimizers.Adam().setup(model)
        if separately:
            for p in model.params():
                p.update_rule.joins = lambda param: False
        rng = np.random.default_rng(0)
        x = xp.asarray(rng.random((6, 4), 'f'))
        t = xp.asarray(np.arange(6, dtype='i') % 3)
        found = []
        for _ in range(4):
            loss = F.softmax_cross_entropy(model(x), t)
            model.cleargrads()
            loss.backward()
            optimizer.update()
            found.append(loss.array.item())
        return found

    assert losses(False) == losses(True)


@pytest.mark.parametrize('kernels', ['cupy', 'reference'])
@pytest.mark.parametrize('dtype', 'efd')
def test_finite(dtype, kernels, xp):
    arrays = [np.asarray(np.ones(shape), dtype) for shape in SHAPES * 12]
    for i, value in ((0, np.nan), (5, np.inf), (66, -np.inf)):
        arrays[i].ravel()[-1] = value
    there = [xp.asarray(a) for a in arrays]
    k = kernels_for(there[0]) if kernels == 'cupy' else Kernels(xp)
    waits = state.synchronisations
    bad = [i for i, good in enumerate(k.finite(there)) if not good]
    assert bad == [0, 5, 66]
    assert state.synchronisations == waits + 1
    assert k.finite([]) == []
    assert Kernels(np).finite(arrays) == k.finite(there)


def test_one_wait_for_a_dynamic_loss_scale(xp):
    bag = Bag(dtype='f')
    optimizer = optimizers.SGD().setup(bag)
    optimizer.loss_scaling()
    bag.draw(0)
    waits = state.synchronisations
    optimizer.update()
    assert state.synchronisations == waits + 1
    bag.draw(1)
    bag.p2.grad[1:2] = np.inf
    bag.p4.grad[...] = np.nan
    before = bag.values()
    with pytest.warns(UserWarning, match='not finite') as caught:
        optimizer.update()
    assert [str(w.message).split()[3] for w in caught] == ['/p2', '/p4']
    assert bag.values() == before
