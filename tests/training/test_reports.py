import copy
import importlib
import io
import json
import os
import subprocess
import sys
import textwrap
import threading
import warnings
from types import SimpleNamespace

import numpy
import pytest

import minigrad
from minigrad import training
from minigrad.chain_list import ChainList
from minigrad.configuration import config, using_config
from minigrad.links import Linear
from minigrad.parameter import Parameter
from minigrad.reporter import Reporter
from minigrad.serializers import NpzDeserializer, serialize
from minigrad.training import extensions
from minigrad.training.extensions.util import ProgressBar as ProgressBarBase
from minigrad.variable import Variable


def load(source, target):
    NpzDeserializer(serialize(source)).load(target)


def observe(trainer, name='x', values=lambda i: float(i)):
    """Lets a trainer observe a value at each iteration."""
    trainer.extend(
        lambda t: t.observation.__setitem__(name, values(t.updater.iteration)),
        name='observe',
        priority=training.PRIORITY_WRITER,
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestLogReport:
    def test_shows_itself_as_a_table(self, make_trainer):
        log = extensions.LogReport(filename=None, log_name=None)
        self.run(make_trainer((4, 'iteration'), 2), log)
        shown = log._repr_html_()
        assert shown.startswith('<table><tr><th>x</th><th>epoch</th>')
        assert '<tr><td>1.5</td><td>1</td><td>2</td>' in shown

    def test_data_frame(self, make_trainer, monkeypatch):
        log = extensions.LogReport(log_name=None)
        self.run(make_trainer((4, 'iteration'), 2), log)
        pandas = pytest.importorskip('pandas')
        frame = log.to_dataframe()
        assert type(frame) is pandas.DataFrame
        assert list(frame['x']) == [1.5, 3.5]
        monkeypatch.setitem(sys.modules, 'pandas', None)
        with pytest.raises(ImportError, match='pip install pandas'):
            log.to_dataframe()

    def run(self, trainer, log):
        observe(trainer)
        trainer.extend(log, name='LogReport')
        trainer.run()
        return [
            {k: v for k, v in row.items() if k != 'elapsed_time'} for row in log.log
        ]

    def test_rows_and_file(self, make_trainer):
        trainer = make_trainer((4, 'iteration'), 2)
        log = extensions.LogReport()
        assert self.run(trainer, log) == [
            {'x': 1.5, 'epoch': 1, 'iteration': 2},
            {'x': 3.5, 'epoch': 2, 'iteration': 4},
        ]
        with open(os.path.join(trainer.out, 'log')) as file:
            text = file.read()
        assert text == json.dumps(log.log, indent=4)
        assert list(log.log[0]) == ['x', 'epoch', 'iteration', 'elapsed_time']
        assert os.listdir(trainer.out) == ['log']

    def test_options(self, make_trainer):
        trainer = make_trainer((4, 'iteration'), 2)
        log = extensions.LogReport(
            ['x'],
            (1, 'iteration'),
            lambda row: row.update(y=row['x'] + 1),
            'log_{iteration}',
        )
        trainer.extend(lambda t: t.observation.update(z=1), 'z', priority=300)
        assert self.run(trainer, log)[-1] == {
            'x': 4.0,
            'epoch': 2,
            'iteration': 4,
            'y': 5.0,
        }
        assert sorted(os.listdir(trainer.out)) == [f'log_{i}' for i in range(1, 5)]

    def test_one_row_per_line(self, make_trainer):
        trainer = make_trainer((4, 'iteration'), 2)
        log = extensions.LogReport(filename='log.jsonl')
        self.run(trainer, log)
        with open(os.path.join(trainer.out, 'log.jsonl')) as file:
            assert [json.loads(line) for line in file] == log.log

    @pytest.mark.parametrize('name', ['log', 'log.jsonl'])
    def test_strict_readers_take_it(self, make_trainer, name):
        values = {1: numpy.nan, 2: numpy.inf, 3: -numpy.inf, 4: 0.5}
        trainer = make_trainer((4, 'iteration'), 1)
        observe(trainer, values=values.__getitem__)
        trainer.extend(extensions.LogReport(log_name=name))
        trainer.run()

        def refuse(word):
            raise ValueError(word)

        with open(os.path.join(trainer.out, name)) as file:
            text = file.read()
        if name == 'log.jsonl':
            text = f'[{",".join(text.splitlines())}]'
        rows = json.loads(text, parse_constant=refuse)
        assert [row['x'] for row in rows] == [None, numpy.inf, -numpy.inf, 0.5]
        # What the training itself goes on with is the number.
        log = trainer.get_extension('LogReport').log
        assert numpy.isnan(log[0]['x'])

    def test_no_file(self, make_trainer):
        trainer = make_trainer((4, 'iteration'), 2)
        self.run(trainer, extensions.LogReport(log_name=None))
        assert os.listdir(trainer.out) == []

    def test_before_training(self, make_trainer):
        trainer = make_trainer((1, 'iteration'), 1)
        log = extensions.LogReport()
        trainer.extend(log, call_before_training=True)
        trainer.run()
        assert [row['iteration'] for row in log.log] == [0, 1]

    def test_resumed_in_the_middle_of_an_epoch(self, make_trainer):
        trainer = make_trainer((9, 'iteration'), 3)
        expected = self.run(trainer, extensions.LogReport(trigger=(1, 'epoch')))
        for stop in range(1, 9):
            first = make_trainer((stop, 'iteration'), 3)
            self.run(first, extensions.LogReport())
            second = make_trainer((9, 'iteration'), 3)
            log = extensions.LogReport()
            observe(second)
            second.extend(log)
            load(first, second)
            second.run()
            rows = [{k: r[k] for k in ('x', 'epoch', 'iteration')} for r in log.log]
            assert rows == expected


class TestPrintReport:
    def print(self, make_trainer, report, out=None):
        trainer = make_trainer((4, 'iteration'), 2)
        observe(trainer)
        trainer.extend(extensions.LogReport())
        trainer.extend(report)
        trainer.run()

    def test_table(self, make_trainer):
        out = io.StringIO()
        report = extensions.PrintReport(['epoch', 'x', 'missing_value'], out=out)
        self.print(make_trainer, report)
        assert out.getvalue().splitlines() == [
            'epoch       x           missing_value',
            '1           1.5                        ',
            '2           3.5                        ',
        ]

    def test_the_standard_output_is_the_default(self, make_trainer, capsys):
        self.print(make_trainer, extensions.PrintReport(['epoch']))
        assert capsys.readouterr().out.split() == ['epoch', '1', '2']

    def test_a_terminal_gets_the_progress_bar_cleared(self, make_trainer):
        out = Terminal()
        self.print(make_trainer, extensions.PrintReport(['epoch'], out=out))
        assert out.getvalue().count('\r\033[J') == 3

    def test_a_log_report_of_its_own(self, make_trainer, capsys):
        trainer = make_trainer((2, 'iteration'), 1)
        observe(trainer)
        log = extensions.LogReport(log_name=None)
        trainer.extend(extensions.PrintReport(['x'], log))
        trainer.run()
        assert capsys.readouterr().out.split() == ['x', '1', '2']
        again = extensions.PrintReport(['x'], extensions.LogReport())
        load(trainer.get_extension('PrintReport'), again)
        assert again._log_report.log == log.log

    def test_curves_in_a_notebook_take_the_place_of_the_last(
        self, make_trainer, monkeypatch
    ):
        shown = notebook(monkeypatch)
        self.print(make_trainer, extensions.PlotReport('x', trigger=(2, 'iteration')))
        assert [kind for kind, _ in shown[:2]] == ['new', 'instead']
        assert all(image.startswith(b'\x89PNG') for _, image in shown)

    def test_a_wrong_log_report(self, make_trainer):
        report = extensions.PrintReport(['x'], log_report=3)
        with pytest.raises(TypeError, match='log report has a wrong type'):
            report(make_trainer())

    def test_text_in_a_row(self, capsys):
        report = extensions.PrintReport(['name', 'x'])
        log = SimpleNamespace(log=[{'name': 'a', 'x': 1e-9}])
        report(SimpleNamespace(get_extension=lambda name: log))
        assert capsys.readouterr().out.split() == ['name', 'x', 'a', '1e-09']

    def test_notebook(self, make_trainer, monkeypatch, capsys):
        shown = notebook(monkeypatch)
        self.print(make_trainer, extensions.PrintReportNotebook(['epoch', '<x>']))
        assert capsys.readouterr().out == ''
        assert [kind for kind, _ in shown[:2]] == ['new', 'instead']
        assert shown[-1][1] == (
            '<table><tr><th>epoch</th><th>&lt;x&gt;</th></tr>'
            '<tr><td>1</td><td></td></tr><tr><td>2</td><td></td></tr></table>'
        )

    @pytest.mark.parametrize(('length', 'expected'), [(None, 50), (7, 7), (0, 0)])
    def test_the_length_of_a_bar_of_ones_own(self, length, expected):
        bar = ProgressBarBase(length)
        assert bar._bar_length == expected

    def test_notebook_report_elsewhere(self, make_trainer, capsys):
        self.print(make_trainer, extensions.PrintReportNotebook(['epoch']))
        assert capsys.readouterr().out.split() == ['epoch', '1', '2']


def notebook(monkeypatch):
    """Makes it look as in a notebook; returns a list of what is shown there."""
    shown = []

    class Display:
        HTML = staticmethod(str)
        Image = staticmethod(bytes)

        @staticmethod
        def display(what, display_id):
            shown.append(('new', what))
            return SimpleNamespace(update=lambda what: shown.append(('instead', what)))

    shell = type('ZMQInteractiveShell', (), {})()
    fake = SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0))
    real = importlib.import_module

    def import_module(name, *args):
        made = {'IPython': fake, 'IPython.display': Display}
        return made.get(name) or real(name, *args)

    monkeypatch.setattr(importlib, 'import_module', import_module)
    monkeypatch.setitem(sys.modules, 'IPython', fake)
    return shown


class TestProgressBar:
    def test_no_thread_runs_beside_the_training(self, make_trainer):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        # Another test's bar may have left its thread.
        threads, before = set(), set(threading.enumerate())
        bar = extensions.ProgressBar(update_interval=1, out=Terminal())
        trainer = make_trainer((3, 'iteration'))
        trainer.extend(bar)
        trainer.extend(
            lambda trainer: threads.update(threading.enumerate()),
            name='look',
        )
        trainer.run()
        assert threads
        assert 'TMonitor' not in {type(thread).__name__ for thread in threads - before}

    def run(self, make_trainer, bar, stop=(2, 'epoch')):
        trainer = make_trainer(stop, 100)
        trainer.extend(bar)
        trainer.run()

    def test_a_log_file_gets_plain_lines(self, make_trainer):
        out = io.StringIO()
        self.run(make_trainer, extensions.ProgressBar(update_interval=10, out=out))
        assert out.getvalue() == 'train   5.00%  10/200 iter  epoch 0.10/2\n'

    def test_a_log_file_gets_the_time_left(self, make_trainer, monkeypatch):
        seconds = iter(range(0, 10**6, 5))
        bar = importlib.import_module('minigrad.training.extensions._bar')
        monkeypatch.setattr(bar.time, 'monotonic', lambda: next(seconds))
        out = io.StringIO()
        self.run(make_trainer, extensions.ProgressBar((400, 'iteration'), 50, out=out))
        assert out.getvalue().splitlines() == [
            'train  12.50%  50/400 iter  epoch 0.50',
            'train  37.50%  150/400 iter  epoch 1.50  10 iter/s  0:00:25 left',
        ]

    def test_a_terminal_gets_a_bar(self, make_trainer):
        out = Terminal()
        self.run(make_trainer, extensions.ProgressBar(update_interval=1, out=out))
        drawn = out.getvalue()
        assert '1/200 [' in drawn
        assert 'epoch 0.01/2' in drawn
        assert drawn.endswith('\r')

    def test_an_unknown_length(self, make_trainer):
        out = io.StringIO()
        bar = extensions.ProgressBar(update_interval=1, out=out)
        self.run(make_trainer, bar, lambda trainer: trainer.updater.iteration >= 3)
        assert out.getvalue() == 'train  1 iter  epoch 0.01\n'

    def test_the_standard_output_is_the_default(self, make_trainer, capsys):
        self.run(make_trainer, extensions.ProgressBar(update_interval=1))
        assert capsys.readouterr().out.startswith('train')


class TestPlots:
    def test_plot_report(self, make_trainer):
        pytest.importorskip('matplotlib', reason='it draws the figure')
        figures = []
        trainer = make_trainer((6, 'iteration'), 2)
        observe(trainer)
        plot = extensions.PlotReport(
            ['x', 'never'],
            'epoch',
            postprocess=lambda *args: figures.append(args),
            filename='x.svg',
        )
        trainer.extend(plot)
        trainer.run()
        assert len(figures) == 3
        lines = figures[-1][1].get_lines()
        assert [line.get_label() for line in lines] == ['x']
        numpy.testing.assert_array_equal(lines[0].get_xdata(), [1, 2, 3])
        numpy.testing.assert_array_equal(lines[0].get_ydata(), [1.5, 3.5, 5.5])
        with open(os.path.join(trainer.out, 'x.svg')) as file:
            assert '<svg' in file.read()

    def test_plot_report_names_its_axes(self, make_trainer):
        pytest.importorskip('matplotlib', reason='it draws the figure')
        trainer = make_trainer((2, 'iteration'), 2)
        observe(trainer, 'main/loss')
        keys = ['main/loss', 'validation/main/loss', 'main/accuracy']
        plot = extensions.PlotReport(keys, 'elapsed_time')
        assert plot._repr_png_() is None  # nothing to show yet
        trainer.extend(plot)
        trainer.run()
        (axes,) = plot._figure_().axes
        assert axes.get_xlabel() == 'elapsed time, s'
        assert axes.get_ylabel() == 'loss; accuracy, share of 1'
        assert plot._repr_png_().startswith(b'\x89PNG')

    def test_plot_report_resumed(self, make_trainer):
        pytest.importorskip('matplotlib', reason='it draws the figure')
        first, second = (
            make_trainer((3, 'iteration'), 2),
            make_trainer((4, 'iteration'), 2),
        )
        for trainer in (first, second):
            observe(trainer)
            trainer.extend(extensions.PlotReport('x'))
        first.run()
        load(first, second)
        second.run()
        assert second.get_extension('PlotReport')._data == {'x': [[2, 1.5], (4, 3.5)]}

    def test_variable_statistics(self, make_trainer):
        pytest.importorskip('matplotlib', reason='it draws the figure')
        for options in (
            {},
            {'plot_mean': False},
            {'plot_mean': False, 'plot_std': False, 'percentile_sigmas': (0, 100)},
            {'percentile_sigmas': (), 'report_grad': False},
            {'percentile_sigmas': 50, 'marker': 'x', 'grid': False},
        ):
            trainer = make_trainer((2, 'iteration'), 1)
            x = Variable(numpy.arange(6.0).reshape(2, 3))
            plot = extensions.VariableStatisticsPlot([x], filename='s.png', **options)
            trainer.extend(plot)
            trainer.run()
            path = os.path.join(trainer.out, 's.png')
            assert os.path.getsize(path) > 1000
            os.remove(path)

    def test_variable_statistics_values(self, make_trainer):
        x = Variable(numpy.arange(5.0))
        x.grad = numpy.ones(5)
        plot = extensions.VariableStatisticsPlot(x, percentile_sigmas=(0, 50, 100))
        plot(make_trainer())
        _, data = plot._samples.get_data()
        numpy.testing.assert_allclose(
            data, [[[2, 2**0.5, 0, 2, 4], [1, 0, 1, 1, 1]]], rtol=1e-6
        )

    def test_variable_statistics_arguments(self):
        with pytest.raises(ValueError, match='at least one variable'):
            extensions.VariableStatisticsPlot([])
        x = Variable(numpy.zeros(1))
        with pytest.raises(ValueError, match='nothing to plot'):
            extensions.VariableStatisticsPlot(
                x, plot_mean=False, plot_std=False, percentile_sigmas=()
            )

    def test_reservoir(self):
        reservoir = extensions.variable_statistics_plot.Reservoir(3, (2,))
        for i in range(50):
            reservoir.add([i, -i], idx=i + 100)
        idxs, data = reservoir.get_data()
        assert (numpy.diff(idxs) > 0).all()
        numpy.testing.assert_array_equal(data[:, 0] + 100, idxs)
        again = extensions.variable_statistics_plot.Reservoir(3, (2,))
        load(reservoir, again)
        numpy.testing.assert_array_equal(again.get_data()[1], data)
        assert again.counter == 50

    def test_without_matplotlib(self, make_trainer, monkeypatch):
        monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
        with pytest.warns(UserWarning, match='pip install matplotlib'):
            plot = extensions.PlotReport(['x'])
        with pytest.warns(UserWarning, match='nothing will be plotted'):
            assert extensions.PlotReport.available() is False
        with pytest.warns(UserWarning, match='nothing will be plotted'):
            plot(make_trainer())

    def test_matplotlib_is_imported_when_it_is_needed(self):
        code = (
            'import sys; from minigrad.training import extensions as e; '
            "e.PlotReport(['x']); print('matplotlib' in sys.modules, 'tqdm' in sys.modules)"
        )
        root = os.path.dirname(os.path.dirname(minigrad.__file__))
        out = subprocess.run(
            [sys.executable, '-c', code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, 'PYTHONPATH': root},
        )
        assert out.stdout.split() == ['False', 'False']


class TestSmallExtensions:
    def test_observe_value_and_lr(self, make_trainer):
        trainer = make_trainer((2, 'iteration'), 2)
        trainer.updater.optimizers = {
            'main': SimpleNamespace(lr=0.5),
            'other': SimpleNamespace(lr=0.25),
        }
        trainer.extend(extensions.observe_lr())
        trainer.extend(extensions.observe_lr('other', 'lr2'))
        trainer.extend(extensions.observe_value('i', lambda t: t.updater.iteration))
        trainer.run()
        assert trainer.observation == {'lr': 0.5, 'lr2': 0.25, 'i': 2}

    def test_fail_on_nonnumber(self, make_trainer):
        w = Parameter(numpy.zeros(2, 'f'))
        empty = Parameter()
        target = SimpleNamespace(namedparams=lambda: [('/e', empty), ('/l1/W', w)])
        trainer = make_trainer((4, 'iteration'))
        trainer.updater.get_all_optimizers = lambda: {
            'main': SimpleNamespace(target=target)
        }
        trainer.extend(extensions.FailOnNonNumber())

        def spoil(trainer):
            if trainer.updater.iteration == 3:
                w.array[0] = numpy.inf

        trainer.extend(spoil, priority=300)
        with pytest.raises(RuntimeError, match=r"'main' diverge: /l1/W .* iteration 3"):
            trainer.run(show_loop_exception_msg=False)

    def test_micro_average(self, make_trainer):
        def run(trainer):
            def write(t):
                i = t.updater.iteration
                t.observation.update(n=Variable(numpy.array(i, 'f')), d=2 * i + 1)

            results = []
            trainer.extend(write, priority=300)
            trainer.extend(extensions.MicroAverage('n', 'd', 'ratio', (3, 'iteration')))
            trainer.extend(lambda t: results.append(t.observation.get('ratio')), 'read')
            return results

        whole, first, second = [make_trainer((n, 'iteration')) for n in (6, 4, 6)]
        expected = run(whole)
        whole.run()
        assert expected == [None, None, 6 / 15, None, None, 15 / 33]
        got = run(first)
        first.run()
        rest = run(second)
        load(first, second)
        second.run()
        assert got + rest == expected

    def test_micro_average_without_values(self, make_trainer):
        average = extensions.MicroAverage('n', 'd', 'ratio', (1, 'iteration'))
        trainer = make_trainer((1, 'iteration'))
        trainer.extend(average)
        trainer.run()
        assert trainer.observation == {}

    @pytest.mark.parametrize(
        'form',
        [list, tuple, iter, lambda links: dict.fromkeys(links).keys(), ChainList],
    )
    def test_parameter_statistics_of_any_iterable(self, make_trainer, form):
        links = Linear(1, 1), Linear(1, 1)
        for name, link in zip('ab', links, strict=True):
            link.name = name
        given = form(*links) if form is ChainList else form(links)
        statistics = extensions.ParameterStatistics(
            given, {'n': len}, report_grads=False, trigger=(1, 'iteration')
        )
        trainer = make_trainer((2, 'iteration'))
        trainer.extend(statistics)
        trainer.run()
        names = ['None/0', 'None/1'] if form is ChainList else ['a', 'b']
        assert trainer.observation == {
            f'{name}/{W}/data/n': 1 for name in names for W in 'Wb'
        }

    def test_parameter_statistics(self, make_trainer):
        w = Parameter(numpy.array([0, 1, 5], 'f'))
        link = SimpleNamespace(
            name='l', namedparams=lambda: [('/W', w), ('/b', Parameter())]
        )
        statistics = extensions.ParameterStatistics(
            [link], {'sum': numpy.sum, 'both': lambda x: x[:2]}, prefix='p',
            trigger=(2, 'iteration'),
        )  # fmt: skip
        statistics.register_statistics('first', lambda x: x[0])
        reporter = Reporter()
        trainer = make_trainer((2, 'iteration'))
        trainer.extend(statistics)
        trainer.run()
        assert reporter.observation == {}
        assert trainer.observation == {
            'p/l/W/data/sum': 6.0,
            'p/l/W/data/both/0': 0.0,
            'p/l/W/data/both/1': 1.0,
            'p/l/W/data/first': 0.0,
        }

    def test_parameter_statistics_defaults(self, make_trainer):
        w = Parameter(numpy.array([0, numpy.nan], 'f'))
        w.grad = numpy.array([0, 4], 'f')
        link = SimpleNamespace(name='l', namedparams=lambda: [('/W', w)])
        trainer = make_trainer((1, 'iteration'))
        trainer.extend(
            extensions.ParameterStatistics(
                link, skip_nan_params=True, trigger=(1, 'iteration')
            )
        )
        trainer.run()
        got = trainer.observation
        assert got['l/W/grad/mean'] == 2
        assert got['l/W/grad/zeros'] == 1
        assert got['l/W/grad/percentile/3'] == 2
        assert numpy.isnan(got['l/W/data/min'])
        assert len(got) == 5 + 7 + 6

    def test_unchain_variables(self, make_trainer):
        trainer = make_trainer((3, 'iteration'))
        x = Variable(numpy.ones(1, 'f'))
        cut = []

        def write(t):
            t.observation['y'] = x * 2

        trainer.extend(write, priority=300)
        trainer.extend(extensions.unchain_variables())
        trainer.extend(
            lambda t: cut.append(t.observation['y'].creator is None),
            'look',
            priority=-1,
        )

        def stop_keeping(t):
            config.keep_graph_on_report = t.updater.iteration < 2

        trainer.extend(stop_keeping)
        with using_config('keep_graph_on_report', True):
            trainer.run()
        assert cut == [True, True, False]


@pytest.mark.skipif(os.name != 'posix', reason='locks of POSIX')
@pytest.mark.parametrize('filename', ['log', 'log_{epoch}', 'logs/log.jsonl'])
def test_the_log_removes_what_its_killed_run_has_left(make_trainer, filename):
    trainer = make_trainer((2, 'iteration'), 1)
    trainer.extend(extensions.LogReport(filename=filename))
    trainer.extend(extensions.Doctor(show=None))
    folder, name = os.path.split(os.path.join(trainer.out, filename.format(epoch=7)))
    os.makedirs(folder)
    left = os.path.join(folder, f'.{name}.abcdefgh.tmp')
    other = os.path.join(folder, '.notes.abcdefgh.tmp')
    of_doctor = os.path.join(trainer.out, '.doctor.json.abcdefgh.tmp')
    for path in (left, other, of_doctor):
        with open(path, 'w'):
            pass
    trainer.run()
    assert not os.path.exists(left)
    assert not os.path.exists(of_doctor)
    assert os.path.exists(other)


class TestLogReportOfAnotherTraining:
    def train(self, make_trainer):
        trainer = make_trainer((2, 'iteration'), 1)
        trainer.extend(extensions.LogReport())
        trainer.run()

    def test_it_is_not_replaced_silently(self, make_trainer, capsys):
        self.train(make_trainer)
        assert capsys.readouterr().err == ''
        self.train(make_trainer)
        error = capsys.readouterr().err
        assert error.startswith('LogReport: replaces ')
        assert error.endswith('log, which another training wrote\n')


class TestTensorBoardReport:
    class Writer:
        def __init__(self):
            self.written = []
            self.flushed = False

        def add_scalar(self, *args):
            self.written.append(args)

        def flush(self):
            self.flushed = True

    def test_scalars_are_written(self, make_trainer):
        writer = self.Writer()
        trainer = make_trainer((4, 'iteration'))
        observe(trainer, values=lambda i: Variable(numpy.array(i, 'f')))
        observe(trainer, 'vector', lambda i: numpy.ones(2))
        trainer.extend(
            extensions.TensorBoardReport(writer=writer), trigger=(2, 'iteration')
        )
        trainer.run()
        assert writer.written == [('x', 2.0, 2), ('x', 4.0, 4)]
        assert writer.flushed

    def test_keys(self, make_trainer):
        writer = self.Writer()
        trainer = make_trainer((1, 'iteration'))
        observe(trainer)
        trainer.extend(extensions.TensorBoardReport(['y'], writer=writer))
        trainer.run()
        assert writer.written == []

    def test_without_tensorboardx(self, make_trainer, monkeypatch):
        monkeypatch.setitem(sys.modules, 'tensorboardX', None)
        trainer = make_trainer()
        trainer.extend(extensions.TensorBoardReport())
        with pytest.raises(ImportError, match='pip install tensorboardX'):
            trainer.run()

    def test_with_tensorboardx(self, make_trainer):
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            pytest.importorskip('tensorboardX', reason='it writes the events')
        trainer = make_trainer((2, 'iteration'))
        observe(trainer)
        trainer.extend(extensions.TensorBoardReport())
        trainer.run()
        (name,) = os.listdir(os.path.join(trainer.out, 'tensorboard'))
        assert name.startswith('events.')


class TestDumpGraph:
    @pytest.mark.parametrize('flag', [False, True])
    def test_only_the_first_iteration_is_dumped(self, make_trainer, flag):
        trainer = make_trainer((3, 'iteration'))
        x = Variable(numpy.ones(1, 'f'))
        kept = []

        def update():
            kept.append(config.keep_graph_on_report)
            trainer.updater.iteration += 1
            minigrad.report({'y': x * 2 if len(kept) == 1 else x + 2})

        trainer.updater.update = update
        trainer.extend(extensions.DumpGraph('y', 'g.dot'))
        assert list(trainer._extensions) == ['dump_graph']
        with using_config('keep_graph_on_report', flag):
            trainer.run()
        assert kept == [True, flag, flag]
        with open(os.path.join(trainer.out, 'g.dot')) as file:
            dot = file.read()
        assert '* 2' in dot or 'Mul' in dot
        assert 'Add' not in dot

    def test_what_is_no_variable(self, make_trainer):
        for value, error in ((None, KeyError), (1.0, TypeError)):
            trainer = make_trainer()
            if value is not None:
                observe(trainer, values=lambda i: 1.0)
            trainer.extend(extensions.DumpGraph('x'))
            with pytest.raises(error, match="'x'"):
                trainer.run(show_loop_exception_msg=False)
            assert config.keep_graph_on_report is False


class TestTwoTrainings:
    """What two processes write under one name into one folder is lost: refused."""

    def reports(self):
        weight = Linear(2, 2).W
        return {
            'log': extensions.LogReport(),
            'plot.png': extensions.PlotReport(['main/loss'], 'epoch'),
            'statistics.png': extensions.VariableStatisticsPlot(weight),
            'cg.dot': extensions.DumpGraph('main/loss'),
            'doctor.json': extensions.Doctor(),
        }

    def test_of_two_processes(self, make_trainer):
        out = make_trainer((1, 'iteration'), 1).out
        os.makedirs(out)
        script = f"""
            import os
            from minigrad.utils.file_lock import FileLock
            for name in {list(self.reports())}:
                assert FileLock(os.path.join({out!r}, f'.{{name}}.lock')).acquire()
            print(flush=True)
            input()
        """
        with subprocess.Popen(
            [sys.executable, '-c', textwrap.dedent(script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as other:  # fmt: skip
            other.stdout.readline()
            for name, report in self.reports().items():
                trainer = make_trainer((1, 'iteration'), 1)
                trainer.extend(report)
                with pytest.raises(RuntimeError, match=f'process {other.pid}') as info:
                    trainer.run(show_loop_exception_msg=False)
                text = str(info.value)
                assert text.startswith(f'{type(report).__name__}: another training')
                assert f'is writing {name} into {out}' in text
                assert 'give this one another folder' in text
            other.kill()

    def test_the_files_left_are_named_and_the_claims_given_back(
        self, make_trainer, capsys
    ):
        for _ in range(2):
            trainer = make_trainer((1, 'iteration'), 1)
            os.makedirs(trainer.out, exist_ok=True)
            reports = self.reports()
            for name, report in reports.items():
                with using_config('keep_graph_on_report', False):  # by DumpGraph
                    report.initialize(trainer)
                assert os.path.exists(os.path.join(trainer.out, f'.{name}.lock'))
                copied = copy.deepcopy(report) if name == 'log' else report
                report.finalize()
                copied.finalize()
                with open(os.path.join(trainer.out, name), 'w'):
                    pass
            assert sorted(os.listdir(trainer.out)) == sorted(reports)
        said = capsys.readouterr().err
        assert [line.partition(': replaces ')[2] for line in said.splitlines()] == [
            f'{os.path.join(trainer.out, name)}, which another training wrote'
            for name in reports
        ]
