"""D1: the deep network of small convolutions on MNIST."""

from __future__ import annotations

from collections.abc import Iterable

import minigrad as mg
from models.deepconvnet import DeepConvNet
from models.experiments.data import images
from models.experiments.experiment import Experiment, Row, Run, accuracy_row, fit


def train(run: Run) -> Iterable[Row]:
    """1,000 iterations of Adam; the report took almost an hour, and names no batch."""
    train, test = images(run, 5000, 1000)
    run.start()
    result = fit(
        run, 'D1', DeepConvNet(), train, test, mg.optimizers.Adam(),
        (1000, 'iteration'), 200, curves=True,
    )  # fmt: skip
    yield accuracy_row('training', 0.995, result.train)
    yield accuracy_row('test', 0.982, result.test)


D1 = Experiment(
    'D1', 'DeepConvNet, MNIST 5000/1000, Adam, 1,000 iterations, batch 200', train
)
