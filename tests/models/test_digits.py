"""The main job, from its first line to what it leaves."""

import sys

import numpy as np
import pytest

import minigrad as mg
from models import digits


@pytest.fixture(autouse=True)
def few_digits(monkeypatch):
    train, test = mg.datasets.get_digits(ndim=3)
    few = [
        mg.datasets.TupleDataset(*map(list, zip(*p[:n], strict=True)))
        for p, n in ((train, 120), (test, 50))
    ]
    monkeypatch.setattr(mg.datasets, 'get_digits', lambda ndim: few)


def run(out, *arguments):
    return digits.main(['--out', str(out), '--epochs', '2', *arguments])


def test_a_line_at_once_and_files_at_the_end(tmp_path, capsys):
    assert run(tmp_path) == 0
    out = capsys.readouterr().out
    assert out.startswith('training LeNet on 120 digits for 2 epochs; the kernels are')
    assert 'test accuracy: ' in out.splitlines()[-1]
    names = {path.name for path in tmp_path.iterdir()}
    assert {'lenet.npz', 'curve.png', 'graph.html', 'log.jsonl'} <= names


def test_an_earlier_run_is_not_overwritten_silently(tmp_path, capsys):
    run(tmp_path)
    assert 'overwritten' not in capsys.readouterr().out
    run(tmp_path)
    assert f'an earlier run in {tmp_path} are overwritten' in capsys.readouterr().out


def test_without_matplotlib_the_run_is_kept(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    assert run(tmp_path) == 0
    assert 'no curve.png: matplotlib is not installed; pip' in capsys.readouterr().out
    assert (tmp_path / 'lenet.npz').exists()


def test_ctrl_c_saves_what_there_is(tmp_path, capsys, monkeypatch):
    evaluate = digits.evaluate

    def interrupted(*arguments):
        monkeypatch.setattr(digits, 'evaluate', evaluate)
        raise KeyboardInterrupt

    monkeypatch.setattr(digits, 'evaluate', interrupted)
    assert run(tmp_path) == 130
    assert 'interrupted in epoch 1 of 2; saved' in capsys.readouterr().out
    model = digits.LeNet()
    mg.serializers.load_npz(tmp_path / 'lenet.npz', model)
    assert np.isfinite(model.fc5.W.array).all()


@pytest.mark.parametrize(
    'wrong', [['--epochs', '0'], ['--batchsize', 'x'], ['--speed']]
)
def test_a_wrong_argument_is_one_line(wrong, capsys):
    with pytest.raises(SystemExit) as info:
        digits.main(wrong)
    assert info.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith('python -m models.digits: ')
    assert error.count('\n') == 1
