import json
from pathlib import Path

import pytest

from minigrad import cli
from minigrad.diagnosis import diagnose_log
from minigrad.diagnosis.finding import TITLES
from minigrad.optimizers import Adam
from models.mlp import MLP
from tests.diagnosis.runs import TRAIN, run_trainer


def write(folder, rows, name='log.jsonl'):
    text = ''.join([json.dumps(row) + '\n' for row in rows])
    (folder / name).write_text(text)
    return folder


def rows(losses, accuracies=None, test=None):
    for i, loss in enumerate(losses):
        row = {'epoch': i + 1, 'iteration': 100 * i + 100, 'main/loss': loss}
        if accuracies is not None:
            row['main/accuracy'] = accuracies[i]
            row['validation/main/accuracy'] = test[i]
        yield row


def names(folder, **kwargs):
    return [finding.name for finding in diagnose_log(folder, **kwargs)]


def test_a_good_log(tmp_path):
    write(tmp_path, rows([2.0, 1.0, 0.5], [0.3, 0.6, 0.9], [0.3, 0.6, 0.88]))
    assert names(tmp_path) == []


def test_overfitting_names_the_epoch(tmp_path):
    write(tmp_path, rows([2, 1, 0.5, 0.1], [0.3, 0.8, 0.9, 1.0], [0.3, 0.6, 0.6, 0.6]))
    (finding,) = diagnose_log(tmp_path)
    assert finding.name == 'overfitting'
    assert 'opened at epoch 2' in finding.evidence


def test_overfitting_by_the_loss_alone(tmp_path):
    values = [(2.0, 2.0), (1.0, 1.1), (0.5, 1.0), (0.3, 1.2), (0.1, 1.5), (0.05, 1.9)]
    write(
        tmp_path,
        [
            {'epoch': i, 'main/loss': loss, 'validation/main/loss': test}
            for i, (loss, test) in enumerate(values)
        ],
    )
    (finding,) = diagnose_log(tmp_path)
    assert finding.name == 'overfitting'
    assert 'at epoch 2' in finding.evidence


def test_a_plateau_at_ln_10(tmp_path):
    write(tmp_path, rows([2.304, 2.302, 2.301, 1.5]))
    assert names(tmp_path) == ['loss at ln C']
    assert names(tmp_path, n_classes=7) == []


def test_a_loss_that_rose_and_one_that_is_nan(tmp_path):
    write(tmp_path, rows([1.0, 4.0, 9.0]))
    assert names(tmp_path) == ['rate too high']
    write(tmp_path, rows([1.0, float('nan')]))
    assert names(tmp_path) == ['loss is not finite']


def test_the_command(tmp_path, capsys):
    run_trainer(tmp_path, MLP((20,)), Adam(), 5, test=TRAIN[3000:])
    assert cli.main(['doctor', str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert 'validation overlaps training' in out
    assert '1000 of 1000 validation examples' in out
    assert cli.main(['doctor', str(tmp_path), '--json']) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert finding['name'] == 'validation overlaps training'


def test_the_command_without_a_log(tmp_path, capsys):
    assert cli.main(['doctor', str(tmp_path)]) == 2
    assert 'no log of a training (log.jsonl or log)' in capsys.readouterr().err
    (tmp_path / 'log').write_text('nonsense')
    assert cli.main(['doctor', str(tmp_path)]) == 2
    assert 'not the log of a training' in capsys.readouterr().err
    (tmp_path / 'log').write_text('[]')
    assert cli.main(['doctor', str(tmp_path)]) == 0
    assert 'nothing found' in capsys.readouterr().out


@pytest.mark.parametrize('text', ['{}', '[{"name": 1}]', 'x'])
def test_a_file_of_findings_that_is_none(text, tmp_path):
    write(tmp_path, rows([1.0]))
    (tmp_path / 'doctor.json').write_text(text)
    if text == '{}':
        assert names(tmp_path) == []
        return
    with pytest.raises(ValueError, match='not the findings of a doctor'):
        diagnose_log(tmp_path)


def test_the_documentation_names_everything():
    text = (Path(__file__).parents[2] / 'docs' / 'doctor.md').read_text()
    assert [name for name in TITLES if f'\n| {name} |' not in text] == []
