"""A resumed training is bit for bit the one that was never stopped."""

import random
from unittest.mock import Mock

import numpy
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import iterators, optimizers, training
from minigrad.training import extensions, triggers
from minigrad.training.hyperparameters import HyperparameterChanges

OPTIMIZERS = {name: getattr(optimizers, name) for name in optimizers.__all__}

ITERATORS = {
    'serial': lambda data: iterators.SerialIterator(data, 4),
    'in order': lambda data: iterators.SerialIterator(data, 4, shuffle=False),
    'threads': lambda data: iterators.MultithreadIterator(data, 4, n_threads=2),
    'processes': lambda data: iterators.MultiprocessIterator(data, 4, n_processes=1),
}


class Net(minigrad.Chain):
    """Everything that has a state: lazy shapes, running means, random numbers."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(None, 8)
            self.bn = L.BatchNormalization(8)
            self.l2 = L.Linear(None, 3)

    def forward(self, x):
        return self.l2(F.dropout(F.relu(self.bn(self.l1(x))), 0.3))


def make_data(n, seed=0):
    rng = numpy.random.RandomState(seed)
    x = rng.rand(n, 5).astype('f')
    return minigrad.datasets.TupleDataset(x, (x.sum(axis=1) * 3 % 3).astype('i'))


def make_trainer(out, stop, optimizer=optimizers.Adam, iterator='serial', seed=0):
    """Builds a training with everything that a snapshot has to hold."""
    numpy.random.seed(seed)
    random.seed(seed)
    # 18 examples in batches of 4: an epoch ends inside of a batch.
    train = ITERATORS[iterator](make_data(18))
    test = iterators.SerialIterator(make_data(7, 1), 3, repeat=False, shuffle=False)
    model = L.Classifier(Net())
    optimizer = optimizer().setup(model)
    optimizer.add_hook(minigrad.optimizer_hooks.WeightDecay(1e-3))
    updater = training.StandardUpdater(train, optimizer)
    trainer = training.Trainer(updater, stop, out=str(out))
    trainer.extend(extensions.Evaluator(test, model))
    trainer.extend(extensions.LogReport(trigger=(0.7, 'epoch')))
    names = [n for n in ('alpha', 'lr') if hasattr(type(optimizer), n)]
    if names:
        trainer.extend(extensions.observe_lr(), trigger=(2, 'iteration'))
        warmup = extensions.WarmupShift(names[0], 1e-3, 5, 1e-2)
        trainer.extend(warmup, trigger=(1, 'iteration'))
        trainer.extend(
            extensions.ExponentialShift(names[0], 0.9, init=1e-2),
            trigger=triggers.ManualScheduleTrigger([7, 11], 'iteration'),
        )
    average = extensions.MicroAverage('main/loss', 'dice', 'ratio', (3, 'iteration'))
    trainer.extend(average)
    trainer.extend(
        extensions.ParameterStatistics(model, {'norm': numpy.linalg.norm}),
        trigger=(2, 'iteration'),
    )
    trainer.extend(
        lambda t: t.observation.update(noise=numpy.random.rand(), dice=random.random()),
        'noise',
        priority=250,
    )
    best = triggers.MinValueTrigger('main/loss', (3, 'iteration'))
    trainer.extend(lambda t: t.observation.update(best=1), 'best', trigger=best)
    return trainer


def state_of(trainer):
    """Returns all that is saved, except for times."""
    state = minigrad.serializers.serialize(trainer)
    log = trainer.get_extension('LogReport').log
    for row in log:
        row.pop('elapsed_time', None)
    state = {k: v.copy() for k, v in state.items() if 'elapsed' not in k}
    state['extensions/LogReport/_log'] = numpy.array(repr(log))
    return state


def assert_same(state, expected):
    assert state.keys() == expected.keys()
    for key in expected:
        assert state[key].dtype == expected[key].dtype, key
        if state[key].dtype == object:
            assert state[key][()] is expected[key][()] is None, key
        else:
            numpy.testing.assert_array_equal(state[key], expected[key], key)


def check(tmp_path, stop, end, **options):
    """Trains to the end at once, and with a stop in between."""
    whole = make_trainer(tmp_path / 'whole', end, **options)
    whole.run()
    expected = state_of(whole)

    first = make_trainer(tmp_path / 'first', stop, **options)
    # No output of the extension itself: it has no entry in the other trainings.
    snapshot = extensions.snapshot(filename='snapshot')
    file = tmp_path / 'first' / 'snapshot'
    first.extend(snapshot, trigger=stop)
    first.run()

    second = make_trainer(tmp_path / 'second', end, **{**options, 'seed': 99})
    minigrad.serializers.load_npz(file, second)
    second.run()
    assert_same(state_of(second), expected)


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_every_optimizer(tmp_path, name):
    check(tmp_path, (7, 'iteration'), (13, 'iteration'), optimizer=OPTIMIZERS[name])


@pytest.mark.parametrize('iterator', ITERATORS)
@pytest.mark.parametrize('stop', [(1, 'epoch'), (7, 'iteration')])
def test_every_iterator(tmp_path, iterator, stop):
    check(tmp_path, stop, (2, 'epoch'), iterator=iterator)


@pytest.mark.parametrize('stop', range(1, 13))
def test_every_iteration(tmp_path, stop):
    check(tmp_path, (stop, 'iteration'), (13, 'iteration'))


def test_early_stopping_goes_on(tmp_path):
    def make(out):
        stop = triggers.EarlyStoppingTrigger(
            (2, 'iteration'), 'main/loss', patience=2, max_trigger=(60, 'iteration')
        )
        trainer = make_trainer(tmp_path / out, stop)
        trainer.extend(extensions.snapshot(), trigger=(1, 'iteration'))
        return trainer

    whole = make('whole')
    whole.run()
    end = whole.updater.iteration
    assert end < 60
    for i in (1, 2, end // 2, end - 1, end):
        resumed = make('resumed')
        minigrad.serializers.load_npz(
            tmp_path / 'whole' / f'snapshot_iter_{i}', resumed
        )
        resumed.run()
        assert resumed.updater.iteration == end
        assert_same(state_of(resumed), state_of(whole))


def test_autoload_goes_on_after_ctrl_c(tmp_path):
    def make(out, press_at=None):
        trainer = make_trainer(tmp_path / out, (13, 'iteration'))

        def press(t):
            if t.updater.iteration == press_at:
                raise KeyboardInterrupt

        trainer.extend(press)
        writer = extensions.snapshot_writers.ThreadWriter()
        snapshot = extensions.snapshot(writer=writer, n_retains=2, autoload=True)
        trainer.extend(snapshot, trigger=(2, 'iteration'))
        return trainer

    whole = make('whole')
    whole.run()
    for press_at in (1, 4, 5, 12):
        with pytest.raises(KeyboardInterrupt):
            make('stopped', press_at).run()
    resumed = make('stopped')
    resumed.run()
    assert_same(state_of(resumed), state_of(whole))


def test_two_threads_are_as_reproducible_as_one(tmp_path):
    states = []
    for i in range(2):
        trainer = make_trainer(tmp_path / str(i), (9, 'iteration'), iterator='threads')
        trainer.run()
        states.append(state_of(trainer))
    assert_same(*states)


class TestHyperparameters:
    def make(self, out, stop, lr=0.1, change=True):
        model = L.Classifier(L.Linear(5, 3))
        optimizer = optimizers.MomentumSGD(lr).setup(model)
        model.predictor.W.update_rule.hyperparam.lr = 0.01
        iterator = iterators.SerialIterator(make_data(8), 4)
        updater = training.StandardUpdater(iterator, optimizer)
        trainer = training.Trainer(updater, stop, str(out))

        def divide(t):
            if change and t.updater.iteration == 2:
                optimizer.lr = numpy.float64(optimizer.lr) / 2
                model.predictor.W.update_rule.hyperparam.lr = 0.02

        trainer.extend(divide)
        trainer.extend(extensions.snapshot(filename='s', autoload=True))
        return trainer, optimizer

    def test_what_an_extension_changed_is_kept(self, tmp_path):
        self.make(tmp_path, (3, 'iteration'))[0].run()
        self.make(tmp_path, (4, 'iteration'))[0].run()
        trainer, optimizer = self.make(tmp_path, (5, 'iteration'))
        trainer.run()
        assert optimizer.lr == 0.05
        assert type(optimizer.lr) is float
        assert optimizer.target.predictor.W.update_rule.hyperparam.lr == 0.02
        assert optimizer.target.predictor.b.update_rule.hyperparam.lr == 0.05

    def test_what_nobody_changed_is_the_users(self, tmp_path):
        self.make(tmp_path, (4, 'iteration'), 0.1, change=False)[0].run()
        trainer, optimizer = self.make(tmp_path, (6, 'iteration'), 0.3, change=False)
        trainer.run()
        assert optimizer.lr == 0.3


def test_a_mock_of_an_optimizer_has_no_hyperparameters():
    """Chainer's own tests of extensions train with one."""
    changes = HyperparameterChanges({'main': Mock()})
    assert changes.to_json() == '{}'
    changes.apply('{"main": {"lr": 0.5}}')
