"""The training program: what it leaves behind, and going on where it stopped."""

import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

import minigrad as mg
from models import options as program_options
from models import train
from models.advice import Advice
from models.alexnet import VARIANTS, AlexNetOWT
from models.lenet import LeNet


@pytest.fixture(autouse=True)
def no_thousands(monkeypatch):
    """A few digits instead of 5,000."""
    few = train.load('digits', 28)
    few = few._replace(train=few.train[:200], test=few.test[:50])
    few = few._replace(
        train=mg.datasets.TupleDataset(*zip(*few.train, strict=True)),
        test=mg.datasets.TupleDataset(*zip(*few.test, strict=True)),
    )
    load = train.load
    monkeypatch.setattr(
        train,
        'load',
        lambda name, *args: few if name == 'digits' else load(name, *args),
    )


def run(out, *arguments):
    return train.main(['lenet', '--out', str(out), '--batchsize', '20', *arguments])


def log_of(folder):
    rows = [
        json.loads(line) for line in (folder / 'log.jsonl').read_text().splitlines()
    ]
    for row in rows:
        assert row.pop('elapsed_time') > 0
    return rows


def arrays_of(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def assert_equal_models(a, b):
    a, b = arrays_of(a), arrays_of(b)
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])


def test_leaves_everything_behind(tmp_path, capsys):
    assert run(tmp_path, '--epoch', '3') == 0
    printed = capsys.readouterr().out
    assert 'LeNet, 10 classes' in printed
    assert 'Adam(alpha=0.001)' in printed
    assert re.search(r'epoch +iteration +main/loss', printed)
    assert 'test accuracy' in printed
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {
        'accuracy.png', 'best.npz', 'last.npz', 'log.jsonl', 'loss.png', 'setup.json',
        'snapshot_iter_20', 'snapshot_iter_30',
    }  # fmt: skip
    rows = log_of(tmp_path)
    assert [row['epoch'] for row in rows] == [1, 2, 3]
    assert rows[-1]['main/loss'] < rows[0]['main/loss']
    setup = json.loads((tmp_path / 'setup.json').read_text())
    assert setup['classes'] == [str(i) for i in range(10)]
    assert len(setup['mean']) == 1

    model = LeNet()
    mg.serializers.load_npz(tmp_path / 'best.npz', model)
    assert model(np.zeros((1, 1, 28, 28), 'f')).shape == (1, 10)


@pytest.mark.parametrize('more', [[], ['--optimizer', 'momentum', '--augment']])
def test_resume_goes_on_exactly(tmp_path, more):
    run(tmp_path / 'whole', '--epoch', '4', *more)
    run(tmp_path / 'parts', '--epoch', '2', *more)
    run(tmp_path / 'parts', '--epoch', '4', '--resume', *more)
    assert_equal_models(tmp_path / 'whole/last.npz', tmp_path / 'parts/last.npz')
    assert_equal_models(tmp_path / 'whole/best.npz', tmp_path / 'parts/best.npz')
    assert log_of(tmp_path / 'whole') == log_of(tmp_path / 'parts')


def test_resume_with_loaders(tmp_path):
    more = ['--augment', '--loaders', '2']
    run(tmp_path / 'whole', '--epoch', '2', *more)
    run(tmp_path / 'parts', '--epoch', '1', *more)
    snapshot = str(tmp_path / 'parts/snapshot_iter_10')
    run(tmp_path / 'parts', '--epoch', '2', '--resume', snapshot, *more)
    assert_equal_models(tmp_path / 'whole/last.npz', tmp_path / 'parts/last.npz')


def test_equal_seeds_give_equal_models(tmp_path):
    for name, seed in (('a', '1'), ('b', '1'), ('c', '2')):
        run(tmp_path / name, '--epoch', '1', '--seed', seed)
    assert_equal_models(tmp_path / 'a/last.npz', tmp_path / 'b/last.npz')
    assert log_of(tmp_path / 'a') != log_of(tmp_path / 'c')


def test_interrupt_saves_a_whole_step(tmp_path, monkeypatch, capsys):
    run(tmp_path / 'whole', '--epoch', '3')
    update = mg.training.StandardUpdater.update_core

    def interrupted(self):
        update(self)
        if self.iteration == 12:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(mg.training.StandardUpdater, 'update_core', interrupted)
    assert run(tmp_path / 'parts', '--epoch', '3') == 130
    captured = capsys.readouterr()
    assert 'Stopping after this step' in captured.err
    assert 'stopped after iteration 13' in captured.out
    assert (tmp_path / 'parts/snapshot_iter_13').is_file()
    assert (tmp_path / 'parts/last.npz').is_file()
    monkeypatch.setattr(mg.training.StandardUpdater, 'update_core', update)
    assert run(tmp_path / 'parts', '--epoch', '3', '--resume') == 0
    assert_equal_models(tmp_path / 'whole/last.npz', tmp_path / 'parts/last.npz')
    assert log_of(tmp_path / 'whole') == log_of(tmp_path / 'parts')


def test_second_interrupt_stops_at_once(tmp_path, monkeypatch, capsys):
    def twice(self):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        pytest.fail('went on')

    monkeypatch.setattr(mg.training.StandardUpdater, 'update_core', twice)
    assert run(tmp_path, '--epoch', '1') == 130
    assert 'stopped at once' in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_options_on_resume_are_noticed(tmp_path):
    run(tmp_path, '--epoch', '1')
    with pytest.warns(UserWarning, match='--seed is 5 now and was 0'):
        run(tmp_path, '--epoch', '2', '--seed', '5', '--resume')


def test_damaged_snapshot_is_passed_over(tmp_path):
    run(tmp_path, '--epoch', '2')
    newest = tmp_path / 'snapshot_iter_20'
    newest.write_bytes(newest.read_bytes()[:1000])
    with pytest.warns(UserWarning, match='snapshot_iter_20 is damaged'):
        run(tmp_path, '--epoch', '2', '--resume')
    assert log_of(tmp_path)[-1]['iteration'] == 20


def test_nothing_to_resume(tmp_path, capsys):
    assert run(tmp_path, '--resume') == 2
    assert 'no snapshot to go on from' in capsys.readouterr().err


def test_unknown_dataset(tmp_path, capsys):
    assert run(tmp_path, '--dataset', str(tmp_path / 'none')) == 2
    assert 'no such folder, nor a dataset' in capsys.readouterr().err


@pytest.mark.parametrize(
    'wrong',
    [
        ['--epoch', '0'],
        ['--lr', '-1'],
        ['--lr', 'nan'],
        ['--loaders', '-1'],
        ['--weights', 'a.pth'],
        ['--optimizer', 'none'],
    ],
)
def test_wrong_options(wrong, capsys):
    with pytest.raises(SystemExit) as info:
        program_options.parse(['lenet', *wrong])
    assert info.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_colour_images_by_name(tmp_path, monkeypatch):
    arguments = ['--dataset', 'shapes', '--epoch', '1', '--batchsize', '1000']
    assert run(tmp_path, *arguments, '--optimizer', 'sgd', '--lr', '0.05') == 0
    assert len(json.loads((tmp_path / 'setup.json').read_text())['mean']) == 3


def test_folder_of_images(tmp_path):
    image_module = pytest.importorskip('PIL.Image', reason='Pillow is not installed')
    rng = np.random.RandomState(0)
    for name, light in (('bright', 255), ('dark', 60)):
        (tmp_path / 'images' / name).mkdir(parents=True)
        for i in range(20):
            noise = rng.randint(0, light, (50, 40 + i, 3), np.uint8)
            image_module.fromarray(noise).save(tmp_path / 'images' / name / f'{i}.png')
    out = tmp_path / 'out'
    arguments = ['--dataset', str(tmp_path / 'images'), '--epoch', '3', '--augment']
    assert run(out, *arguments, '--loaders', '2') == 0
    setup = json.loads((out / 'setup.json').read_text())
    assert (setup['classes'], setup['size']) == (['bright', 'dark'], 32)
    assert log_of(out)[-1]['validation/main/accuracy'] > 0.9


@pytest.mark.parametrize(('n_classes', 'skipped'), [(1000, []), (3, ['fc8'])])
def test_starts_from_weights_of_torchvision(monkeypatch, n_classes, skipped):
    options = program_options.parse(
        ['alexnet', '--variant', 'owt', '--weights', 'a.pth']
    )
    calls = []
    monkeypatch.setattr(train, 'load_torchvision', lambda *a, **k: calls.append((a, k)))
    architecture = program_options.choose(options)
    assert architecture.make is AlexNetOWT
    model = train.make_model(options, architecture._replace(make=LeNet), n_classes)
    (((path, predictor), keywords),) = calls
    assert (str(path), keywords) == ('a.pth', {'skip': skipped})
    assert predictor is model.predictor


@pytest.mark.parametrize('variant', ['2012', 'owt', 'cifar', 'small', 'strided'])
def test_variants_of_alexnet(variant):
    options = program_options.parse(['alexnet', '--variant', variant])
    architecture = program_options.choose(options)
    assert architecture.make is VARIANTS[variant]
    if architecture.size is not None:
        assert architecture.size == architecture.make.insize


def test_program_says_how_to_use_it():
    done = subprocess.run(
        [sys.executable, '-m', 'models.train', '--help'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for option in ('--dataset', '--resume', '--augment', '--loaders', 'best.npz'):
        assert option in done.stdout


def test_warnings_are_errors_here():
    with pytest.raises(UserWarning):
        warnings.warn('so that the tests above see them all')


def test_hints(capsys):
    def row(loss, accuracy, tested):
        return {
            'main/loss': loss,
            'main/accuracy': accuracy,
            'validation/main/accuracy': tested,
        }

    advice = Advice(10)
    advice._look(row(1.5, 0.6, 0.55))
    assert capsys.readouterr().out == ''
    advice._look(row(2.3026, 0.1, 0.1))
    assert 'that of guessing (ln 10 = 2.303)' in capsys.readouterr().out
    advice._look(row(0.01, 1.0, 0.77))
    assert 'accuracy 1.000 in training, 0.230 less' in capsys.readouterr().out
    advice._look(row(0.01, 1.0, 0.76))
    assert capsys.readouterr().out == ''


def test_the_doctor_watches(tmp_path, capsys):
    run(tmp_path, '--epoch', '1', '--doctor', '--lr', '3')
    assert 'rate too high: the learning rate is too high' in capsys.readouterr().out
    (finding,) = [
        one
        for one in json.loads((tmp_path / 'doctor.json').read_text())
        if one['name'] == 'rate too high'
    ]
    assert 'the rate is 3' in finding['fix']


@pytest.mark.parametrize('folder', ['models', 'minigrad.models'])
def test_the_usage_is_the_command_that_was_typed(folder, capsys):
    options = importlib.import_module(f'{folder}.options')
    with pytest.raises(SystemExit):
        options.parse(['--help'])
    assert f'python -m {folder}.train ' in capsys.readouterr().out
