import threading
import warnings

import numpy
import pytest

from minigrad.configuration import using_config
from minigrad.reporter import (
    DictSummary,
    Reporter,
    Summary,
    get_current_reporter,
    report,
    report_scope,
)
from minigrad.serializers import DictionarySerializer, NpzDeserializer
from minigrad.variable import Variable


def copy_state(source, target, strict=True):
    serializer = DictionarySerializer()
    serializer.save(source)
    NpzDeserializer(serializer.target, strict=strict).load(target)


class TestReporter:
    def test_values_get_the_name_of_their_observer(self):
        reporter, a, b = Reporter(), object(), object()
        reporter.add_observer('a', a)
        reporter.add_observers('b', [('/c', b)])
        reporter.report({'x': 1}, a)
        reporter.report({'x': 2}, b)
        reporter.report({'x': 3})
        assert reporter.observation == {'a/x': 1, 'b/c/x': 2, 'x': 3}

    def test_an_observer_that_is_added_again_is_renamed(self):
        reporter, a = Reporter(), object()
        reporter.add_observer('old', a)
        reporter.add_observer('new', a)
        reporter.report({'x': 1}, a)
        assert reporter.observation == {'new/x': 1}

    def test_an_unknown_observer_raises(self):
        with Reporter(), pytest.raises(KeyError, match='list is not registered'):
            report({'x': 1}, [])

    def test_without_a_reporter_report_does_nothing(self):
        report({'x': 1}, object())
        with pytest.raises(IndexError):
            get_current_reporter()

    def test_reporters_nest(self):
        outer, inner = Reporter(), Reporter()
        with outer:
            with inner:
                assert get_current_reporter() is inner
                report({'x': 1})
            assert get_current_reporter() is outer
        assert (outer.observation, inner.observation) == ({}, {'x': 1})

    def test_a_scope_ends_when_its_block_raises(self):
        reporter = Reporter()
        before = reporter.observation
        with pytest.raises(ZeroDivisionError), reporter.scope({}):
            raise ZeroDivisionError
        assert reporter.observation is before
        with reporter, pytest.raises(ZeroDivisionError), report_scope({}):
            raise ZeroDivisionError
        assert reporter.observation is before

    def test_report_scope_writes_elsewhere(self):
        reporter, observation = Reporter(), {}
        with reporter, report_scope(observation):
            report({'x': 1})
        assert (observation, reporter.observation) == ({'x': 1}, {})

    def test_each_thread_has_its_own_reporter(self):
        found = []

        def look():
            try:
                found.append(get_current_reporter())
            except IndexError:
                found.append(None)

        with Reporter():
            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
        assert found == [None]

    @pytest.mark.parametrize('keep', [False, True])
    def test_graphs_are_cut_unless_kept(self, keep):
        y = Variable(numpy.ones(2, 'f')) * 2
        reporter = Reporter()
        with using_config('keep_graph_on_report', keep):
            reporter.report({'y': y})
        reported = reporter.observation['y']
        assert (reported.creator is not None) is keep
        assert reported.array is y.array
        assert y.creator is not None


class TestSummary:
    def test_mean_and_deviation(self, rng):
        values = rng.normal(size=20).astype('f')
        summary = Summary()
        for value in values:
            summary.add(value)
        mean, std = summary.make_statistics()
        assert summary.compute_mean() == mean
        numpy.testing.assert_allclose(mean, values.mean(), rtol=1e-6)
        numpy.testing.assert_allclose(std, values.std(), rtol=1e-5)

    def test_weights(self):
        summary = Summary()
        summary.add(1.0, weight=3)
        summary.add(numpy.array(5.0, 'f'), weight=numpy.array(1.0, 'f'))
        assert summary.compute_mean() == 2.0

    def test_deviation_of_equal_values_is_zero_not_nan(self):
        summary = Summary()
        for _ in range(7):
            summary.add(0.1)
        assert summary.make_statistics()[1] == pytest.approx(0, abs=1e-7)

    def test_many_small_float32_values_do_not_vanish(self):
        summary = Summary()
        for value in [2.0**24] + [1.0] * 8:
            summary.add(numpy.float32(value))
        assert summary.compute_mean() * 9 == 2**24 + 8

    def test_a_resumed_sum_is_bit_equal(self, rng):
        values = rng.normal(size=21).astype('f')
        whole, first, second = Summary(), Summary(), Summary()
        for value in values:
            whole.add(numpy.array(value))
        for value in values[:10]:
            first.add(numpy.array(value))
        copy_state(first, second)
        for value in values[10:]:
            second.add(numpy.array(value))
        assert whole.make_statistics() == second.make_statistics()

    def test_a_file_without_statistics_warns(self):
        with pytest.warns(UserWarning, match='start afresh'):
            NpzDeserializer({}).load(Summary())


class TestDictSummary:
    def test_what_is_counted(self):
        summary = DictSummary()
        summary.add(
            {
                'int': 1,
                'array': numpy.array(2, 'f'),
                'variable': Variable(numpy.array(3, 'f')),
                'vector': numpy.zeros(2),
                'text': 'x',
                'none': None,
            }
        )
        summary.add({'int': 2})
        assert summary.compute_mean() == {'int': 1.5, 'array': 2.0, 'variable': 3.0}

    def test_weighted_values(self):
        summary = DictSummary()
        summary.add({'x': (1.0, 3), 'y': (1.0, Variable(numpy.array(2, 'f')))})
        summary.add({'x': (5.0, numpy.int32(1))})
        assert summary.compute_mean() == {'x': 2.0, 'y': 1.0}
        with pytest.raises(ValueError, match="weight of 'x' is not a scalar"):
            summary.add({'x': (1.0, numpy.ones(2))})

    def test_statistics(self):
        summary = DictSummary()
        summary.add({'x': 1.0})
        summary.add({'x': 3.0})
        assert summary.make_statistics() == {'x': 2.0, 'x.std': 1.0}

    def test_a_file_replaces_what_was_there_and_keeps_the_order(self):
        source, target = DictSummary(), DictSummary()
        source.add({'z/b': 1.0, '/z/b': 2.0, 'a': (4.0, 0.5)})
        target.add({'other': 9.0, 'a': 1.0})
        copy_state(source, target)
        assert list(target.compute_mean().items()) == [
            ('z/b', 1.0),
            ('/z/b', 2.0),
            ('a', 4.0),
        ]

    def test_a_file_without_statistics_empties_it(self):
        summary = DictSummary()
        summary.add({'x': 1.0})
        with pytest.warns(UserWarning, match='start afresh'):
            NpzDeserializer({}).load(summary)
        assert summary.compute_mean() == {}
        with warnings.catch_warnings():
            copy_state(DictSummary(), summary, strict=False)
