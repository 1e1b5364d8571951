"""D1: the deep network of small convolutions on MNIST."""

from __future__ import annotations

from collections.abc import Iterable

import minigrad as mg
from minigrad import training

from ..deepconvnet import DeepConvNet
from .data import images
from .experiment import Experiment, Row, Run, accuracy_row
from .fitting import fit

HIGHEST, RISE, LENGTH = 0.004, 200, 1000


@training.make_extension(trigger=(1, 'iteration'))
def rise_and_fall(trainer: training.Trainer) -> None:
    """Lets the rate of Adam rise for 200 iterations, then fall to zero."""
    i = trainer.updater.iteration
    part = i / RISE if i < RISE else (LENGTH - i) / (LENGTH - RISE)
    trainer.updater.get_optimizer('main').alpha = HIGHEST * part


def train(run: Run) -> Iterable[Row]:
    """1,000 iterations, which took almost an hour in the report.

    It names neither rate nor batch; these are best on images 10,000 to 20,000 of the
    training set, which nothing here learns from.
    """
    train, test = images(run, 5000, 1000)
    run.start()
    result = fit(
        run, 'D1', DeepConvNet(), train, test, mg.optimizers.Adam(alpha=0.0),
        (LENGTH, 'iteration'), 100, curves=(1, 'epoch'), extend=[rise_and_fall],
    )  # fmt: skip
    yield accuracy_row('training', 0.995, result.train)
    yield accuracy_row('test', 0.982, result.test)


D1 = Experiment(
    'D1', 'DeepConvNet, MNIST 5000/1000, Adam, 1,000 iterations, batch 100', train
)
