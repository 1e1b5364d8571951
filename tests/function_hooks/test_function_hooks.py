"""Timer, memory and print hooks."""

import importlib.util
import io

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.function_hooks import (
    CUDAProfileHook,
    CupyMemoryProfileHook,
    MemoryHook,
    PrintHook,
    TimerHook,
)


def run():
    x = minigrad.Variable(np.ones((100, 100), 'f'))
    F.sum(F.relu(F.relu(x))).backward()


def lines_of(hook, **kwargs):
    file = io.StringIO()
    hook.print_report(file=file, **kwargs)
    return file.getvalue().splitlines()


@pytest.fixture
def timer():
    with TimerHook() as hook:
        run()
    return hook


def test_timer_counts_forward_and_backward(timer):
    names = [name for name, _ in timer.call_history]
    forward, backward = ['ReLU', 'ReLU', 'Sum'], ['Sum', 'ReLU', 'ReLU']
    assert [name for name in names if name in forward] == forward + backward
    summary = timer.summary()
    assert summary['ReLU']['occurrence'] == 4
    assert 0 < summary['ReLU']['elapsed_time'] <= timer.total_time()


def test_timer_counts_a_function_in_a_function_once():
    class Outer(minigrad.FunctionNode):
        def forward(self, inputs):
            return F.relu(inputs[0]).array

    with TimerHook() as hook:
        Outer().apply((np.ones(3),))
    assert [name for name, _ in hook.call_history] == ['ReLU', 'Outer']
    assert hook.total_time() == hook.summary()['Outer']['elapsed_time']


@pytest.mark.parametrize(
    ('unit', 'suffixes'),
    [('us', {'us'}), ('auto', None), ('auto_foreach', {'sec', 'ms', 'us', 'ns'})],
)
def test_timer_report(timer, unit, suffixes):
    header, *rows = lines_of(timer, unit=unit)
    assert header.split() == ['FunctionName', 'ElapsedTime', 'Occurrence']
    assert len(rows) == len(timer.summary())
    assert len({len(row) for row in (header, *rows)}) == 1
    found = {row.split()[1].lstrip('0123456789.') for row in rows}
    if suffixes is None:
        assert len(found) == 1
    else:
        assert found <= suffixes


def test_report_goes_to_standard_output(timer, capsys):
    timer.print_report()
    assert 'FunctionName' in capsys.readouterr().out


def test_report_refuses_an_unknown_unit(timer):
    with pytest.raises(ValueError, match="auto_foreach, sec, ms, us, ns, got 'hours'"):
        timer.print_report(unit='hours')


def test_report_of_nothing():
    assert lines_of(TimerHook()) == ['FunctionName  ElapsedTime  Occurrence']


def test_timer_on_one_function():
    hook = TimerHook()
    function = type(F.relu(np.ones(1)).creator_node)()
    function.add_hook(hook)
    F.relu(function.apply((np.ones(2),))[0])
    assert [name for name, _ in hook.call_history] == ['ReLU']


def test_memory():
    x = minigrad.Variable(np.ones(100_000, 'f'))
    F.sum(F.tanh(x))  # compiles the kernels, which takes memory too
    with MemoryHook() as hook:
        y = F.tanh(x)
        z = F.sum(y)
    record = hook.summary()['Tanh']
    assert 400_000 <= record['used_bytes'] <= 420_000
    assert record['used_bytes'] <= record['peak_bytes'] <= 420_000
    assert hook.summary()['Sum']['used_bytes'] < 20_000
    assert abs(hook.total_used_bytes() - record['used_bytes']) < 20_000
    assert z.array == pytest.approx(100_000 * np.tanh(1), rel=1e-4)
    header, *rows = lines_of(hook)
    assert header.split() == ['FunctionName', 'UsedBytes', 'PeakBytes', 'Occurrence']
    assert rows[0].split()[1].endswith('KB')


def test_memory_peak_of_temporaries():
    class Wasteful(minigrad.FunctionNode):
        def forward(self, inputs):
            np.ones(50_000, 'd')  # 400,000 bytes that are freed at once
            return inputs[0] + 1

    with MemoryHook() as hook:
        Wasteful().apply((np.ones(2),))
    record = hook.summary()['Wasteful']
    assert record['used_bytes'] < 20_000
    assert record['peak_bytes'] >= 400_000


def test_print_hook():
    file = io.StringIO()
    x = minigrad.Variable(np.ones(2, 'f'), name='x')
    with PrintHook(file=file):
        F.sum(F.relu(x)).backward()
    text = file.getvalue()
    assert text.count('function\tReLU\n') == 2
    assert 'input data\n' in text
    assert 'output gradient\n' in text
    assert 'shape: (2,)' in text
    with pytest.warns(DeprecationWarning, match='sep'):
        PrintHook(sep='')


@pytest.mark.skipif(
    importlib.util.find_spec('cupy') is not None, reason='CuPy is installed'
)
@pytest.mark.parametrize('hook', [CUDAProfileHook, CupyMemoryProfileHook])
def test_gpu_hooks_say_what_to_install(hook):
    with pytest.raises(RuntimeError, match='CuPy cannot be imported'):
        hook()


@pytest.mark.gpu
def test_cupy_memory():
    cupy = pytest.importorskip('cupy', reason='CuPy is not installed')
    with CupyMemoryProfileHook() as hook:
        F.tanh(cupy.ones(100_000, 'f'))
    record = hook.summary()['Tanh']
    assert record['occurrence'] == 1
    assert record['used_bytes'] >= 400_000
    assert hook.total_used_bytes() == record['used_bytes']
    header, _ = lines_of(hook)
    assert header.split() == [
        'FunctionName',
        'UsedBytes',
        'AcquiredBytes',
        'Occurrence',
    ]
