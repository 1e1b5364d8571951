"""Optimizer, GradientMethod, UpdateRule and Hyperparameter."""

import copy
import inspect
import pickle
import warnings

import numpy as np
import pytest

import minigrad.functions as F
from minigrad import optimizer, optimizer_hooks, optimizers
from minigrad.chain_list import ChainList
from minigrad.link import Link
from minigrad.optimizer import (
    GradientMethod,
    Hyperparameter,
    HyperparameterProxy,
    Optimizer,
    UpdateRule,
)
from minigrad.parameter import Parameter
from minigrad.serializers import DictionarySerializer, NpzDeserializer
from minigrad.variable import Variable

MOMENTUM_STATE_OF_CHAINER = {
    # Keys of serializers.DictionarySerializer after two updates, Chainer 7.8.1.
    't': 2,
    'epoch': 0,
    '0/w/t': 2,
    '0/w/v': np.array([-0.019, -0.038], np.float32),
    '1/w/t': 2,
    '1/w/v': np.array([-0.057], np.float32),
}


class Weight(Link):
    def __init__(self, array, grad=None):
        super().__init__()
        with self.init_scope():
            self.w = Parameter(array)
        if grad is not None:
            self.w.grad = grad


def two_weights(dtype=np.float32):
    return ChainList(
        Weight(np.array([1.0, 2.0], dtype), np.array([1.0, 2.0], dtype)),
        Weight(np.array([3.0], dtype), np.array([3.0], dtype)),
    )


def save(obj):
    serializer = DictionarySerializer()
    obj.serialize(serializer)
    return serializer.target


def load(obj, snapshot, **kwargs):
    obj.serialize(NpzDeserializer(snapshot, **kwargs))


# Hyperparameter


def test_hyperparameter_falls_back_to_its_parent():
    parent = Hyperparameter()
    parent.x, parent.y = 1, 2
    child = Hyperparameter(parent)
    child.y, child.z = None, 0
    assert (child.x, child.y, child.z) == (1, None, 0)
    assert child.parent is parent
    assert parent.parent is None
    assert child.get_dict() == {'x': 1, 'y': None, 'z': 0}
    assert repr(child) == 'Hyperparameter(x=1, y=None, z=0)'
    parent.x = 5
    assert child.x == 5
    assert not hasattr(parent, 'z')
    with pytest.raises(AttributeError, match="no hyperparameter is named 'lr'"):
        _ = child.lr


@pytest.mark.parametrize(
    'duplicate', [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_hyperparameter_is_copied_with_its_parent(duplicate):
    parent = Hyperparameter()
    parent.x = 1
    child = Hyperparameter(parent)
    parent_copy, child_copy = duplicate([parent, child])
    assert child_copy.parent is parent_copy
    assert child_copy.x == 1
    parent.x = 2
    assert child_copy.x == 1


def test_hyperparameter_proxy():
    class Own(GradientMethod):
        lr = HyperparameterProxy('lr')

    own = Own()
    own.lr = 0
    assert own.hyperparam.get_dict() == {'lr': 0}
    assert own.lr == 0
    assert 'hyperparam.lr' in Own.lr.__doc__


def test_a_parameter_may_have_its_own_rate():
    target = two_weights()
    optimizers.SGD(lr=1.0).setup(target)
    target[0].w.update_rule.hyperparam.lr = 0.5
    target[0].w.update()
    target[1].w.update()
    assert target[0].w.array.tolist() == [0.5, 1.0]
    assert target[1].w.array.tolist() == [0.0]


# UpdateRule


class Recorder(UpdateRule):
    def __init__(self):
        super().__init__()
        self.calls = []

    def update_core_cpu(self, param):
        self.calls.append(param)


def parameter(dtype=np.float32):
    param = Parameter(np.ones((2, 3), dtype))
    param.grad = np.ones((2, 3), dtype)
    return param


def test_update_rule_counts_and_calls_the_core():
    rule, param = Recorder(), parameter()
    assert (rule.t, rule.state, rule.enabled) == (0, None, True)
    rule.update(param)
    assert rule.calls == [param] or rule.calls[0] is param
    assert rule.t == 1
    assert rule.state == {}


def test_update_rule_disabled():
    rule = Recorder()
    rule.enabled = False
    rule.update(parameter())
    assert rule.calls == []
    assert rule.t == 0


def test_update_rule_without_a_core():
    with pytest.raises(NotImplementedError, match='UpdateRule has no update_core'):
        UpdateRule().update(parameter())
    with pytest.raises(NotImplementedError, match='UpdateRule has no update_core'):
        UpdateRule().update_core_gpu(parameter())
    with pytest.raises(NotImplementedError, match='ChainerX'):
        UpdateRule().update_core_chainerx(parameter())


def test_update_core_override():
    class Own(UpdateRule):
        def update_core(self, param):
            param.array[...] = 7

    param = parameter()
    Own().update(param)
    assert (param.array == 7).all()


def test_update_rule_hooks_in_order():
    rule, param, order = Recorder(), parameter(), []

    def first(r, p):
        assert r is rule
        assert p is param
        order.append(('first', len(rule.calls)))

    def second(r, p):
        order.append(('second', len(rule.calls)))

    def late(r, p):
        order.append(('late', len(rule.calls)))

    late.timing = 'post'
    rule.add_hook(late)
    rule.add_hook(first)
    rule.add_hook(second, name='other')
    rule.update(param)
    assert order == [('first', 0), ('second', 0), ('late', 1)]
    rule.remove_hook('first')
    rule.remove_hook('other')
    rule.remove_hook('late')
    rule.update(param)
    assert len(order) == 3


@pytest.mark.parametrize(
    'make', [UpdateRule, lambda: optimizers.SGD().setup(two_weights())]
)
def test_hook_errors(make):
    owner = make()
    with pytest.raises(TypeError, match='must be callable, got 1'):
        owner.add_hook(1)
    with pytest.raises(ValueError, match="'pre', 'post' or 'auto', got 'after'"):
        owner.add_hook(print, timing='after')
    with pytest.raises(ValueError, match='has no name; pass add_hook'):
        owner.add_hook(type('NoName', (), {'__call__': lambda self, *a: None})())
    owner.add_hook(lambda *a: None, name='h')
    owner.add_hook(lambda *a: None, name='late', timing='post')
    with pytest.raises(KeyError, match=r"named 'h' exists already.*remove_hook\('h'\)"):
        owner.add_hook(lambda *a: None, name='h', timing='post')
    with pytest.raises(KeyError, match=r"no hook is named 'x'; there are .*h.*late"):
        owner.remove_hook('x')


def test_unknown_timing_of_a_hook():
    def hook(*args):
        pass

    hook.timing = 'sometime'
    opt = optimizers.SGD().setup(two_weights())
    with pytest.warns(UserWarning, match='it will be called before the update'):
        opt.add_hook(hook)
    opt.call_hooks('post')
    with pytest.raises(ValueError, match="must be 'pre' or 'post', got 'auto'"):
        opt.call_hooks('auto')


class WithState(UpdateRule):
    def init_state(self, param):
        self.state['a'] = 0
        self.state['b'] = np.array([1, 2, 3], np.float32)

    def update_core(self, param):
        self.state['a'] += 1
        self.state['b'] += 1


def test_state_is_saved_and_loaded():
    rule = WithState()
    rule.update(parameter())
    rule.update(parameter())
    snapshot = save(rule)
    assert sorted(snapshot) == ['a', 'b', 't']
    for fresh in (False, True):
        other = WithState()
        if not fresh:
            other.update(parameter())
        load(other, snapshot)
        assert other.t == 2
        assert other.state['a'] == 2
        assert other.state['b'].tolist() == [3, 4, 5]


def test_incomplete_state():
    rule = WithState()
    rule.update(parameter())
    snapshot = save(rule)
    del snapshot['a']
    other = WithState()
    with pytest.raises(KeyError):
        load(other, snapshot)
    assert other.state is None
    load(other, snapshot, strict=False)
    assert other.state is None
    assert other.t == 1
    other = WithState()
    other.enabled = False
    load(other, snapshot)
    assert other.state is None


def test_snapshot_before_the_first_update():
    """Chainer cannot load it."""
    source, target = (optimizers.Adam().setup(two_weights()) for _ in range(2))
    load(target, save(source))
    assert target.target[0].w.update_rule.state is None
    target.update()


@pytest.mark.filterwarnings('ignore:.*called before any backward')
def test_snapshot_with_a_parameter_that_never_got_a_shape():
    """Chainer cannot load it."""

    def make():
        target = ChainList(Weight(np.ones(2, np.float32)), Weight(None))
        return optimizers.Adam().setup(target)

    source = make()
    source.target.cleargrads()
    source.update()
    target = make()
    load(target, save(source))
    assert target.target[1].w.update_rule.t == 1
    assert target.target[1].w.update_rule.state is None
    assert target.target[0].w.update_rule.state is not None


def test_a_snapshot_of_another_optimizer_is_refused():
    source = optimizers.SGD().setup(two_weights())
    source.update()
    with pytest.raises(KeyError, match='0/w/'):
        load(optimizers.Adam().setup(two_weights()), save(source))


def test_chainers_snapshot():
    source = optimizers.MomentumSGD().setup(two_weights())
    for _ in range(2):
        source.update()
    snapshot = save(source)
    assert set(snapshot) == set(MOMENTUM_STATE_OF_CHAINER)
    for key, value in MOMENTUM_STATE_OF_CHAINER.items():
        np.testing.assert_allclose(snapshot[key], value, rtol=1e-6)
    target = optimizers.MomentumSGD().setup(two_weights())
    load(target, MOMENTUM_STATE_OF_CHAINER)
    assert target.t == 2
    assert target.target[0].w.update_rule.t == 2
    np.testing.assert_array_equal(
        target.target[0].w.update_rule.state['v'], MOMENTUM_STATE_OF_CHAINER['0/w/v']
    )


# Exact resume: of every optimizer, from a snapshot into new objects.

ALL = [getattr(optimizers, name) for name in optimizers.__all__]


def grads_of(step, target):
    rng = np.random.default_rng(step)
    for param in target.params():
        param.grad = rng.normal(size=param.shape).astype(param.dtype)


@pytest.mark.parametrize('fp32', [False, True])
@pytest.mark.parametrize('cls', ALL)
def test_resume_bit_exactly(cls, fp32):
    kwargs = {'eps': 1e-3} if 'eps' in inspect.signature(cls).parameters else {}

    def make():
        opt = cls(**kwargs).setup(two_weights(np.float16 if fp32 else np.float32))
        if fp32:
            opt.use_fp32_update()
            opt.loss_scaling(interval=10)
        return opt

    straight = make()
    for step in range(6):
        if step == 3:
            resumed = make()
            snapshot = {k: np.array(v) for k, v in save(straight).items()}
            load(resumed.target, save(straight.target))
            load(resumed, snapshot)
        grads_of(step, straight.target)
        straight.update()
    for step in range(3, 6):
        grads_of(step, resumed.target)
        resumed.update()
    expected, actual = save(straight), save(resumed)
    assert expected.keys() == actual.keys()
    for key in expected:
        np.testing.assert_array_equal(actual[key], expected[key], err_msg=key)
    for a, b in zip(resumed.target.params(), straight.target.params(), strict=True):
        assert a.array.tobytes() == b.array.tobytes()


def test_resume_of_a_dynamic_loss_scale():
    def make():
        opt = optimizers.SGD().setup(two_weights())
        opt.loss_scaling(interval=4)
        return opt

    source = make()
    for _ in range(3):
        source.update()
    source.target[1].w.grad[0] = np.inf
    with pytest.warns(UserWarning, match='the gradient of /1/w is not finite'):
        source.update()
    target = make()
    load(target, save(source))
    assert target._loss_scale == source._loss_scale == 4.0
    source.target[1].w.grad = target.target[1].w.grad = np.zeros(1, np.float32)
    source.update()
    target.update()
    assert target._loss_scale == source._loss_scale == pytest.approx(4 * 2**0.25)


# float32 updates


def test_fp32_update_keeps_small_steps():
    param = Parameter(np.ones(3, np.float16))
    rule = optimizers.sgd.SGDRule(lr=1.0)
    rule.use_fp32_update()
    array = param.array
    for _ in range(10):
        param.grad = np.full(3, 1e-4, np.float16)  # 1 - 1e-4 is 1 in float16
        rule.update(param)
    assert param.array is array
    np.testing.assert_allclose(array, 1 - 1e-3, rtol=5e-4)
    assert (array < 1).all()
    plain = Parameter(np.ones(3, np.float16))
    plain.grad = np.full(3, 1e-4, np.float16)
    optimizers.sgd.SGDRule(lr=1.0).update(plain)
    assert (plain.array == 1).all()


def test_fp32_update_of_other_dtypes_is_the_plain_one():
    param = parameter(np.float64)
    rule = Recorder()
    rule.use_fp32_update()
    rule.update(param)
    assert rule.calls[0] is param
    rule.use_fp32_update(False)
    half = parameter(np.float16)
    rule.update(half)
    assert rule.calls[1] is half


@pytest.mark.parametrize('dtype', [None, np.float16, np.float32])
def test_fp32_update_of_a_lazy_parameter(dtype):
    def initializer(array):
        raise AssertionError

    if dtype is not None:
        initializer.dtype = dtype
    param = Parameter(initializer)
    rule = Recorder()
    rule.use_fp32_update()
    rule.update(param)
    assert param.array is None
    if dtype is np.float16:
        assert rule.calls[0].dtype == np.float32
        assert rule.calls[0].array is None
    else:
        assert rule.calls[0] is param


def test_use_fp32_update_before_and_after_setup():
    opt = optimizers.SGD()
    opt.use_fp32_update()
    opt.setup(two_weights(np.float16))
    assert opt.target[0].w.update_rule._use_fp32_update
    opt.use_fp32_update(False)
    assert not opt.target[0].w.update_rule._use_fp32_update


# Optimizer


def test_setup():
    opt = optimizers.MomentumSGD()
    target = two_weights()
    assert opt.setup(target) is opt
    assert opt.target is target
    opt.update()
    opt.new_epoch()
    rule = target[0].w.update_rule
    opt.setup(target)
    assert (opt.t, opt.epoch) == (0, 0)
    assert target[0].w.update_rule is not rule
    with pytest.raises(TypeError, match=r'MomentumSGD.setup: .* be a link, got list'):
        opt.setup([])


def test_not_set_up():
    opt = optimizers.SGD()
    for call in (
        lambda: opt.update(),
        lambda: opt.add_hook(print),
        lambda: opt.remove_hook('x'),
        lambda: opt.call_hooks(),
        lambda: save(opt),
    ):
        with pytest.raises(RuntimeError, match=r'SGD is not set up(.|\n)*setup.model'):
            call()


def test_base_classes_say_what_is_missing():
    with pytest.raises(NotImplementedError, match='Optimizer has no update'):
        Optimizer().update()
    with pytest.raises(NotImplementedError, match='no create_update_rule'):
        GradientMethod().setup(two_weights())


def test_new_epoch():
    opt = Optimizer()
    opt.new_epoch()
    assert opt.epoch == 1
    with pytest.raises(RuntimeError, match='use_auto_new_epoch is False'):
        opt.new_epoch(auto=True)
    opt.use_auto_new_epoch = True
    with pytest.raises(RuntimeError, match='the updater calls it already'):
        opt.new_epoch()
    opt.new_epoch(auto=True)
    assert opt.epoch == 2


def test_update_with_a_loss():
    target = two_weights()
    opt = optimizers.SGD(lr=0.1).setup(target)

    def loss(x, *, factor):
        return factor * F.sum(x * target[0].w)

    opt.update(loss, np.array([1.0, 3.0], np.float32), factor=2.0)
    np.testing.assert_allclose(target[0].w.array, [1 - 0.2, 2 - 0.6], rtol=1e-6)
    assert target[1].w.array.tolist() == [3.0]  # its old gradient was cleared
    assert target[1].w.grad.tolist() == [0.0]
    assert opt.t == 1


def test_update_without_a_loss_takes_the_gradients_as_they_are():
    target = two_weights()
    target[1].w.cleargrad()
    optimizers.SGD(lr=1.0).setup(target).update()
    assert target[0].w.array.tolist() == [0.0, 0.0]
    assert target[1].w.array.tolist() == [3.0]
    assert target[1].w.grad.tolist() == [0.0]


def test_use_cleargrads_is_deprecated():
    target = two_weights()
    opt = optimizers.SGD(lr=0.0).setup(target)
    with pytest.warns(DeprecationWarning, match='use_cleargrads is deprecated'):
        opt.use_cleargrads(False)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)  # Link.zerograds
        opt.update(lambda: F.sum(target[0].w))
    assert target[0].w.grad.tolist() == [1.0, 1.0]


def test_disabled_parameters_stay():
    target = two_weights()
    opt = optimizers.SGD(lr=1.0).setup(target)
    target[0].disable_update()
    opt.update()
    assert target[0].w.array.tolist() == [1.0, 2.0]
    assert target[1].w.array.tolist() == [0.0]


@pytest.mark.filterwarnings('ignore:.*called before any backward')
def test_lazy_parameters_join_later():
    target = ChainList(Weight(None), Weight(np.ones(1, np.float32)))
    opt = optimizers.MomentumSGD(lr=1.0).setup(target)
    opt.add_hook(optimizer_hooks.WeightDecay(0.0))
    opt.update()
    target[0].w.initialize((2,))
    target[0].w.array[...] = 1
    target[0].w.grad = np.ones(2, np.float32)
    opt.update()
    assert target[0].w.array.tolist() == [0.0, 0.0]


def test_optimizer_hooks_timing():
    target, seen = two_weights(), []
    opt = optimizers.SGD(lr=1.0).setup(target)

    def hook(o):
        assert o is opt
        seen.append(target[1].w.array.tolist())

    opt.add_hook(hook, name='before')
    opt.add_hook(hook, name='after', timing='post')
    opt.update()
    assert seen == [[3.0], [0.0]]
    opt.remove_hook('before')
    opt.remove_hook('after')
    opt.update()
    assert len(seen) == 2


def test_call_for_each_param():
    target, seen = two_weights(), []
    opt = optimizers.SGD().setup(target)

    def hook(rule, param):
        assert param.update_rule is rule
        seen.append(param)

    hook.call_for_each_param = True
    opt.add_hook(hook)
    opt.call_hooks()
    assert len(seen) == 2
    assert seen[0] is target[0].w


def test_a_hook_may_clear_gradients():
    target = two_weights()
    opt = optimizers.SGD(lr=1.0).setup(target)
    opt.add_hook(lambda o: o.target.cleargrads(), name='clear')
    opt.add_hook(optimizer_hooks.GradientClipping(1.0))
    opt.update()
    assert target[0].w.array.tolist() == [1.0, 2.0]
    assert target[0].w.grad.tolist() == [0.0, 0.0]


# Loss scaling


def test_static_loss_scale():
    target = two_weights()
    opt = optimizers.SGD(lr=1.0).setup(target)
    opt.set_loss_scale(8)
    opt.update(lambda: F.sum(target[0].w))
    assert target[0].w.array.tolist() == [0.0, 1.0]
    assert target[0].w.grad.tolist() == [1.0, 1.0]
    # The gradient is unscaled once, however often it is used.
    opt.update()
    assert target[0].w.array.tolist() == [-1.0, 0.0]


def test_loss_scale_saves_small_float16_gradients():
    def step(scale):
        target = two_weights(np.float16)
        opt = optimizers.SGD(lr=2.0**20).setup(target)
        opt.use_fp32_update()
        if scale is not None:
            opt.loss_scaling(scale=scale)
        small = np.full(2, 2.0**-13, np.float16)
        opt.update(lambda: F.sum(target[0].w * small * small))
        return target[0].w.array.tolist()

    assert step(None) == [1.0, 2.0]  # the gradient, 2 ** -26, is zero in float16
    assert step(2.0**10) == [1 - 2.0**-6, 2 - 2.0**-6]


def test_dynamic_loss_scale():
    target = two_weights()
    opt = optimizers.SGD(lr=0.5).setup(target)
    opt.loss_scaling(interval=2)
    scales = []
    for step in range(6):
        target[0].w.grad = np.ones(2, np.float32)
        if step in (2, 4):
            target[0].w.grad[0] = np.nan
            before = target[0].w.array.copy()
            with pytest.warns(
                UserWarning, match=f'/0/w is not finite .iteration {step}'
            ):
                opt.update()
            np.testing.assert_array_equal(target[0].w.array, before)
            assert not opt.is_safe_to_update()
        else:
            opt.update()
            assert opt.is_safe_to_update()
        scales.append(opt._loss_scale)
    root = 2**0.5
    assert scales == pytest.approx([2, 4, 2, 2 * root, root, 2])
    assert opt.t == 6
    opt.set_loss_scale(1)
    opt.update()
    assert opt._loss_scale == 1


def test_dynamic_loss_scale_stays_in_range():
    target = two_weights()
    opt = optimizers.SGD(lr=0.0).setup(target)
    opt.loss_scaling()
    for _ in range(20):
        opt.update()
    assert opt._loss_scale == 65504
    target[0].w.grad[0] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        for _ in range(20):
            opt.update()
    assert opt._loss_scale == 1


def test_loss_scaling_errors():
    opt = optimizers.SGD()
    with pytest.raises(ValueError, match='interval must be at least 1, got 0'):
        opt.loss_scaling(interval=0)
    for scale in (0, -1):
        with pytest.raises(ValueError, match=f'scale must be positive, got {scale}'):
            opt.loss_scaling(scale=scale)
    assert opt._loss_scale is None


@pytest.mark.parametrize('name', ['GradientClipping', 'Lasso', 'WeightDecay'])
def test_hooks_at_their_old_place(name):
    with pytest.warns(DeprecationWarning, match=f'minigrad.optimizer_hooks.{name}'):
        cls = getattr(optimizer, name)
    assert cls is getattr(optimizer_hooks, name)
    assert name in dir(optimizer)


def test_unknown_attribute_of_the_module():
    with pytest.raises(AttributeError, match="no attribute 'Adam'"):
        _ = optimizer.Adam


def test_an_update_rule_updates_plain_variables_too():
    rule = UpdateRule()
    rule.update_core = lambda param: param.array.fill(7)
    x = Variable(np.ones(2, 'f'))
    x.grad = np.ones(2, 'f')
    rule.update(x)
    assert x.array.tolist() == [7, 7]
