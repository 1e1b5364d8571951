"""I1: activations and initial weights on MNIST."""

from __future__ import annotations

from collections.abc import Iterable

import minigrad as mg
import minigrad.functions as F

from ..mlp import MLP
from .experiment import Experiment, Row, Run, accuracy_row, fit

# Xavier as their authors write it: deviation 1 / sqrt(inputs), which is LeCunNormal.
PUBLISHED = [
    ('sigmoid, Gauss .01', F.sigmoid, mg.initializers.Normal(0.01), 0.1135),
    ('ReLU, Gauss .01', F.relu, mg.initializers.Normal(0.01), 0.9258),
    ('sigmoid, Xavier', F.sigmoid, mg.initializers.LeCunNormal(), 0.8762),
    ('ReLU, Xavier', F.relu, mg.initializers.LeCunNormal(), 0.9502),
    ('ReLU, He', F.relu, mg.initializers.HeNormal(), 0.9523),
]


def compare(run: Run) -> Iterable[Row]:
    """The same MLP with each pair; the report does not name rate and batch."""
    train, test = run.load('mnist')
    for name, activation, initializer, theirs in PUBLISHED:
        run.start()
        predictor = MLP((40, 20), activation=activation, initialW=initializer)
        result = fit(
            run, f'I1-{name}'.replace(' ', ''), predictor, train, test,
            mg.optimizers.SGD(lr=0.15), (2000, 'iteration'), 200,
        )  # fmt: skip
        yield accuracy_row(name, theirs, result.test)


I1 = Experiment('I1', 'MLP 784-40-20-10, SGD .15, 2,000 iterations, batch 200', compare)
