import io
import warnings

import numpy
import pytest

import minigrad
from minigrad.iterators import SerialIterator
from minigrad.training import extensions


class Model(minigrad.Chain):
    """Reports the sums of what it gets, and under which configuration."""

    def __init__(self):
        super().__init__()
        self.seen = []
        with self.init_scope():
            self.child = minigrad.Link()

    def forward(self, x, y=0):
        config = minigrad.config
        self.seen.append((config.train, config.enable_backprop))
        minigrad.report({'loss': x.sum() + numpy.sum(y)}, self)
        minigrad.report({'max': x.max()}, self.child)


DATA = numpy.arange(20, dtype='f').reshape(5, 4)


def iterate(data=DATA, size=2):
    return SerialIterator(data, size, repeat=False, shuffle=False)


class TestEvaluator:
    def test_means_over_batches(self):
        model = Model()
        evaluator = extensions.Evaluator(iterate(), model)
        sums = [DATA[:2].sum(), DATA[2:4].sum(), DATA[4:].sum()]
        expected = numpy.average(sums, weights=[2, 2, 1])
        for _ in range(2):  # the iterator is rewound
            assert evaluator() == {'main/loss': expected, 'main/child/max': 63 / 5}
        assert model.seen == [(False, False)] * 6

    def test_every_example_counts_the_same(self):
        """31 batches of 32 and one of 8: the accuracy is that over all 1,000."""
        rng = numpy.random.default_rng(0)
        x = rng.random((1000, 4), 'f')
        t = rng.integers(0, 4, 1000)
        x[992:, 0] = 2  # the small batch is unlike the others
        model = minigrad.links.Classifier(lambda x: x)
        data = minigrad.datasets.TupleDataset(x, t)
        means = extensions.Evaluator(iterate(data, 32), model)()
        right = (x.argmax(axis=1) == t).mean()
        assert means['main/accuracy'] == pytest.approx(right, abs=1e-7)
        assert means['main/loss'] == pytest.approx(float(model(x, t).array), rel=1e-6)

    def test_a_weight_of_ones_own(self):
        def evaluate(x):
            minigrad.report({'sum': (x.sum(), 1)})

        evaluator = extensions.Evaluator(iterate(), Model(), eval_func=evaluate)
        expected = numpy.mean([DATA[:2].sum(), DATA[2:4].sum(), DATA[4:].sum()])
        assert evaluator() == {'sum': expected}

    @pytest.mark.parametrize(
        ('batches', 'expected'),
        [
            ([numpy.ones(3), numpy.zeros(1)], 0.75),
            ([(numpy.ones(3), 'x'), (numpy.zeros(1), 'y')], 0.75),
            ([{'x': numpy.ones(3)}, {'x': numpy.zeros(1)}], 0.75),
            ([1.0, 0.0], 0.5),  # nothing to count
        ],
    )
    def test_batches_that_are_no_lists(self, batches, expected):
        class Batches:
            def __iter__(self):
                return iter(batches)

            def reset(self):
                pass

        def evaluate(first):
            minigrad.report({'mean': numpy.mean(first)})

        def converter(batch, device):
            if isinstance(batch, dict):
                return batch['x']
            return batch[:1] if isinstance(batch, tuple) else batch

        evaluator = extensions.Evaluator(
            Batches(), Model(), converter, eval_func=evaluate
        )
        assert evaluator() == {'mean': expected}

    def test_names_and_reports(self):
        evaluator = extensions.Evaluator(iterate(), Model())
        evaluator.name = 'validation'
        reporter = minigrad.Reporter()
        with reporter:
            result = evaluator()
        assert reporter.observation == result
        assert list(result) == ['validation/main/loss', 'validation/main/child/max']

    def test_the_evaluation_alone_reports_nothing(self):
        model = Model()
        evaluator = extensions.Evaluator(iterate(), model)
        reporter = minigrad.Reporter()
        reporter.add_observer('target', model)
        reporter.add_observer('child', model.child)
        with reporter:
            result = evaluator.evaluate()
        assert reporter.observation == {}
        assert list(result) == ['target/loss', 'child/max']

    @pytest.mark.parametrize(
        'convert',
        [
            lambda batch, device: (numpy.stack(batch), 1),
            lambda batch, device: {'x': numpy.stack(batch), 'y': 1},
        ],
    )
    def test_converters(self, convert):
        devices = []

        def converter(batch, device):
            devices.append(device)
            return convert(batch, device)

        evaluator = extensions.Evaluator(iterate(size=5), Model(), converter, device=-1)
        assert evaluator()['main/loss'] == DATA.sum() + 1
        assert devices == [-1]

    def test_hook_and_function(self):
        calls = []
        evaluator = extensions.Evaluator(
            iterate(size=5),
            {'main': Model(), 'other': Model()},
            eval_hook=lambda e: calls.append(e),
            eval_func=lambda x: minigrad.report({'n': len(x)}),
        )
        assert evaluator() == {'n': 5}
        assert calls == [evaluator]
        assert list(evaluator.get_all_targets()) == ['main', 'other']
        assert evaluator.get_target('other') is evaluator.get_all_targets()['other']
        assert evaluator.get_iterator('main') is evaluator.get_all_iterators()['main']

    def test_an_empty_function_is_a_function(self):
        # An empty ChainList is false, and may still be what to call.
        class Empty(minigrad.ChainList):
            def forward(self, x):
                minigrad.report({'n': len(x)})

        evaluator = extensions.Evaluator(iterate(size=5), Model(), eval_func=Empty())
        assert evaluator() == {'n': 5}

    def test_an_iterator_that_repeats(self):
        iterator = SerialIterator(DATA, 2)
        with pytest.warns(UserWarning, match="'main' has repeat=True.*never stop"):
            extensions.Evaluator(iterator, Model())
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            extensions.Evaluator(iterate(), Model())

    def test_an_iterator_without_reset(self):
        class Batches(minigrad.dataset.Iterator):
            def __init__(self):
                self.rest = [DATA]

            def __next__(self):
                if not self.rest:
                    raise StopIteration
                batch, *self.rest = self.rest
                return batch

        evaluator = extensions.Evaluator(Batches(), Model())
        evaluator.initialize(None)  # what does not say that it repeats may be used
        for _ in range(2):
            with pytest.warns(DeprecationWarning, match='Batches has no reset'):
                assert evaluator()['main/loss'] == DATA.sum()

    def test_progress_bar(self, monkeypatch):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        out = Terminal()
        monkeypatch.setattr('sys.stdout', out)
        extensions.Evaluator(iterate(), Model(), progress_bar=True)()
        assert 'validation  33%' in out.getvalue()
        assert '1/3' in out.getvalue()

    def test_short_evaluations_leave_no_lines_in_log_files(self, capsys):
        extensions.Evaluator(iterate(), Model(), progress_bar=True)()
        assert capsys.readouterr().out == ''

    def test_finalize(self):
        finalized = []
        iterator = iterate()
        iterator.finalize = lambda: finalized.append(1)
        extensions.Evaluator(iterator, Model()).finalize()
        assert finalized == [1]

    def test_in_a_trainer(self, make_trainer):
        trainer = make_trainer((2, 'iteration'), 2)
        trainer.extend(extensions.Evaluator(iterate(), Model()))
        trainer.extend(extensions.Evaluator(iterate(), Model()), name='test')
        trainer.run()
        assert sorted(trainer.observation) == [
            'test/main/child/max',
            'test/main/loss',
            'validation/main/child/max',
            'validation/main/loss',
        ]
