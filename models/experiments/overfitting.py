"""R1: seven layers learn 300 digits by heart, unless something holds them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import fmean
from typing import Any

import minigrad as mg
from minigrad.optimizer_hooks import WeightDecay

from ..mlp import MLP
from .experiment import Experiment, Row, Run, Search, Trial
from .fitting import Result, fit
from .search import chosen

# Name, whether there is decay and dropout, iterations, published accuracy in training and
# test.
PUBLISHED = [
    ('plain', False, False, 1000, 1.0, 0.7732),
    ('L2', True, False, 1000, 0.8633, 0.6759),
    ('dropout', False, True, 1000, 0.92, 0.7261),
    ('L2, dropout', True, True, 5000, 0.8667, 0.6343),
]
# What the report leaves open.
CANDIDATES = [
    {'rate': rate, 'decay': decay, 'dropout': dropout}
    for rate in (0.02, 0.05)
    for decay in (0.05, 0.1)
    for dropout in (0.1, 0.2)
]
HELD_OUT = 10000  # the last of the training images


def compare(run: Run) -> Iterable[Row]:
    """Trains on 300 digits, with and without what is to keep it from overfitting."""
    train, test = run.load('mnist')
    plain_gap = 0.0
    results = _learn(run, 'R1', train, test, chosen(run, 'R1'))
    for (name, *_, theirs, theirs_in_test), result in zip(
        PUBLISHED, results, strict=False
    ):
        gap = result.train - result.test
        if name == 'plain':
            plain_gap = gap
            reached = result.test >= theirs_in_test
        else:
            reached = gap < plain_gap
        yield Row(
            f'{name}: training / test (gap)',
            f'{theirs:g} / {theirs_in_test:g} ({theirs - theirs_in_test:.4f})',
            f'{result.train:.4f} / {result.test:.4f} ({gap:.4f})',
            reached,
        )


def try_out(run: Run, name: str, settings: dict[str, Any]) -> Trial:
    """How near all accuracies come to the published ones, on the last training images."""
    train, _ = run.load('mnist')
    held_out = train[-HELD_OUT:]
    results = _learn(run, name, train, held_out, settings)
    figures, distances = {}, []
    for (cure, *_, in_training, in_test), result in zip(
        PUBLISHED, results, strict=True
    ):
        figures[cure] = [result.train, result.test]
        distances += [abs(result.train - in_training), abs(result.test - in_test)]
    return Trial(settings, -fmean(distances), figures)


def _learn(
    run: Run, prefix: str, train: Any, test: Any, settings: dict[str, Any]
) -> Iterator[Result]:
    for name, decays, drops, iterations, *_ in PUBLISHED:
        run.start()
        predictor = MLP(
            (100,) * 6,
            initialW=mg.initializers.HeNormal(),
            dropout=settings['dropout'] if drops else 0.0,
        )
        yield fit(
            run, f'{prefix}-{name}'.replace(' ', ''), predictor, train[:300], test,
            mg.optimizers.SGD(lr=settings['rate']), (iterations, 'iteration'), 100,
            hooks=[WeightDecay(settings['decay'])] if decays else [],
        )  # fmt: skip


R1 = Experiment(
    'R1', 'MLP with six hidden layers of 100, 300 digits, SGD', compare,
    search=Search(CANDIDATES, try_out),
)  # fmt: skip
