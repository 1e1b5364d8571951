"""I1: activations and initial weights on MNIST."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import fmean
from typing import Any

import minigrad as mg
import minigrad.functions as F

from ..mlp import MLP
from .experiment import Experiment, Row, Run, Search, Trial, accuracy_row
from .fitting import Result, fit
from .search import chosen

HELD_OUT = 10000  # the last of the training images

# Xavier as their authors write it: deviation 1 / sqrt(inputs), which is LeCunNormal.
PUBLISHED = [
    ('sigmoid, Gauss .01', F.sigmoid, mg.initializers.Normal(0.01), 0.1135),
    ('ReLU, Gauss .01', F.relu, mg.initializers.Normal(0.01), 0.9258),
    ('sigmoid, Xavier', F.sigmoid, mg.initializers.LeCunNormal(), 0.8762),
    ('ReLU, Xavier', F.relu, mg.initializers.LeCunNormal(), 0.9502),
    ('ReLU, He', F.relu, mg.initializers.HeNormal(), 0.9523),
]


CANDIDATES = [
    {'rate': rate, 'batchsize': batchsize}
    for batchsize in (100, 200)
    for rate in (0.05, 0.1, 0.15, 0.2, 0.3)
]


def compare(run: Run) -> Iterable[Row]:
    """The same MLP with each pair; the report does not name rate and batch."""
    train, test = run.load('mnist')
    results = _learn(run, 'I1', train, test, chosen(run, 'I1'))
    for (name, *_, theirs), result in zip(PUBLISHED, results, strict=False):
        yield accuracy_row(name, theirs, result.test)


def try_out(run: Run, name: str, settings: dict[str, Any]) -> Trial:
    """The mean accuracy of all pairs on the last training images."""
    train, _ = run.load('mnist')
    train, held_out = train[:-HELD_OUT], train[-HELD_OUT:]
    results = list(_learn(run, name, train, held_out, settings))
    figures = {
        pair: result.test for (pair, *_), result in zip(PUBLISHED, results, strict=True)
    }
    return Trial(settings, fmean(figures.values()), figures)


def _learn(
    run: Run, prefix: str, train: Any, test: Any, settings: dict[str, Any]
) -> Iterator[Result]:
    for name, activation, initializer, _ in PUBLISHED:
        run.start()
        predictor = MLP((40, 20), activation=activation, initialW=initializer)
        yield fit(
            run, f'{prefix}-{name}'.replace(' ', ''), predictor, train, test,
            mg.optimizers.SGD(lr=settings['rate']), (2000, 'iteration'),
            settings['batchsize'],
        )  # fmt: skip


I1 = Experiment(
    'I1',
    'MLP 784-40-20-10, SGD, 2,000 iterations',
    compare,
    search=Search(CANDIDATES, try_out),
)
