import operator
import random

import numpy
import pytest

from minigrad import training
from minigrad.serializers import NpzDeserializer, serialize
from minigrad.training import triggers
from minigrad.variable import Variable


def fired(trigger, trainer, n, keep=lambda i: True, observe=None):
    """Returns at which of the next ``n`` iterations a trigger fires."""
    out = []
    for _ in range(n):
        trainer.updater.update()
        i = trainer.updater.iteration
        if observe is not None:
            trainer.observation = observe(i)
        if keep(i) and trigger(trainer):
            out.append(i)
    return out


class TestGetTrigger:
    def test_specifiers(self):
        def call(trainer):
            return True

        assert training.get_trigger(call) is call
        assert training.get_trigger(None)(None) is False
        trigger = training.get_trigger((0.5, 'epoch'))
        assert isinstance(trigger, triggers.IntervalTrigger)
        assert trigger.get_training_length() == (0.5, 'epoch')

    @pytest.mark.parametrize('wrong', [3, (1,), 'x'])
    def test_anything_else_raises(self, wrong):
        with pytest.raises(TypeError, match="a pair such as \\(1, 'epoch'\\)"):
            training.get_trigger(wrong)

    def test_chainers_addresses(self):
        assert training.util.get_trigger is training.get_trigger
        assert training.trigger.get_trigger is training.get_trigger
        assert training.trigger.IntervalTrigger is triggers.IntervalTrigger


@pytest.mark.parametrize(
    ('iterations_per_epoch', 'interval', 'expected'),
    [
        (5, (2, 'iteration'), [2, 4, 6]),
        (1, (3, 'epoch'), [3, 6]),
        (2, (1.5, 'epoch'), [3, 6]),
        (2.5, (1, 'epoch'), [3, 5]),
        (0.5, (1, 'epoch'), [1, 2, 3, 4, 5, 6, 7]),
    ],
)
class TestIntervalTrigger:
    def test_it_fires(self, make_trainer, iterations_per_epoch, interval, expected):
        trainer = make_trainer(None, iterations_per_epoch)
        trigger = triggers.IntervalTrigger(*interval)
        assert trigger(trainer) is False
        assert fired(trigger, trainer, 7) == expected

    def test_may_fire_does_not_count(
        self, make_trainer, iterations_per_epoch, interval, expected
    ):
        trainer = make_trainer(None, iterations_per_epoch)
        trigger = triggers.IntervalTrigger(*interval)
        both = fired(lambda t: trigger.may_fire(t) & trigger(t), trainer, 7)
        assert both == expected

    def test_resumed(self, make_trainer, iterations_per_epoch, interval, expected):
        for stop in range(8):
            trainer = make_trainer(None, iterations_per_epoch)
            trigger = triggers.IntervalTrigger(*interval)
            first = fired(trigger, trainer, stop)
            again = triggers.IntervalTrigger(*interval)
            NpzDeserializer(serialize(trigger)).load(again)
            assert first + fired(again, trainer, 7 - stop) == expected

    def test_a_snapshot_without_it_is_guessed(
        self, make_trainer, iterations_per_epoch, interval, expected
    ):
        trainer = make_trainer(None, iterations_per_epoch)
        trigger = triggers.IntervalTrigger(*interval)
        first = fired(trigger, trainer, 4)
        with pytest.warns(UserWarning, match='guessed'):
            NpzDeserializer({}).load(trigger)
        assert first + fired(trigger, trainer, 3) == expected

    def test_asked_now_and_then(
        self, make_trainer, iterations_per_epoch, interval, expected
    ):
        # It fires at the first call after the point has passed.
        for seed in range(10):
            asked = random.Random(seed).sample(range(1, 8), 4)
            trainer = make_trainer(None, iterations_per_epoch)
            trigger = triggers.IntervalTrigger(*interval)
            got = fired(trigger, trainer, 7, lambda i, asked=asked: i in asked)
            late = [min([a for a in asked if a >= e], default=None) for e in expected]
            assert got == sorted(set(late) - {None})


class TestIntervalTriggerArguments:
    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="must be 'epoch' or 'iteration'"):
            triggers.IntervalTrigger(1, 'day')
        with pytest.raises(ValueError, match='positive, got 0'):
            triggers.IntervalTrigger(0, 'epoch')

    def test_text(self):
        assert (
            str(triggers.IntervalTrigger(3, 'epoch')) == "IntervalTrigger(3, 'epoch')"
        )


@pytest.mark.parametrize(
    ('iterations_per_epoch', 'schedule', 'expected', 'finished'),
    [
        (5, (4, 'iteration'), [4], 4),
        (5, ([4, 2], 'iteration'), [2, 4], 4),
        (1, (3, 'epoch'), [3], 3),
        (2, ([0.5, 2.5], 'epoch'), [1, 5], 5),
        (2.5, ([1, 2], 'epoch'), [3, 5], 5),
    ],
)
class TestManualScheduleTrigger:
    def test_it_fires(
        self, make_trainer, iterations_per_epoch, schedule, expected, finished
    ):
        trainer = make_trainer(None, iterations_per_epoch)
        trigger = triggers.ManualScheduleTrigger(*schedule)
        got = []
        for i in range(1, 8):
            got += fired(trigger, trainer, 1)
            assert trigger.finished is (i >= finished)
        assert got == expected

    def test_resumed(
        self, make_trainer, iterations_per_epoch, schedule, expected, finished
    ):
        for stop in range(8):
            trainer = make_trainer(None, iterations_per_epoch)
            trigger = triggers.ManualScheduleTrigger(*schedule)
            first = fired(trigger, trainer, stop)
            again = triggers.ManualScheduleTrigger(*schedule)
            NpzDeserializer(serialize(trigger)).load(again)
            assert again.finished is trigger.finished
            assert first + fired(again, trainer, 7 - stop) == expected

    def test_a_snapshot_without_it_is_guessed(
        self, make_trainer, iterations_per_epoch, schedule, expected, finished
    ):
        trainer = make_trainer(None, iterations_per_epoch)
        trigger = triggers.ManualScheduleTrigger(*schedule)
        fired(trigger, trainer, 6)
        with pytest.warns(UserWarning, match='ManualScheduleTrigger'):
            NpzDeserializer({}).load(trigger)
        assert trigger.finished is False
        assert fired(trigger, trainer, 1) == []
        assert trigger.finished is True


class TestOnceTrigger:
    def test_it_fires_once(self, make_trainer):
        trigger = triggers.OnceTrigger()
        assert trigger.finished is False
        assert fired(trigger, make_trainer(None), 3) == [1]
        assert trigger.finished is True

    @pytest.mark.parametrize('call_on_resume', [False, True])
    def test_resumed(self, make_trainer, call_on_resume):
        trainer = make_trainer(None)
        trigger = triggers.OnceTrigger(call_on_resume)
        fired(trigger, trainer, 2)
        again = triggers.OnceTrigger(call_on_resume)
        NpzDeserializer(serialize(trigger)).load(again)
        assert fired(again, trainer, 2) == ([3] if call_on_resume else [])

    def test_a_snapshot_without_it(self):
        trigger = triggers.OnceTrigger()
        with pytest.warns(UserWarning, match='OnceTrigger'):
            NpzDeserializer({}).load(trigger)
        assert trigger.finished is True


class TestTimeTrigger:
    class Clock:
        elapsed_time = 0.0

    def at(self, trigger, *times):
        clock = self.Clock()
        out = []
        for clock.elapsed_time in times:
            out.append(trigger(clock))
        return out

    def test_it_fires(self):
        trigger = triggers.TimeTrigger(1)
        assert self.at(trigger, 0.9, 1.1, 1.2, 3.5, 3.6) == [0, 1, 0, 1, 1]

    def test_resumed(self):
        trigger, again = triggers.TimeTrigger(1), triggers.TimeTrigger(1)
        self.at(trigger, 1.1)
        NpzDeserializer(serialize(trigger)).load(again)
        assert self.at(again, 1.2, 2.1) == [False, True]


VALUES = [0.5, 0.5, 0.25, 0.75, 0.75, 0.125, 0.125, 1.0]


@pytest.mark.parametrize(
    ('make', 'interval', 'expected'),
    [
        (triggers.MaxValueTrigger, (1, 'iteration'), [1, 4, 8]),
        (triggers.MinValueTrigger, (1, 'iteration'), [1, 3, 6]),
        # means of pairs: .5 .5 .4375 .5625
        (triggers.MaxValueTrigger, (2, 'iteration'), [2, 8]),
        (triggers.MinValueTrigger, (1, 'epoch'), [2, 6]),
        (
            lambda key, trigger: triggers.BestValueTrigger(key, operator.ge, trigger),
            (2, 'iteration'),
            [2, 4, 6],
        ),
    ],
)
class TestBestValueTriggers:
    def observe(self, i):
        return {'x': numpy.float32(VALUES[i - 1]), 'y': 0}

    def test_it_fires(self, make_trainer, make, interval, expected):
        trigger = make('x', trigger=interval)
        got = fired(trigger, make_trainer(None, 2), 8, observe=self.observe)
        assert got == expected

    def test_resumed(self, make_trainer, make, interval, expected):
        for stop in range(8):
            trainer = make_trainer(None, 2)
            trigger = make('x', trigger=interval)
            first = fired(trigger, trainer, stop, observe=self.observe)
            again = make('x', trigger=interval)
            NpzDeserializer(serialize(trigger)).load(again)
            rest = fired(again, trainer, 8 - stop, observe=self.observe)
            assert first + rest == expected

    def test_a_value_that_is_never_observed(
        self, make_trainer, make, interval, expected
    ):
        with pytest.raises(KeyError, match="'z' was not observed"):
            fired(
                make('z', trigger=interval),
                make_trainer(None, 2),
                8,
                observe=self.observe,
            )


NAN = float('nan')


@pytest.mark.parametrize(
    ('make', 'expected'),
    [
        (triggers.MaxValueTrigger, [2, 5]),
        (triggers.MinValueTrigger, [2, 4]),
        (
            lambda key, trigger: triggers.BestValueTrigger(key, operator.ne, trigger),
            [2, 4, 5],
        ),
    ],
)
class TestBestValueAfterNaN:
    VALUES = [NAN, 0.5, NAN, 0.25, 0.75]

    def observe(self, i):
        return {'x': self.VALUES[i - 1]}

    def test_it_is_never_the_best(self, make_trainer, make, expected):
        trigger = make('x', (1, 'iteration'))
        got = fired(trigger, make_trainer(None), 5, observe=self.observe)
        assert got == expected

    def test_not_when_chainer_saved_it_as_the_best(self, make_trainer, make, expected):
        saved = make('x', (1, 'iteration'))
        saved._best_value = NAN
        trigger = make('x', (1, 'iteration'))
        NpzDeserializer(serialize(saved)).load(trigger)
        got = fired(trigger, make_trainer(None), 5, observe=self.observe)
        assert got == expected


class TestEarlyStoppingTrigger:
    def run(self, trainer, trigger, values, name='main/loss'):
        def observe(i):
            return {name: Variable(numpy.array(values[i - 1], 'f'))}

        return fired(trigger, trainer, len(values), observe=observe)

    def make(self, **options):
        return triggers.EarlyStoppingTrigger((1, 'iteration'), **options)

    def test_loss(self, make_trainer):
        values = [100, 80, 30, 10, 20, 24, 30, 35]
        trigger = self.make(patience=3)
        assert self.run(make_trainer(None), trigger, values) == [7, 8]

    def test_accuracy(self, make_trainer):
        name, values = 'main/accuracy', [0.5, 0.5, 0.6, 0.7, 0.6, 0.4, 0.3, 0.2]
        trigger = self.make(patients=3, monitor=name)
        assert self.run(make_trainer(None), trigger, values, name) == [7, 8]

    def test_mode(self, make_trainer):
        trigger = self.make(patience=1, mode='max')
        assert self.run(make_trainer(None), trigger, [1, 2, 3]) == []
        trigger = self.make(patience=1, mode='min', monitor='accuracy')
        assert self.run(make_trainer(None), trigger, [3, 2, 1], 'accuracy') == []

    def test_nan_is_no_improvement(self, make_trainer):
        trigger = self.make(patience=2)
        assert self.run(make_trainer(None), trigger, [NAN, 3, NAN, 2, NAN, NAN]) == [6]

    def test_upper_bound(self, make_trainer):
        trigger = self.make(max_trigger=(3, 'iteration'))
        assert self.run(make_trainer(None), trigger, [5, 4, 3, 2]) == [3]
        assert trigger.get_training_length() == (3, 'iteration')

    def test_verbose(self, make_trainer, capsys):
        trigger = self.make(patience=1, verbose=True)
        self.run(make_trainer(None), trigger, [1, 1])
        out = capsys.readouterr().out
        assert out == 'early stopping: operator is less\nEpoch 0: early stopping\n'

    def test_a_value_that_is_not_observed(self, make_trainer):
        trigger = self.make(monitor='other')
        with pytest.warns(UserWarning, match="'other' is not in observation"):
            assert self.run(make_trainer(None), trigger, [1]) == []

    def test_patience_and_patients(self):
        assert self.make().patience == 3
        assert self.make(patience=0).patience == 0
        with pytest.raises(TypeError, match='give one'):
            self.make(patience=1, patients=2)

    def test_resumed(self, make_trainer):
        values = [9, 8, 8.5, 7, 7.5, 7.5, 7.5, 1]
        for stop in range(8):
            trainer = make_trainer(None)
            trigger, again = [
                triggers.EarlyStoppingTrigger((2, 'iteration'), patience=1)
                for _ in range(2)
            ]
            first = self.run(trainer, trigger, values[:stop])
            NpzDeserializer(serialize(trigger)).load(again)

            def observe(i):
                return {'main/loss': values[i - 1]}

            rest = fired(again, trainer, 8 - stop, observe=observe)
            assert first + rest == [], stop
            assert again.best == 4.25
