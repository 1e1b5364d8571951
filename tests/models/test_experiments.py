"""The experiments whose figures are exact, and the program that runs all of them."""

import json
import signal
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad.utils.program import ProgramError
from models.experiments import EXPERIMENTS, __main__
from models.experiments import search as searching
from models.experiments.data import Loader, images, use_folder
from models.experiments.examples import Enlarge, Examples, crop_and_flip
from models.experiments.experiment import (
    Experiment,
    Row,
    Run,
    Search,
    Trial,
    accuracy_row,
    values_row,
)
from models.experiments.fitting import (
    accuracy,
    cosine,
    fit,
    one_cycle,
    remove_snapshots,
)
from models.mlp import MLP
from models.transforms import resize

# experiment: what, the published figure
FIGURES = {
    'N1': [
        ('u', '1.3'),
        ('z, ReLU', '1.3'),
        ('u', '14.00627816'),
        ('z, sigmoid', '0.9999991737'),
    ],
    'N2': [
        ('u1', '0.6 1.3 2'),
        ('u2', '1.02 2.29 3.56 4.83'),
        ('y', '0.01602796 0.05707321 0.20322929 0.72366954'),
        ('cross entropy, log(y + 1e-7)', '0.32342029'),
        ('cross entropy, exact', '0.32342'),
    ],
    'N3': [
        ('u1', '1.2 2.5 3.8'),
        ('u2', '1.86 4.21'),
        ('y', '0.08706577 0.91293423'),
        ('dE/du2', '0.08706577 -0.08706577'),
        (
            'dE/dW2',
            '0.10447893 -0.10447893 0.21766443 -0.21766443 0.33084994 -0.33084994',
        ),
        ('dE/du1', '-0.02611973 -0.02611973 -0.02611973'),
        (
            'dE/dW1',
            '-0.02611973 -0.02611973 -0.02611973 -0.13059866 -0.13059866 -0.13059866',
        ),
        (
            'W2 after a step',
            '0.09895521 0.40104479 0.19782336 0.50217664 0.2966915 0.6033085',
        ),
    ],
    'N4': [
        ('shape of the rows', '(8, 9)'),
        ('all windows', '0 1 2 4 ...'),
        ('last window', '21 22 23 25 26 27 29 30 31'),
    ],
    'N4B': [
        ('shape of the rows', '(8, 9)'),
        ('first row: four windows', '0 1 4 5 1 2 5 6 2'),
        ('first window', '0 1 2 4 5 6 8 9 10'),
        ('rows that are their window', '0'),
    ],
    'L1': [
        ('scores', '(2, 10)'),
        ('inferred inputs', '[1, 6, 256, 120, 84]'),
    ],
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    return Run(Loader(), tmp_path)


@pytest.fixture
def root():
    yield
    mg.dataset.set_dataset_root(None)


@pytest.fixture
def no_mnist(monkeypatch):
    def fail():
        raise mg.dataset.DatasetError('no network')

    monkeypatch.setattr(mg.datasets, 'get_mnist', fail)


@pytest.mark.parametrize('name', FIGURES)
def test_published_figures(run, name):
    rows = list(EXPERIMENTS[name].run(run))
    assert [(row.what, row.theirs) for row in rows] == FIGURES[name]
    assert [row.what for row in rows if not row.reached] == []


def test_values_agree_in_all_digits():
    assert values_row('x', 0.12345678, 0.123456784).reached
    assert not values_row('x', 0.12345678, 0.12345681).reached
    assert not values_row('x', [1.0], [[1.0]]).reached
    assert not values_row('x', [1.0], [np.nan]).reached


def test_accuracy_at_or_above_the_figure():
    assert accuracy_row('test', 0.97, 0.97).reached
    assert accuracy_row('test', 0.6759, np.float32(0.6759)).reached
    assert not accuracy_row('test', 0.97, 0.9699).reached


def test_every_row_of_the_list_is_there():
    ids = 'N1 N2 N3 N4 N4B L1 O1 I1 R1 S1 D1 L2 L3 A1 A2 A3 A4'
    assert ' '.join(EXPERIMENTS) == ids
    assert ' '.join([e.id for e in EXPERIMENTS.values()]) == ids
    assert [e.id for e in EXPERIMENTS.values() if e.long] == ['L3', 'A2', 'A3', 'A4']


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (['--quick'], 'N1 N2 N3 N4 N4B L1 O1 I1 R1 S1 D1 L2 A1'),
        ([], 'N1 N2 N3 N4 N4B L1 O1 I1 R1 S1 D1 L2 A1'),
        (['a4', 'n1'], 'A4 N1'),
        (['--search'], 'I1 R1 L3'),
    ],
)
def test_what_is_run(arguments, expected):
    chosen = __main__.chosen(__main__.parse(arguments))
    assert [e.id for e in chosen] == expected.split()


def test_unknown_experiment(capsys):
    with pytest.raises(SystemExit):
        __main__.parse(['X9'])
    assert 'no experiment X9' in capsys.readouterr().err


def test_help_lists_the_experiments(capsys):
    with pytest.raises(SystemExit):
        __main__.parse(['--help'])
    printed = capsys.readouterr().out
    assert 'A4  AlexNetCIFAR, CIFAR-10' in printed
    assert 'an hour or more on two cores' in printed


def test_table(monkeypatch, capsys, tmp_path, no_mnist):
    def run(run):
        train, _ = run.load('mnist')
        assert len(train) == 4000
        yield Row('reached', '1', '2', True)
        yield Row('missed', '0.5', '0.4', False)

    monkeypatch.setitem(EXPERIMENTS, 'A4', Experiment('A4', 'nothing', run, long=True))
    assert __main__.main(['A4', '--out', str(tmp_path)]) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[1] == 'A4: nothing'
    assert [cell.strip() for cell in lines[3].split('|')][:4] == [
        'A4', 'missed', '0.5', '0.4',
    ]  # fmt: skip
    assert lines[3].endswith('SHORT')
    assert not lines[2].endswith('SHORT')
    assert lines[4].startswith('1 of 2 rows reach the published figures')
    assert 'digits took its place' in lines[5]
    assert 'MNIST cannot be had' in captured.err


def test_images(run, no_mnist):
    train, test = images(run, 30, 20, scale=255.0)
    assert (len(train), len(test)) == (30, 20)
    image, label = train[3]
    assert image.shape == (1, 28, 28)
    assert image.dtype == np.float32
    assert image.max() > 200
    assert label == 3


@pytest.mark.parametrize('inside', ['', 'mnist', 'other/mnist'])
def test_folder_of_the_data(tmp_path, root, inside):
    folder = tmp_path / inside
    folder.mkdir(parents=True, exist_ok=True)
    use_folder(folder)
    expected = folder.parent if folder.name == 'mnist' else folder
    assert mg.dataset.get_dataset_root() == str(expected.resolve())


def test_no_folder_of_the_data(tmp_path, root):
    use_folder(None)
    with pytest.raises(FileNotFoundError, match='no such folder'):
        use_folder(tmp_path / 'none')


@pytest.mark.parametrize('shape', [(1, 28, 28), (3, 32, 32)])
def test_cropped_images_are_moved_and_mirrored(shape):
    columns = np.arange(shape[2], dtype=np.float32)
    x = np.broadcast_to(columns, (40, *shape))
    np.random.seed(0)
    y = crop_and_flip(x)
    assert y.shape == x.shape
    rises = y[:, 0, 0, 20] > y[:, 0, 0, 10]
    assert 5 < rises.sum() < 35
    steps = np.abs(np.diff(y[:, :, :, 6:-6], axis=3))
    np.testing.assert_array_equal(steps, 1)
    assert len(np.unique(y[rises, 0, 0, 14])) > 3


def test_enlarged_as_a_single_image_is():
    x = np.random.RandomState(0).rand(2, 1, 28, 28).astype(np.float32)
    y = Enlarge(224, 3)(x)
    for one, expected in zip(y, x, strict=True):
        for channel in one:
            np.testing.assert_allclose(
                channel, resize(expected, 224, 224)[0], rtol=1e-5, atol=1e-6
            )


def test_interrupted_training_goes_on(run, no_mnist, capsys, monkeypatch):
    train, test = images(run, 200, 100)

    def train_until(interruption):
        @mg.training.make_extension(trigger=(1, 'iteration'))
        def interrupt(trainer):
            if trainer.updater.iteration == interruption:
                signal.raise_signal(signal.SIGINT)

        run.start()
        return fit(
            run, 'x', MLP((20,), dropout=0.1), train, test, mg.optimizers.Adam(),
            (3, 'epoch'), 20, curves=(1, 'epoch'), extend=[interrupt],
            rate=one_cycle(0.001), augment=crop_and_flip,
        )  # fmt: skip

    expected = train_until(None)
    with pytest.raises(KeyboardInterrupt):
        train_until(13)
    names = [path.name for path in run.out.iterdir() if 'snapshot' in path.name]
    assert names == ['x-seed0-snapshot_13']
    capsys.readouterr()
    result = train_until(None)
    assert 'goes on after 13 steps, about' in capsys.readouterr().out
    assert [row['main/loss'] for row in result.log] == [
        row['main/loss'] for row in expected.log
    ]
    assert (result.train, result.test) == (expected.train, expected.test)
    remove_snapshots(run, 'x')
    assert {path.name for path in run.out.iterdir()} == {'x.jsonl', 'x.png'}


def test_search_keeps_what_was_tried_and_the_best_is_used(run):
    seen = []

    def try_out(run, name, settings):
        seen.append(settings['rate'])
        return Trial(settings, [0.1, 0.3, 0.2][settings['rate'] - 1], {})

    rates = Search([{'rate': rate} for rate in (1, 2, 3)], try_out)
    experiment = Experiment('L3', 'nothing', lambda run: [], search=rates)
    search = iter(searching.search(experiment, run))
    assert next(search)[0].score == 0.1
    assert searching.chosen(run, 'L3') == {'rate': 1}
    search.close()
    assert len(list(searching.search(experiment, run))) == 2
    assert seen == [1, 2, 3]
    assert searching.chosen(run, 'L3') == {'rate': 2}
    with pytest.raises(ProgramError, match='N1 leaves nothing open'):
        next(searching.search(EXPERIMENTS['N1'], run))


@pytest.mark.parametrize('name', [e.id for e in EXPERIMENTS.values() if e.search])
def test_choice_on_record_is_used_without_a_search(run, name):
    lines = (searching.RECORDED / f'{name}.jsonl').read_text().splitlines()
    best = max([json.loads(line) for line in lines], key=lambda row: row['score'])
    assert searching.chosen(run, name) == best['settings']


def test_rates():
    assert cosine(0.1)(0.0) == 0.1
    assert cosine(0.1)(1.0) == pytest.approx(0.0)
    rates = [one_cycle(0.1)(part / 100) for part in range(101)]
    assert max(rates) == rates[30] == pytest.approx(0.1)


def test_training_is_reproducible(run, no_mnist, monkeypatch):
    train, test = images(run, 200, 100)
    results = []
    for _ in range(2):
        run.start()
        results.append(
            fit(
                run, 'x', MLP((20,), dropout=0.1, normalize=True), train, test,
                mg.optimizers.Adam(), (3, 'epoch'), 20, curves=(1, 'epoch'),
            )
        )  # fmt: skip
    for result in results:
        for row in result.log:
            del row['elapsed_time']
    assert results[0] == results[1]
    assert results[0].train > 0.5
    assert {path.name for path in run.out.iterdir()} == {'x.jsonl', 'x.png'}


def test_accuracy_counts_a_smaller_last_batch():
    x = np.eye(2, dtype=np.float32)[np.arange(250) % 2]
    t = np.zeros(250, np.int32)
    identity = mg.links.Linear(2, 2, initialW=np.eye(2), nobias=True)
    dataset = mg.datasets.TupleDataset(x, t)
    assert accuracy(mg.links.Classifier(identity), Examples(dataset)) == pytest.approx(
        0.5
    )


def test_mlp_drops_in_training_only(rng):
    model = MLP((50,), dropout=0.5)
    x = rng.standard_normal((4, 8), dtype=np.float32)
    assert np.any(model(x).array != model(x).array)
    with mg.using_config('train', False):
        np.testing.assert_array_equal(model(x).array, model(x).array)


def test_mlp_normalizes_before_the_activation(rng):
    seen = []
    model = MLP((6, 5), activation=lambda h: seen.append(h) or h, normalize=True)
    model(100 + 10 * rng.standard_normal((64, 8), dtype=np.float32))
    assert [h.shape[1] for h in seen] == [6, 5]
    for h in seen:
        np.testing.assert_allclose(h.array.mean(axis=0), 0, atol=1e-3)
        np.testing.assert_allclose(h.array.std(axis=0), 1, atol=1e-2)


def test_import_does_not_import_matplotlib():
    import subprocess

    program = (
        'import sys, models.experiments, models.train\n'
        "assert not {'matplotlib', 'PIL', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, '-c', program], check=True)
