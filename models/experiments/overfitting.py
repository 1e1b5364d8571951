"""R1: seven layers learn 300 digits by heart, unless something holds them back."""

from __future__ import annotations

from collections.abc import Iterable

import minigrad as mg
from minigrad.optimizer_hooks import WeightDecay

from ..mlp import MLP
from .experiment import Experiment, Row, Run, fit

# Name, weight decay, dropout, iterations, published accuracy in training and test. The
# report does not name its rates: these give accuracies like its own.
PUBLISHED = [
    ('plain', 0.0, 0.0, 1000, 1.0, 0.7732),
    ('L2', 0.1, 0.0, 1000, 0.8633, 0.6759),
    ('dropout', 0.0, 0.1, 1000, 0.92, 0.7261),
    ('L2, dropout', 0.1, 0.1, 5000, 0.8667, 0.6343),
]


def compare(run: Run) -> Iterable[Row]:
    """Trains on 300 digits, with and without what is to keep it from overfitting."""
    train, test = run.load('mnist')
    plain_gap = 0.0
    for name, decay, dropout, iterations, *theirs in PUBLISHED:
        run.start()
        predictor = MLP(
            (100,) * 6, initialW=mg.initializers.HeNormal(), dropout=dropout
        )
        result = fit(
            run, f'R1-{name}'.replace(' ', ''), predictor, train[:300], test,
            mg.optimizers.SGD(lr=0.05), (iterations, 'iteration'), 100,
            hooks=[WeightDecay(decay)] if decay > 0.0 else [],
        )  # fmt: skip
        gap = result.train - result.test
        if name == 'plain':
            plain_gap = gap
            reached = result.test >= theirs[1]
        else:
            reached = gap < plain_gap
        yield Row(
            f'{name}: training / test (gap)',
            f'{theirs[0]:g} / {theirs[1]:g} ({theirs[0] - theirs[1]:.4f})',
            f'{result.train:.4f} / {result.test:.4f} ({gap:.4f})',
            reached,
        )


R1 = Experiment('R1', 'MLP with six hidden layers of 100, 300 digits, SGD .05', compare)
