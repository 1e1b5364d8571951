"""What an experiment is: a setting, published figures, and how to reach them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.training import extensions


class Row(NamedTuple):
    """A line of the table: what was measured, by them and by us."""

    what: str
    theirs: str
    ours: str
    reached: bool


class Experiment(NamedTuple):
    """A published experiment."""

    id: str
    setting: str
    run: Callable[[Run], Iterable[Row]]
    long: bool = False  # takes hours without a GPU; not part of --quick


class Run(NamedTuple):
    """How the experiments of one call are run."""

    load: Callable[[str], Any]  # dataset by name: 'mnist' or 'cifar10'
    out: Path
    seed: int = 0
    quick: bool = False
    device: Any = '@numpy'

    def start(self, offset: int = 0) -> None:
        """Seeds everything with ``seed + offset``; called before each model is made."""
        np.random.seed(self.seed + offset)
        device = mg.get_device(self.device)
        if device.xp is not np:
            device.xp.random.seed(self.seed + offset)


class Result(NamedTuple):
    """What a training came to."""

    train: float  # accuracy in test mode, on what was trained on
    test: float
    log: list[dict[str, Any]]


def accuracy_row(what: str, theirs: float, ours: float, digits: int = 4) -> Row:
    """Returns the row of an accuracy, which is to be at least the published one.

    ``digits`` is how precisely that is known: "about .97" has two.
    """
    return Row(what, f'{theirs:g}', f'{ours:.4f}', round(ours, digits) >= theirs)


def values_row(what: str, theirs: Any, ours: Any, digits: int = 8) -> Row:
    """Returns the row of numbers that are to agree in all published digits."""
    ours = np.round(ours, digits)
    agree = ours.shape == np.shape(theirs) and np.allclose(
        ours, theirs, rtol=0, atol=1.01 * 10.0**-digits
    )
    return Row(what, _show(theirs), _show(ours), bool(agree))


def _show(values: Any) -> str:
    numbers = [f'{value:.10g}' for value in np.ravel(np.round(values, 10))]
    if len(numbers) > 9:
        numbers = [*numbers[:4], '...']
    return ' '.join(numbers)


def fit(
    run: Run,
    name: str,
    predictor: mg.Link,
    train: Any,
    test: Any,
    optimizer: Any,
    length: tuple[int, str],
    batchsize: int,
    hooks: Iterable[Any] = (),
    extend: Iterable[Any] = (),
    curves: bool = False,
    final: Any = None,
) -> Result:
    """Trains a classifier, leaves its log in the output folder, and tests it.

    Args:
        run: How to run.
        name: Name of the log, and of the curves.
        predictor: The network.
        train: Examples to learn from.
        test: Examples never seen.
        optimizer: Any optimizer.
        length: When to stop, such as ``(50, 'epoch')``.
        batchsize: Examples per step.
        hooks: Optimizer hooks, such as weight decay.
        extend: Extensions of the trainer, such as a falling rate.
        curves: Whether to test after each epoch and to draw the curves.
        final: What to test on in the end; ``test`` by default.
    """
    model = L.Classifier(predictor)
    optimizer.setup(model)
    for hook in hooks:
        optimizer.add_hook(hook)
    updater = training.StandardUpdater(
        mg.iterators.SerialIterator(train, batchsize), optimizer, device=run.device
    )
    trainer = training.Trainer(updater, length, out=str(run.out), extensions=extend)
    if curves:
        iterator = mg.iterators.SerialIterator(test, 100, repeat=False, shuffle=False)
        trainer.extend(extensions.Evaluator(iterator, model, device=run.device))
        keys = ['main/accuracy', 'validation/main/accuracy']
        trainer.extend(extensions.PlotReport(keys, 'epoch', filename=f'{name}.png'))
    log = extensions.LogReport(filename=f'{name}.jsonl')
    trainer.extend(log)
    trainer.extend(extensions.ProgressBar(update_interval=10, out=sys.stderr))
    trainer.run()
    parts = (train, test if final is None else final)
    accuracies = [accuracy(model, part, run.device) for part in parts]
    return Result(*accuracies, log.log)


def accuracy(model: Any, dataset: Any, device: Any = '@numpy') -> float:
    """Returns the part of a dataset that a classifier gets right."""
    right = 0.0
    with mg.using_config('train', False), mg.no_backprop_mode():
        for i in range(0, len(dataset), 200):
            batch = dataset[i : i + 200]
            x, t = mg.dataset.concat_examples(batch, device)
            right += float(F.accuracy(model.predictor(x), t).array) * len(batch)
    return right / len(dataset)
