"""O1: optimizers side by side on MNIST."""

from __future__ import annotations

from collections.abc import Iterable

import minigrad as mg

from ..mlp import MLP
from .experiment import Experiment, Row, Run, accuracy_row
from .fitting import fit

# The report names neither the network nor the rates.
PUBLISHED = {
    'momentum': (mg.optimizers.MomentumSGD, {'lr': 0.1}, 0.938),
    'AdaGrad': (mg.optimizers.AdaGrad, {'lr': 0.01}, 0.9375),
    'RMSprop': (mg.optimizers.RMSprop, {'lr': 0.001}, 0.9408),
    'Adam': (mg.optimizers.Adam, {'alpha': 0.001}, 0.9437),
}


def compare(run: Run) -> Iterable[Row]:
    """The same MLP and 1,000 batches of 100, with each optimizer."""
    train, test = run.load('mnist')
    plain = 0.0
    for name, (optimizer, rates, theirs) in PUBLISHED.items():
        run.start()
        result = fit(
            run, f'O1-{name}', MLP((100, 100)), train, test, optimizer(**rates),
            (1000, 'iteration'), 100,
        )  # fmt: skip
        plain = result.test
        yield accuracy_row(name, theirs, result.test)
    run.start()
    predictor = MLP((100, 100), initialW=mg.initializers.HeNormal(), normalize=True)
    result = fit(
        run, 'O1-normalized', predictor, train, test, mg.optimizers.Adam(),
        (1000, 'iteration'), 100,
    )  # fmt: skip
    yield Row(
        'Adam, batch norm., ReLU, He',
        'better than Adam',
        f'{result.test:.4f}',
        result.test > max(plain, 0.9437),
    )


O1 = Experiment('O1', 'MLP 784-100-100-10, 1,000 iterations, batch 100', compare)
