import copy
import pickle
import traceback

import numpy
import pytest

import minigrad
import minigrad.links as L
from minigrad import training
from minigrad.reporter import report
from minigrad.serializers import NpzDeserializer, serialize
from minigrad.training import extensions, triggers


def load(source, target):
    NpzDeserializer(serialize(source)).load(target)


class Recorder(training.Extension):
    """Writes down which of its methods are called."""

    def __init__(self, calls, label=''):
        self.calls = calls
        self.label = label

    def initialize(self, trainer):
        self.calls.append(f'initialize{self.label}')

    def __call__(self, trainer):
        self.calls.append(f'call{self.label}')

    def on_error(self, trainer, exc, tb):
        self.calls.append(f'on_error{self.label} {exc} {tb is not None}')

    def finalize(self):
        self.calls.append(f'finalize{self.label}')


class TestRun:
    def test_life_of_an_extension(self, make_trainer):
        calls = []
        trainer = make_trainer((2, 'iteration'))
        trainer.extend(Recorder(calls))
        trainer.run()
        assert calls == ['initialize', 'call', 'call', 'finalize']
        assert trainer.updater.iteration == 2
        assert trainer.updater.finalized == 1

    def test_it_runs_once_only(self, make_trainer):
        trainer = make_trainer((1, 'iteration'))
        trainer.run()
        with pytest.raises(
            RuntimeError, match='cannot run training loop multiple times'
        ):
            trainer.run()

    def test_an_error_is_told_to_all_and_raised(self, make_trainer, capsys):
        calls = []
        trainer = make_trainer()

        class Clumsy(Recorder):
            def on_error(self, trainer, exc, tb):
                raise ValueError('clumsy')

        def fail(trainer):
            raise KeyError('wanted')

        trainer.extend(Clumsy(calls, ' 1'), priority=400)
        trainer.extend(Recorder(calls, ' 2'))
        trainer.extend(fail)
        with pytest.raises(KeyError, match='wanted'):
            trainer.run()
        assert calls == [
            'initialize 1',
            'initialize 2',
            'call 1',
            'call 2',
            "on_error 2 'wanted' True",
            'finalize 1',
            'finalize 2',
        ]
        assert trainer.updater.finalized == 1
        err = capsys.readouterr().err
        first = err.split('\n')[0]
        assert first.startswith(
            "Exception in main training loop: KeyError: 'wanted' (in fail, test_trainer"
        )
        assert err.count('wanted') == 1  # the whole of it by who catches it
        assert 'Exception in error handler: clumsy' in err

    def test_errors_are_printed_only_if_wanted(self, make_trainer, capsys):
        trainer = make_trainer()
        trainer.extend(lambda trainer: 1 / 0, name='fail')
        with pytest.raises(ZeroDivisionError):
            trainer.run(show_loop_exception_msg=False)
        assert capsys.readouterr().err == ''

    def test_ctrl_c_finalizes(self, make_trainer):
        calls = []
        trainer = make_trainer()
        trainer.extend(Recorder(calls))

        @training.make_extension(trigger=(3, 'iteration'))
        def press_ctrl_c(trainer):
            raise KeyboardInterrupt

        trainer.extend(press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        assert calls == ['initialize', 'call', 'call', 'call', 'finalize']
        assert trainer.updater.finalized == 1

    def test_a_failing_initializer_finalizes(self, make_trainer):
        calls = []
        trainer = make_trainer()

        class Failing(Recorder):
            def initialize(self, trainer):
                raise KeyError('start')

        trainer.extend(Failing(calls))
        with pytest.raises(KeyError, match='start'):
            trainer.run()
        assert calls == ['finalize']

    def test_elapsed_time(self, make_trainer):
        trainer = make_trainer()
        with pytest.raises(RuntimeError, match='not been started'):
            _ = trainer.elapsed_time
        times = []
        trainer.extend(lambda trainer: times.append(trainer.elapsed_time), name='t')
        trainer.run()
        assert times == sorted(times)
        assert trainer.elapsed_time == trainer.elapsed_time >= times[-1] > 0

        resumed = make_trainer((20, 'iteration'))
        load(trainer, resumed)
        resumed.run()
        assert resumed.elapsed_time > trainer.elapsed_time

    def test_before_training(self, make_trainer):
        seen = []
        trainer = make_trainer((2, 'iteration'))
        trainer.extend(
            lambda t: seen.append((t.is_before_training, t.updater.iteration)),
            name='early',
            call_before_training=True,
        )
        trainer.run()
        assert seen == [(True, 0), (False, 1), (False, 2)]
        resumed = make_trainer((3, 'iteration'))
        resumed.extend(
            lambda t: seen.append('late'), name='early', call_before_training=True
        )
        load(trainer, resumed)
        resumed.run()
        assert seen[3:] == ['late']

    def test_reported_values_are_observed(self, make_trainer):
        trainer = make_trainer((2, 'iteration'))
        trainer.updater.update = lambda: (
            report({'x': trainer.updater.iteration}),
            type(trainer.updater).update(trainer.updater),
        )
        seen = []
        trainer.extend(lambda t: seen.append(dict(t.observation)), name='look')
        trainer.run()
        assert seen == [{'x': 0}, {'x': 1}]


class TestExtend:
    def test_names(self, make_trainer):
        trainer = make_trainer()

        class Mine(training.Extension):
            pass

        @training.make_extension(default_name='other')
        def function(trainer):
            pass

        def plain(trainer):
            pass

        first, second = Mine(), Mine()
        for extension in (first, second, function, plain):
            trainer.extend(extension)
        trainer.extend(lambda trainer: None, name='given')
        trainer.extend(Mine(), name='given')
        assert list(trainer._extensions) == [
            'Mine', 'Mine_1', 'other', 'plain', 'given', 'given_1'
        ]  # fmt: skip
        assert (first.name, second.name) == ('Mine', 'Mine_1')
        assert trainer.get_extension('Mine_1') is second
        with pytest.raises(ValueError, match=r'extension none not found.*Mine, Mine_1'):
            trainer.get_extension('none')

    def test_a_bound_method(self, make_trainer):
        calls = []

        class Holder:
            def method(self, trainer):
                calls.append(trainer.updater.iteration)

        trainer = make_trainer((1, 'iteration'))
        trainer.extend(Holder().method)
        trainer.run()
        assert calls == [1]

    def test_wrong_arguments(self, make_trainer):
        trainer = make_trainer()

        class Nameless:
            def __call__(self, trainer):
                pass

        with pytest.raises(TypeError, match='has no name'):
            trainer.extend(Nameless())
        with pytest.raises(ValueError, match='is taken by the loop'):
            trainer.extend(Nameless(), name='training')
        with pytest.raises(ValueError, match='invoke_before_training is gone'):
            trainer.extend(Nameless(), name='x', invoke_before_training=True)
        with pytest.raises(TypeError, match="extend takes no argument 'foo'"):
            trainer.extend(Nameless(), name='x', foo=1)

    def test_order(self, make_trainer):
        order = []
        trainer = make_trainer((1, 'iteration'))
        priorities = [0, 100, -100, 300, None, 200, -1, 100]
        for i, priority in enumerate(priorities):
            trainer.extend(
                lambda trainer, i=i: order.append(i), name='e', priority=priority
            )
        trainer.run()
        assert order == [3, 5, 1, 4, 7, 0, 6, 2]

    def test_defaults_of_an_extension(self, make_trainer):
        calls = []

        @training.make_extension(trigger=(2, 'iteration'), priority=0)
        def function(trainer):
            calls.append(trainer.updater.iteration)

        trainer = make_trainer((4, 'iteration'))
        trainer.extend(function)
        assert trainer._extensions['function'].priority == 0
        trainer.run()
        assert calls == [2, 4]

    def test_a_trigger_sees_what_the_extension_before_has_reported(self, make_trainer):
        calls = []
        trainer = make_trainer((4, 'iteration'))
        trainer.extend(
            lambda t: t.observation.update(x=[3, 1, 2, 0][t.updater.iteration - 1]),
            name='write',
            priority=training.PRIORITY_WRITER,
        )
        trigger = triggers.MinValueTrigger('x', (1, 'iteration'))
        trainer.extend(
            lambda t: calls.append(t.updater.iteration), name='best', trigger=trigger
        )
        trainer.run()
        assert calls == [1, 2, 4]

    def test_extensions_of_the_constructor(self, make_trainer):
        updater = make_trainer().updater
        trainer = training.Trainer(updater, extensions=[Recorder([])])
        assert list(trainer._extensions) == ['Recorder']

    def test_a_finished_trigger_is_not_initialized(self, make_trainer):
        calls = []
        trigger = triggers.OnceTrigger()
        trainer = make_trainer((1, 'iteration'))
        trainer.extend(Recorder(calls), trigger=trigger)
        trigger(trainer)
        trainer.run()
        assert calls == ['finalize']


class TestSnapshotOrder:
    def test_snapshots_come_when_all_triggers_have_been_asked(self, make_trainer):
        events = []

        def ask(name):
            return lambda trainer: events.append(f'ask {name}') or True

        def call(name):
            return lambda trainer: events.append(f'call {name}')

        trainer = make_trainer((1, 'iteration'))
        trainer.extend(call('late'), 'late', ask('late'), priority=-1000)
        trainer.extend(call('snapshot'), 'snapshot', ask('snapshot'), priority=-100)
        trainer.extend(call('reader'), 'reader', ask('reader'))
        trainer.run()
        assert events == [
            'ask reader',
            'call reader',
            'ask snapshot',
            'ask late',
            'call snapshot',
            'call late',
        ]

    def test_loading_comes_before_the_other_initializers(self, make_trainer):
        calls = []
        trainer = make_trainer((1, 'iteration'))
        trainer.extend(Recorder(calls, ' reader'))
        loader = Recorder(calls, ' loader')
        loader.autoload = True
        trainer.extend(loader, priority=-100)
        trainer.run()
        assert calls[:2] == ['initialize loader', 'initialize reader']


class TestSerialize:
    def test_the_observation_is_kept_for_the_stop_trigger(self, make_trainer):
        trainer = make_trainer((2, 'iteration'))
        trainer.extend(
            lambda t: t.observation.update(
                loss=numpy.float32(0.1),
                vector=numpy.ones(2),
                one=numpy.ones(1),
                text='x',
                digits='3',
                none=None,
            ),
            name='write',
        )
        trainer.run()
        resumed = make_trainer((2, 'iteration'))
        resumed.extend(lambda t: None, name='write')
        load(trainer, resumed)
        assert resumed.observation == {'loss': float(numpy.float32(0.1))}

    def test_random_numbers_go_on(self, make_trainer):
        trainer = make_trainer((2, 'iteration'))
        trainer.run()
        numpy.random.seed(3)
        state = serialize(trainer)
        expected = numpy.random.rand(3)

        resumed = make_trainer((3, 'iteration'))
        NpzDeserializer(state).load(resumed)
        numpy.random.rand()  # whatever is drawn before the loop is taken back
        drawn = []
        resumed.extend(lambda t: drawn.append(numpy.random.rand(3)), name='draw')
        resumed.run()
        numpy.testing.assert_array_equal(drawn, [expected])

    def test_chainers_snapshots_have_no_random_state(self, make_trainer):
        trainer = make_trainer((2, 'iteration'))
        trainer.run()
        state = serialize(trainer)
        ours = [k for k in state if k.startswith(('random_state', 'observation'))]
        assert ours
        for key in ours:
            del state[key]
        resumed = make_trainer((3, 'iteration'))
        numpy.random.seed(1)
        NpzDeserializer(state).load(resumed)
        numpy.random.seed(2)
        first = []
        resumed.extend(lambda t: first.append(numpy.random.rand()), name='draw')
        resumed.run()
        assert first == [numpy.random.RandomState(2).rand()]

    def test_names_are_chainers(self, make_trainer):
        trainer = make_trainer((2, 'iteration'))
        trainer.extend(training.extensions.LogReport())
        trainer.run()
        names = set(serialize(trainer))
        assert names >= {
            'updater/iteration',
            'stop_trigger/previous_iteration',
            'stop_trigger/previous_epoch_detail',
            'extensions/LogReport/_log',
            'extensions/LogReport/_trigger/previous_iteration',
            'extensions/LogReport/_summary/_names',
            'extension_triggers/LogReport/previous_epoch_detail',
            '_snapshot_elapsed_time',
        }


class TestHandWrittenLoop:
    def test_iteration_of_a_trainer(self, make_trainer):
        calls = []
        trainer = make_trainer((2, 'iteration'))
        trainer.extend(Recorder(calls))
        while not trainer.stop_trigger(trainer):
            with trainer.iteration():
                report({'x': 1})
                trainer.updater.update()
            assert trainer.observation == {'x': 1}
        assert calls == ['initialize', 'call', 'call']

    def test_an_iteration_that_raises_runs_no_extension(self, make_trainer):
        calls = []
        trainer = make_trainer((2, 'iteration'))
        trainer.extend(Recorder(calls))
        with (
            pytest.raises(ZeroDivisionError),
            trainer.session(show_loop_exception_msg=False),
            trainer.iteration(),
        ):
            raise ZeroDivisionError('x')
        assert calls == ['initialize', 'on_error x True', 'finalize']


class TestMakeExtension:
    def test_attributes(self):
        def initialize(trainer):
            pass

        def finalize():
            pass

        @training.make_extension((2, 'epoch'), 'mine', 50, finalize, initialize)
        def function(trainer):
            return 'called'

        assert function.trigger == (2, 'epoch')
        assert function.default_name == 'mine'
        assert function.priority == 50
        assert function.initialize is initialize
        assert function.finalize is finalize
        assert function.on_error is None
        assert function(None) == 'called'

    def test_defaults(self):
        @training.make_extension()
        def function(trainer):
            pass

        assert function.trigger == (1, 'iteration')
        assert function.default_name == 'function'
        assert function.priority == training.PRIORITY_READER
        assert function.initialize is None

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match='is gone'):
            training.make_extension(invoke_before_training=False)
        with pytest.raises(TypeError, match="'foo'"):
            training.make_extension(foo=1)

    def test_base_class(self):
        class Mine(training.Extension):
            pass

        assert Mine().default_name == 'Mine'
        assert not hasattr(Mine(), 'invoke_before_training')
        with pytest.raises(NotImplementedError, match='Mine does not define __call__'):
            Mine()(None)


class Taker(training.Extension):
    """Takes a copy of a training that runs; its own copy does nothing."""

    priority = -200
    trigger = (3, 'iteration')

    def __init__(self, duplicate):
        self.duplicate = duplicate
        self.taken = None

    def __call__(self, trainer):
        if self.duplicate is not None and self.taken is None:
            self.taken = (self.duplicate(trainer), numpy.random.get_state())

    def __getstate__(self):
        return {'duplicate': None, 'taken': None}


class TestCopies:
    """A copied or unpickled training goes on by itself."""

    def make(self, tmp_path):
        numpy.random.seed(0)
        model = L.Classifier(L.Linear(4, 4))
        optimizer = minigrad.optimizers.Adam().setup(model)
        data = minigrad.datasets.TupleDataset(
            numpy.eye(4, dtype='f'), numpy.arange(4, dtype='i')
        )
        iterator = minigrad.iterators.SerialIterator(data, 2)
        updater = training.StandardUpdater(iterator, optimizer)
        trainer = training.Trainer(updater, (6, 'iteration'), out=str(tmp_path))
        log = extensions.LogReport(trigger=(1, 'iteration'), log_name=None)
        trainer.extend(log)
        shift = extensions.ExponentialShift('alpha', 0.5)
        trainer.extend(shift, trigger=(1, 'iteration'))
        trainer.extend(extensions.snapshot(n_retains=1), trigger=(2, 'iteration'))
        return trainer

    def weights(self, trainer):
        return trainer.updater.get_optimizer('main').target.predictor.W.array

    @pytest.mark.parametrize(
        'duplicate', [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
    )
    def test_of_one_that_was_not_started(self, tmp_path, duplicate):
        trainer = self.make(tmp_path)
        other = duplicate(trainer)
        ends = []
        for one in (trainer, other):
            numpy.random.seed(1)
            one.run()
            ends.append(self.weights(one))
            assert len(one.get_extension('LogReport').log) == 6
        assert self.weights(trainer) is not self.weights(other)
        numpy.testing.assert_array_equal(*ends)

    @pytest.mark.parametrize(
        'duplicate', [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
    )
    def test_of_one_that_runs(self, tmp_path, duplicate):
        trainer = self.make(tmp_path)
        taker = Taker(duplicate)
        trainer.extend(taker)
        trainer.run()
        other, state = taker.taken
        assert other.updater.iteration == 3
        assert 0 < other._snapshot_elapsed_time < trainer.elapsed_time
        numpy.random.set_state(state)
        other.run()
        assert other.updater.iteration == 6
        assert len(other.get_extension('LogReport').log) == 6
        numpy.testing.assert_array_equal(self.weights(trainer), self.weights(other))
        alpha = [t.updater.get_optimizer('main').alpha for t in (trainer, other)]
        assert alpha[0] == alpha[1]

    def test_of_one_that_is_done_refuses(self, tmp_path):
        trainer = self.make(tmp_path)
        trainer.run()
        with pytest.raises(RuntimeError, match='multiple times'):
            copy.deepcopy(trainer).run()


@pytest.mark.parametrize('debug', [False, True])
def test_a_traceback_holds_the_program_and_who_refused(tmp_path, debug):
    """The loop's own frames say nothing about a mistake; debug mode shows them."""
    x, t = numpy.ones((4, 3)), numpy.zeros(4, 'i')  # float64, for float32 parameters
    model = L.Classifier(L.Linear(3, 2))
    updater = training.StandardUpdater(
        minigrad.iterators.SerialIterator(minigrad.datasets.TupleDataset(x, t), 2),
        minigrad.optimizers.SGD().setup(model),
    )
    trainer = training.Trainer(updater, (1, 'epoch'), out=str(tmp_path))
    with (
        minigrad.using_config('debug', debug),
        pytest.raises(TypeError, match='x is float64') as info,
    ):
        trainer.run(show_loop_exception_msg=False)
    shown = traceback.extract_tb(info.value.__traceback__)
    assert shown[0].name == 'test_a_traceback_holds_the_program_and_who_refused'
    assert shown[-1].name == 'check_type_forward'
    of_loop = [frame for frame in shown if frame.filename.endswith('updater.py')]
    assert bool(of_loop) == debug
