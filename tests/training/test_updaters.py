import numpy
import pytest

import minigrad
import minigrad.links as L
from minigrad import training
from minigrad.iterators import SerialIterator
from minigrad.optimizers import SGD

X = numpy.arange(24, dtype='f').reshape(6, 4) / 24
T = numpy.array([0, 1, 2, 0, 1, 2], 'i')
DATA = minigrad.datasets.TupleDataset(X, T)


def make_model():
    return L.Classifier(L.Linear(4, 3, initialW=numpy.eye(3, 4, dtype='f')))


def iterate(n=6):
    return SerialIterator(DATA, n, shuffle=False)


class RecordingOptimizer(SGD):
    """Writes down what it is called with instead of updating."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def update(self, lossfun=None, *args, **kwds):
        self.calls.append((lossfun, args, kwds))


class TestStandardUpdater:
    def test_one_step(self):
        model = make_model()
        updater = training.StandardUpdater(iterate(), SGD(0.5).setup(model))
        updater.update()
        other = make_model()
        other.cleargrads()
        other(X, T).backward()
        for a, b in zip(model.params(), other.params(), strict=True):
            expected = b.array - numpy.float32(0.5) * b.grad
            numpy.testing.assert_allclose(a.array, expected, rtol=1e-6)

    def test_progress(self):
        optimizer = SGD().setup(make_model())
        updater = training.StandardUpdater(iterate(2), optimizer)
        seen = []
        for _ in range(4):
            updater.update()
            seen.append(
                (
                    updater.iteration,
                    updater.epoch,
                    round(updater.epoch_detail, 3),
                    round(updater.previous_epoch_detail, 3),
                    updater.is_new_epoch,
                    optimizer.epoch,
                )
            )
        assert seen == [
            (1, 0, 0.333, 0, False, 0),
            (2, 0, 0.667, 0.333, False, 0),
            (3, 1, 1, 0.667, True, 1),
            (4, 1, 1.333, 1, False, 1),
        ]

    def test_new_epoch_by_hand(self):
        optimizer = SGD().setup(make_model())
        updater = training.StandardUpdater(iterate(), optimizer, auto_new_epoch=False)
        updater.update()
        assert (optimizer.epoch, optimizer.use_auto_new_epoch) == (0, False)

    @pytest.mark.parametrize(
        ('batch', 'args', 'kwds'),
        [((1, 2), (1, 2), {}), ({'x': 1}, (), {'x': 1}), ([1, 2], ([1, 2],), {})],
    )
    def test_batches(self, batch, args, kwds):
        optimizer = RecordingOptimizer().setup(make_model())
        devices = []

        def converter(examples, device):
            devices.append(device)
            assert len(examples) == 6
            return batch

        updater = training.StandardUpdater(iterate(), optimizer, converter, device=-1)
        updater.update_core()
        assert optimizer.calls == [(optimizer.target, args, kwds)]
        assert devices == [-1]

    def test_loss_function(self):
        optimizer = RecordingOptimizer().setup(make_model())
        empty = minigrad.ChainList()  # false, and still a function
        updater = training.StandardUpdater(iterate(), optimizer, loss_func=empty)
        updater.update_core()
        assert optimizer.calls[0][0] is empty

    def test_several(self):
        optimizers = {'main': SGD().setup(make_model()), 'b': SGD().setup(make_model())}
        iterators = {'main': iterate(), 'b': iterate()}
        updater = training.StandardUpdater(iterators, optimizers)
        assert updater.get_all_optimizers() == optimizers
        assert updater.get_optimizer('b') is optimizers['b']
        assert updater.get_iterator('b') is iterators['b']
        trainer = training.Trainer(updater)
        minigrad_names = trainer.reporter._observer_names
        predictor = optimizers['b'].target.predictor
        assert minigrad_names[id(predictor)] == 'b/predictor'
        names = set(minigrad.serializers.serialize(updater))
        assert {
            'iteration',
            'iterator:b/epoch',
            'optimizer:main/t',
            'model:b/predictor/W',
        } <= names

    def test_devices(self):
        optimizer = SGD().setup(make_model())
        updater = training.StandardUpdater(iterate(), optimizer)
        assert (updater.device, updater.input_device) == (None, None)
        updater = training.StandardUpdater(iterate(), optimizer, device='@numpy')
        cpu = minigrad.get_device('@numpy')
        assert (updater.device, updater.input_device) == (cpu, cpu)
        updater = training.StandardUpdater(iterate(), optimizer, input_device=-1)
        assert (updater.device, updater.input_device) == (None, cpu)

    def test_loss_scale(self):
        model, other = make_model(), make_model()
        for m, scale in ((model, None), (other, 128)):
            optimizer = SGD(0.5).setup(m)
            training.StandardUpdater(iterate(), optimizer, loss_scale=scale).update()
        for a, b in zip(model.params(), other.params(), strict=True):
            numpy.testing.assert_allclose(a.array, b.array, rtol=1e-6)

    def test_finalize(self):
        finalized = []
        iterator = iterate()
        iterator.finalize = lambda: finalized.append(1)
        training.StandardUpdater(iterator, SGD().setup(make_model())).finalize()
        assert finalized == [1]


class TestParallelUpdater:
    def test_two_devices_do_the_step_of_one_with_summed_losses(self):
        model, other = make_model(), make_model()
        updater = training.ParallelUpdater(
            iterate(), SGD(0.5).setup(model), devices={'main': -1, 'second': -1}
        )
        trainer = training.Trainer(updater)
        with trainer.reporter.scope(trainer.observation):
            updater.update()
        assert set(trainer.observation) >= {'main/loss', 'second/loss'}
        other.cleargrads()
        (other(X[::2], T[::2]) + other(X[1::2], T[1::2])).backward()
        for a, b in zip(model.params(), other.params(), strict=True):
            numpy.testing.assert_allclose(
                a.array, b.array - numpy.float32(0.5) * b.grad, rtol=1e-5
            )
        second = updater._models['second']
        for a, b in zip(model.params(), second.params(), strict=True):
            numpy.testing.assert_array_equal(a.array, b.array)

    def test_models(self):
        main, second = make_model(), make_model()
        updater = training.ParallelUpdater(
            iterate(),
            SGD().setup(main),
            models={'main': main, 'second': second},
            devices={'main': '@numpy', 'second': '@numpy'},
        )
        updater.update()
        assert updater.iteration == 1
        assert updater.epoch == 1

    def test_wrong_arguments(self):
        optimizer = SGD().setup(make_model())
        with pytest.raises(ValueError, match='either models or devices'):
            training.ParallelUpdater(iterate(), optimizer)
        with pytest.raises(KeyError, match="must contain a 'main' key"):
            training.ParallelUpdater(iterate(), optimizer, devices={'a': -1})


class TestUpdaterBase:
    @pytest.mark.parametrize(
        ('method', 'args'),
        [
            ('update', ()),
            ('finalize', ()),
            ('get_optimizer', ('main',)),
            ('get_all_optimizers', ()),
            ('serialize', (None,)),
        ],
    )
    def test_abstract_methods(self, method, args):
        with pytest.raises(NotImplementedError, match=f'does not define {method}'):
            getattr(training.Updater(), method)(*args)


class TestExtensionsManager:
    def test_a_loop_by_hand_is_a_trainer(self, tmp_path):
        def with_trainer():
            optimizer = SGD(0.5).setup(make_model())
            updater = training.StandardUpdater(iterate(2), optimizer)
            trainer = training.Trainer(updater, (2, 'epoch'), str(tmp_path / 'a'))
            extend(trainer, optimizer)
            trainer.run()
            return trainer

        def by_hand():
            optimizer = SGD(0.5).setup(make_model())
            iterator = iterate(2)
            manager = training.ExtensionsManager(
                optimizer, iterator, (2, 'epoch'), str(tmp_path / 'b')
            )
            extend(manager, optimizer)
            with manager.session():
                while not manager.stop_trigger(manager):
                    with manager.iteration():
                        x, t = minigrad.dataset.concat_examples(iterator.next())
                        optimizer.target.cleargrads()
                        optimizer.target(x, t).backward()
                        optimizer.update()
            return manager

        def extend(trainer, optimizer):
            evaluator = training.extensions.Evaluator(
                SerialIterator(DATA, 2, repeat=False, shuffle=False), optimizer.target
            )
            trainer.extend(evaluator)
            trainer.extend(training.extensions.LogReport())
            trainer.extend(training.extensions.snapshot(filename='s'))

        a, b = with_trainer(), by_hand()
        rows = [t.get_extension('LogReport').log for t in (a, b)]
        for row in [*rows[0], *rows[1]]:
            del row['elapsed_time']
        assert rows[0] == rows[1]
        assert len(rows[0]) == 2
        states = [minigrad.serializers.serialize(t) for t in (a, b)]
        assert states[0].keys() == states[1].keys()
        for key in states[0]:
            if 'elapsed' not in key and not key.startswith('random_state'):
                numpy.testing.assert_array_equal(states[0][key], states[1][key], key)
        with open(tmp_path / 'b' / 's', 'rb') as file:
            assert file.read(2) == b'PK'

    def test_update_is_yours(self):
        manager = training.ExtensionsManager(SGD().setup(make_model()), iterate())
        with pytest.raises(RuntimeError, match='make the update yourself'):
            manager.updater.update()
