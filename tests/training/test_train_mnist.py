"""The example program, as a user would run it."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLE = ROOT / 'examples' / 'mnist' / 'train_mnist.py'


@pytest.fixture(scope='module')
def example():
    spec = importlib.util.spec_from_file_location('train_mnist', EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(out):
    log = json.loads((out / 'log').read_text())
    return [{**row, 'elapsed_time': 0} for row in log]


def test_it_learns_and_goes_on_exactly(example, tmp_path, capsys):
    pytest.importorskip('matplotlib', reason='it draws the curves')
    options = ['--unit', '20', '--seed', '3', '--out']
    example.main(['--test', *options[2:], str(tmp_path / 'whole')])
    out = capsys.readouterr().out
    assert out.startswith('epoch       main/loss   validation/main/loss')
    assert '/80 iter' in out
    log = rows(tmp_path / 'whole')
    assert [row['epoch'] for row in log] == [0, 1, 2]
    assert log[2]['validation/main/accuracy'] > 0.75
    assert sorted(path.name for path in (tmp_path / 'whole').iterdir()) == [
        'accuracy.png',
        'best_model.npz',
        'log',
        'loss.png',
        'snapshot_iter_40',
        'snapshot_iter_80',
    ]

    part = str(tmp_path / 'part')
    example.main(['--epoch', '1', *options, part])
    example.main(['--epoch', '2', *options, part, '--autoload'])
    assert rows(tmp_path / 'part') == log
    snapshot = str(tmp_path / 'whole' / 'snapshot_iter_40')
    other = str(tmp_path / 'other')
    example.main(['--epoch', '2', *options, other, '--resume', snapshot, '--noplot'])
    assert rows(tmp_path / 'other') == log


def test_help():
    out = subprocess.run(
        [sys.executable, EXAMPLE, '--help'],
        capture_output=True,
        text=True,
        check=True,
        env={'PYTHONPATH': str(ROOT)},
    )
    for option in ('--dataset', '--device', '--resume', '--autoload'):
        assert option in out.stdout
