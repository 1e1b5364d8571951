"""A1 to A4: AlexNets on MNIST and on CIFAR-10."""

from __future__ import annotations

from collections.abc import Iterable

import minigrad as mg

from ..alexnet import AlexNetCIFAR, AlexNetSmall, AlexNetStrided
from ..deepconvnet import DeepConvNet
from .curves import draw
from .data import channels_last, images
from .examples import Enlarge
from .experiment import Experiment, Row, Run, accuracy_row
from .fitting import fit, one_cycle


def small(run: Run) -> Iterable[Row]:
    """The network for small images; ten epochs are enough with --quick."""
    train, test = images(run, 6000, 1000)
    run.start()
    epochs = 10 if run.quick else 50
    result = fit(
        run, 'A1', AlexNetSmall(), train, test, mg.optimizers.SGD(lr=0.01),
        (epochs, 'epoch'), 16, curves=(1, 'epoch'),
    )  # fmt: skip
    yield accuracy_row(f'test, {result.length}', 0.954, result.test)


def large(run: Run) -> Iterable[Row]:
    """The strided network on digits enlarged to 224x224, and DeepConvNet beside it."""
    train, test = images(run, 5000, 1000)
    run.start()
    alexnet = fit(
        run, 'A2', AlexNetStrided(), train, test, mg.optimizers.Adam(),
        (100, 'epoch'), 100, curves=(1, 'epoch'), prepare=Enlarge(224, 3), doctor=True,
    )  # fmt: skip
    yield accuracy_row(f'training, {alexnet.length}', 1.0, alexnet.train)
    yield accuracy_row('test', 0.971, alexnet.test)
    # Its author asked whether 1.00 on the training images is overfitting.
    yield Row(
        'the doctor, on 1.00 in training',
        'overfitting?',
        _named(alexnet.findings),
        'overfitting' not in alexnet.findings,
    )
    run.start()
    deep = fit(
        run, 'A2-DeepConvNet', DeepConvNet(), train, test, mg.optimizers.Adam(),
        (100, 'iteration'), 100, curves=(10, 'iteration'),
    )  # fmt: skip
    logs = {'AlexNet': alexnet.log, 'DeepConvNet': deep.log}
    draw(run.out / 'A2-both.png', logs, scale='log')
    yield accuracy_row('DeepConvNet, 100 iterations: training', 0.894, deep.train)
    yield accuracy_row('DeepConvNet, 100 iterations: test', 0.875, deep.test)


def few(run: Run) -> Iterable[Row]:
    """1,000 photographs are not enough for 37 million parameters."""
    train, test = run.load('cifar10')
    train, test = train[:1000], test[:200]
    run.start()
    result = fit(
        run, 'A3', AlexNetCIFAR(), train, test, mg.optimizers.Adam(),
        (50, 'epoch'), 32, curves=(1, 'epoch'), doctor=True,
    )  # fmt: skip
    yield accuracy_row(f'training, {result.length}', 0.81, result.train)
    yield accuracy_row('test', 0.31, result.test)
    yield _found('overfitting', result.findings)
    run.start()
    result = fit(
        run, 'A3-channels-last', AlexNetCIFAR(), channels_last(train),
        channels_last(test), mg.optimizers.Adam(),
        (50, 'epoch'), 32, curves=(1, 'epoch'), doctor=True,
    )  # fmt: skip
    yield Row('channels last: training', 'seen by nobody', f'{result.train:.4f}', True)
    yield Row('channels last: test', '0.31', f'{result.test:.4f}', True)
    yield _found('layout', result.findings)


def _found(name: str, findings: list[str]) -> Row:
    """Returns the row of what only the doctor could tell."""
    return Row('the doctor', f'{name}, unnoticed', _named(findings), name in findings)


def _named(findings: list[str]) -> str:
    return ', '.join(findings) if findings else 'nothing found'


def all_photographs(run: Run) -> Iterable[Row]:
    """All of CIFAR-10, a tenth of the training set held back for validation.

    With --quick, 20 epochs and a rate that rises to ten times that of the report and
    falls to zero.
    """
    train, test = run.load('cifar10')
    run.start()
    train, validation = mg.datasets.split_dataset_random(train, 45000, seed=run.seed)
    result = fit(
        run, 'A4', AlexNetCIFAR(), train, validation, mg.optimizers.SGD(lr=0.01),
        (20 if run.quick else 100, 'epoch'), 128, curves=(1, 'epoch'), final=test,
        rate=one_cycle(0.1) if run.quick else None,
    )  # fmt: skip
    yield accuracy_row(f'test, {result.length}, about', 0.80, result.test, digits=2)


A1 = Experiment('A1', 'AlexNetSmall, MNIST 6000/1000, SGD .01, batch 16', small)
A2 = Experiment(
    'A2',
    'AlexNetStrided, MNIST 5000/1000 as 224x224, Adam, batch 100, 100 epochs',
    large,
    True,
)
A3 = Experiment(
    'A3', 'AlexNetCIFAR, CIFAR-10 1000/200, Adam, batch 32, 50 epochs', few, True
)
A4 = Experiment(
    'A4',
    'AlexNetCIFAR, CIFAR-10, SGD .01, batch 128, 100 epochs',
    all_photographs,
    True,
)
