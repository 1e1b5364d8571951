"""A1 to A4: AlexNets on MNIST and on CIFAR-10."""

from __future__ import annotations

from collections.abc import Iterable

import minigrad as mg

from ..alexnet import AlexNet, AlexNetCIFAR, AlexNetSmall
from ..deepconvnet import DeepConvNet
from ..transforms import Prepare
from .data import images
from .experiment import (
    Experiment,
    Row,
    Run,
    accuracy_row,
    fit,
)


def small(run: Run) -> Iterable[Row]:
    """The network for small images; ten epochs are enough with --quick."""
    train, test = images(run, 6000, 1000)
    run.start()
    epochs = 10 if run.quick else 50
    result = fit(
        run, 'A1', AlexNetSmall(), train, test, mg.optimizers.SGD(lr=0.01),
        (epochs, 'epoch'), 16, curves=True,
    )  # fmt: skip
    yield accuracy_row(f'test, {epochs} epochs', 0.954, result.test)


def large(run: Run) -> Iterable[Row]:
    """The network of 2012 on digits enlarged to 224x224, and DeepConvNet beside it."""
    train, test = images(run, 5000, 1000)
    prepare = Prepare(size=224, channels=3)
    run.start()
    result = fit(
        run, 'A2', AlexNet(10), mg.datasets.TransformDataset(train, prepare),
        mg.datasets.TransformDataset(test, prepare), mg.optimizers.Adam(alpha=1e-4),
        (100, 'epoch'), 100, curves=True,
    )  # fmt: skip
    yield accuracy_row('training', 1.0, result.train)
    yield accuracy_row('test', 0.971, result.test)
    run.start()
    result = fit(
        run, 'A2-DeepConvNet', DeepConvNet(), train, test, mg.optimizers.Adam(),
        (100, 'iteration'), 100,
    )  # fmt: skip
    yield accuracy_row('DeepConvNet, 100 iterations: training', 0.894, result.train)
    yield accuracy_row('DeepConvNet, 100 iterations: test', 0.875, result.test)


def few(run: Run) -> Iterable[Row]:
    """1,000 photographs are not enough for 58 million parameters."""
    train, test = run.load('cifar10')
    run.start()
    result = fit(
        run, 'A3', AlexNetCIFAR(), train[:1000], test[:200], mg.optimizers.Adam(),
        (50, 'epoch'), 32, curves=True,
    )  # fmt: skip
    yield accuracy_row('training', 0.81, result.train)
    yield accuracy_row('test', 0.31, result.test)


def all_photographs(run: Run) -> Iterable[Row]:
    """All of CIFAR-10, a tenth of the training set held back for validation."""
    train, test = run.load('cifar10')
    run.start()
    train, validation = mg.datasets.split_dataset_random(train, 45000, seed=run.seed)
    result = fit(
        run, 'A4', AlexNetCIFAR(), train, validation, mg.optimizers.SGD(lr=0.01),
        (100, 'epoch'), 128, curves=True, final=test,
    )  # fmt: skip
    yield accuracy_row('test, about', 0.80, result.test, digits=2)


A1 = Experiment('A1', 'AlexNetSmall, MNIST 6000/1000, SGD .01, batch 16', small)
A2 = Experiment(
    'A2',
    'AlexNet, MNIST 5000/1000 as 224x224, Adam, batch 100, 100 epochs',
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
