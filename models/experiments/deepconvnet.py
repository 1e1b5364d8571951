"""D1: the deep network of small convolutions on MNIST."""

from __future__ import annotations

from collections.abc import Iterable

import minigrad as mg
from minigrad.training.extensions import LinearShift
from models.deepconvnet import DeepConvNet
from models.experiments.data import images
from models.experiments.experiment import Experiment, Row, Run, accuracy_row, fit


def train(run: Run) -> Iterable[Row]:
    """1,000 iterations, which took almost an hour in the report.

    It names neither rate nor batch; these are best on images 10,000 to 20,000 of the
    training set, which nothing here learns from.
    """
    train, test = images(run, 5000, 1000)
    run.start()
    result = fit(
        run, 'D1', DeepConvNet(), train, test, mg.optimizers.Adam(alpha=0.003),
        (1000, 'iteration'), 100, curves=True,
        extend=[LinearShift('alpha', (0.003, 0.0), (0, 1000))],
    )  # fmt: skip
    yield accuracy_row('training', 0.995, result.train)
    yield accuracy_row('test', 0.982, result.test)


D1 = Experiment(
    'D1', 'DeepConvNet, MNIST 5000/1000, Adam to 0, 1,000 iterations, batch 100', train
)
