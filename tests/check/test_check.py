"""The checks of ``python -m minigrad check``: what they ask, and what faults they see."""

import json

import numpy as np
import pytest

from minigrad import cli, get_device
from minigrad.check import Check, all_checks, kernel_checks, run_checks
from minigrad.check.checks import Failed, Skipped, compare
from minigrad.kernels import kernels_for
from minigrad.kernels.updates import UPDATES

CPU = get_device('@numpy')


def run(*names):
    """Runs the checks whose names are given."""
    checks = [c for c in all_checks(CPU) if c.name in names]
    assert len(checks) == len(names)
    return run_checks(checks, CPU)


def test_every_kernel_has_a_check():
    assert kernel_checks.unchecked() == set()
    assert set(dir(kernel_checks.Kernels)) >= kernel_checks.ELSEWHERE
    names = {check.name for check in all_checks(CPU)}
    assert names >= {*UPDATES, 'elementwise functions', 'finite', 'random numbers'}


def test_all_is_well_here():
    checks = [c for c in all_checks(CPU) if c.group in ('kernels', 'optimizer steps')]
    report = run_checks(checks, CPU)
    assert [f'{o.check}: {o.finding}' for o in report.failures] == []
    assert len(report.outcomes) > 50


def test_training_is_right_here():
    report = run(
        'a step of LeNet', "a step of AlexNet's layers", 'equal runs', 'replay'
    )
    assert [o.status for o in report.outcomes] == ['passed'] * 3 + ['skipped']
    assert 'capture of cuDNN' in report.outcomes[-1].finding


def test_a_wrong_kernel_is_seen(monkeypatch):
    kernels = type(kernels_for(np.ones(1, 'f')))
    right = kernels.relu_grad
    monkeypatch.setattr(kernels, 'relu_grad', lambda k, y, gy: right(k, y, gy) * 1.001)
    (outcome,) = run('relu_grad').outcomes
    assert outcome.status == 'failed'
    assert 'relative difference 1.0e-03, allowed 1e-04' in outcome.finding


def test_a_library_that_is_missing_is_named(monkeypatch):
    def missing(*args):
        raise OSError('libcudnn.so.9: cannot open shared object file')

    kernels = type(kernels_for(np.ones(1, 'f')))
    monkeypatch.setattr(kernels, 'conv_2d', missing)
    (outcome,) = run('conv_2d').outcomes
    assert outcome.status == 'failed'
    assert outcome.finding.startswith('OSError: libcudnn.so.9')
    assert 'in missing' in outcome.details


def test_time_and_order_and_the_file(tmp_path):
    def fail(device):
        raise Failed('wrong')

    def skip(device):
        raise Skipped('for a GPU')

    checks = [
        Check('g', 'good', lambda device: 'fine'),
        Check('g', 'bad', fail),
        Check('g', 'absent', skip, 'an assumption'),
    ]
    report = run_checks(checks, CPU, folder=tmp_path)
    assert [o.status for o in report.outcomes] == ['passed', 'failed', 'skipped']
    lines = str(report).splitlines()
    first = next(line for line in lines if line.startswith('failed'))
    assert lines.index(first) < next(
        i for i, line in enumerate(lines) if line.startswith('passed')
    )
    assert lines[-1] == '1 failed, 1 passed, 1 skipped'
    saved = json.loads((tmp_path / 'check.json').read_text())
    assert [o['status'] for o in saved['outcomes']] == ['passed', 'failed', 'skipped']
    assert saved['machine']['processor']
    report = run_checks(checks, CPU, seconds=-1.0)
    assert {o.status for o in report.outcomes} == {'not reached'}


@pytest.mark.parametrize(
    ('got', 'text'),
    [
        (np.zeros(3, 'd'), 'expected float32'),
        (np.zeros(2, 'f'), r'expected float32 \(3,\)'),
        (np.array([1, 2, np.nan], 'f'), 'NaN'),
        (np.array([1, 2, 3.1], 'f'), 'relative difference'),
    ],
)
def test_compare_refuses(got, text):
    with pytest.raises(Failed, match=text):
        compare(got, np.array([1, 2, 3], 'f'), 1e-3)


def test_the_command(monkeypatch, tmp_path, capsys):
    few = [c for c in all_checks(CPU) if c.name in ('relu', 'sgd')]
    monkeypatch.setattr('minigrad.cli.check.all_checks', lambda device: few)
    assert cli.main(['check', '--out', str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert '2 passed' in out
    assert 'A GPU would be asked by --device @cupy:0' in out
    monkeypatch.setattr(
        'minigrad.cli.check.all_checks',
        lambda device: [Check('g', 'bad', lambda device: 1 / 0)],
    )
    assert cli.main(['check']) == 1
    assert 'ZeroDivisionError' in capsys.readouterr().out


def test_a_card_that_is_missing_is_one_line(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(['check', '--device', '@cupy:0'])
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
