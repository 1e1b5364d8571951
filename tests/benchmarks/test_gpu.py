"""The benchmark of a GPU, with a stand-in for the card and made-up times."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from benchmarks import __main__ as command
from benchmarks import gpu, gpu_profile, harness
from tests.gpu import emulator, stand_in


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['benchmarks', 'run', '--device', 'gpu'])
    monkeypatch.setattr(sys, 'argv', [*sys.argv, *map(str, arguments)])
    return command.main()


@pytest.fixture
def without_torch(monkeypatch):
    """PyTorch hides: what is timed is ours alone."""
    monkeypatch.setitem(sys.modules, 'torch', None)


def small(precision='float32', peers=(harness.MINIGRAD, gpu.REPLAY)):
    setting = 'lenet', (2, 1, 28, 28), precision
    builds = {
        harness.MINIGRAD: lambda: gpu.build_minigrad(*setting, False),
        gpu.REPLAY: lambda: gpu.build_minigrad(*setting, True),
        harness.TORCH: lambda: gpu.build_torch(*setting),
    }
    return gpu.GpuCase(
        f'gpu.small.{precision}',
        {peer: builds[peer] for peer in peers},
        precision=precision,
        warmup=2,
    )


def test_without_cupy(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'cupy', None)
    assert run(monkeypatch) == 2
    error = capsys.readouterr().err
    assert 'CuPy cannot be imported' in error
    assert 'pip install "cupy-cuda12x[ctk]"' in error


def test_without_a_card(monkeypatch, capsys):
    with stand_in.installed(devices=0):
        assert run(monkeypatch) == 2
    assert 'CUDA lists no device' in capsys.readouterr().err


def test_unknown_name(monkeypatch, capsys):
    with stand_in.installed():
        assert run(monkeypatch, 'nothing') == 2
    assert 'no GPU case is named nothing: gpu.mlp.float32' in capsys.readouterr().err


@pytest.mark.parametrize('precision', gpu.PRECISIONS)
def test_run(precision, monkeypatch, capsys, tmp_path, without_torch):
    peers = (harness.MINIGRAD, gpu.REPLAY, harness.TORCH)
    monkeypatch.setattr(gpu, 'CASES', [small(precision, peers)])
    monkeypatch.setattr(gpu, 'peak_memory', lambda case, peer: 12.0)
    path = tmp_path / 'out.json'
    with stand_in.installed():
        code = run(
            monkeypatch, 'small', '--rounds', 3, '--seconds', 1, '--memory',
            '--json', path,
        )  # fmt: skip
    assert code == 0
    out = capsys.readouterr().out
    assert out.startswith('stand-in, kernels: reference')
    assert f'gpu.small.{precision}' in out
    assert '12/12' in out
    assert 'PyTorch cannot use this card' in out
    document = json.loads(path.read_text())
    assert document['machine']['device'] == 'stand-in'
    (result,) = document['results']
    assert set(result['median']) == set(result['host_ms']) == {'minigrad', 'replay'}


def test_a_failure_is_kept_and_the_next_case_is_measured(
    monkeypatch, capsys, tmp_path, without_torch
):
    def broken():
        raise RuntimeError('out of memory')

    first, second = small(), small('tf32')
    first.build[harness.MINIGRAD] = broken
    monkeypatch.setattr(gpu, 'CASES', [first, second])
    path = tmp_path / 'out.json'
    with stand_in.installed():
        assert run(monkeypatch, 'small', '--rounds', 3, '--json', path) == 1
    assert 'gpu.small.float32' in capsys.readouterr().out
    document = json.loads(path.read_text())
    assert document['failed'] == {'gpu.small.float32': 'RuntimeError: out of memory'}
    assert [r['name'] for r in document['results']] == ['gpu.small.tf32']


def test_kernels_of_a_step_are_added_up():
    def event(name, us, place='DeviceType.CUDA'):
        time_range = SimpleNamespace(elapsed_us=lambda: us)
        return SimpleNamespace(name=name, device_type=place, time_range=time_range)

    events = [event('a', 4), event('b', 20), event('a', 6), event('c', 9, 'CPU')]
    spent = gpu_profile.kernels_of(events, steps=2)
    assert spent == [('b', 0.5, 10), ('a', 1, 5)]
    text = gpu_profile.table('minigrad', spent, rows=1).splitlines()
    assert text[0] == 'minigrad: 15 us of kernels in 2 launches a step'
    assert len(text) == 2


def test_profile_without_a_card(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'cupy', None)
    monkeypatch.setattr(
        sys, 'argv', ['benchmarks', 'profile', 'alexnet.float32', '--device', 'gpu']
    )
    assert command.main() == 2
    assert 'CuPy cannot be imported' in capsys.readouterr().err


def test_settings_are_given_and_taken_back():
    torch = pytest.importorskip('torch', reason='PyTorch is the peer')
    flags = torch.backends
    before = flags.cuda.matmul.allow_tf32, flags.cudnn.allow_tf32
    for precision in gpu.PRECISIONS:
        with gpu.same_settings(precision, autotune=True):
            tf32 = precision == 'tf32'
            assert minigrad.config.allow_tf32 is tf32
            assert flags.cuda.matmul.allow_tf32 is flags.cudnn.allow_tf32 is tf32
            assert flags.cudnn.benchmark is minigrad.config.autotune is True
            mixed = minigrad.config.dtype is minigrad.mixed16
            assert mixed == (precision == 'mixed16')
    assert (flags.cuda.matmul.allow_tf32, flags.cudnn.allow_tf32) == before
    assert not minigrad.config.autotune


@pytest.mark.parametrize('precision', ['float32', 'mixed16'])
def test_peer(precision):
    torch = pytest.importorskip('torch', reason='PyTorch is the peer')
    step = gpu.build_torch('lenet', (2, 1, 28, 28), precision, device='cpu')
    step()
    if not torch.cuda.is_available():
        with pytest.raises(ImportError, match='without CUDA, or finds no card'):
            gpu.build_torch('lenet', (2, 1, 28, 28), precision)


def test_clock():
    now = iter(range(100))

    class Event:
        time = None

        def record(self):
            self.time = next(now)

        def synchronize(self):
            calls.append('waited')

    calls = []
    clock = gpu.Clock(Event, lambda start, stop: 40.0 * (stop.time - start.time))
    assert clock(lambda: calls.append('step'), 4) == 0.01
    assert calls == ['step'] * 4 + ['waited']
    assert len(clock.host) == 1


@pytest.mark.parametrize(
    ('torch_ms', 'verdict'), [(2.0, 'met'), (1.1, 'MISSED'), (None, '')]
)
def test_row_judges_replay_where_it_has_a_target(torch_ms, verdict):
    case = gpu.GpuCase('gpu.x', {}, target=0.1, replay_target=0.5)
    median = {'minigrad': 1.5, 'replay': 1.0}
    ratio = None
    if torch_ms is not None:
        median['torch'], ratio = torch_ms, 1.5 / torch_ms
    result = harness.Result('gpu.x', 'ms', 3, median, {}, {}, ratio, 0.1)
    row = gpu.row(case, result)
    assert row.endswith(verdict)
    assert ('-' in row.split()) == (torch_ms is None)


@pytest.mark.skipif(emulator.COMPILER is None, reason='the CUDA sources need g++')
def test_peak(monkeypatch, without_torch):
    case = small()
    monkeypatch.setattr(gpu, 'CASES', [case])
    with stand_in.installed() as cupy:
        monkeypatch.setattr(cupy.cuda.MemoryPool, 'total_bytes', lambda self: 3 << 20)
        assert gpu.own_peak(case.name, 'minigrad', steps=2) == 3


def test_peak_in_a_process_of_its_own(monkeypatch):
    done = subprocess.CompletedProcess([], 0, 'noise\n12.5\n', '')
    monkeypatch.setattr(gpu.subprocess, 'run', lambda *a, **k: done)
    assert gpu.peak_memory(gpu.CASES[0], 'minigrad') == 12.5
    done.returncode = 1
    assert gpu.peak_memory(gpu.CASES[0], 'minigrad') is None


def test_batches_are_alike():
    x, t = gpu.batch((2, 3))
    assert x.dtype == np.float32
    assert t.dtype == np.int32
