"""S1: the first convolutional network of the course on MNIST."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L

from .data import images
from .experiment import Experiment, Row, Run
from .fitting import fit


class SimpleConvNet(mg.Chain):
    """One convolution with pooling, and two dense layers."""

    def __init__(self) -> None:
        super().__init__()
        he = mg.initializers.HeNormal()
        with self.init_scope():
            self.conv1 = L.Convolution2D(None, 30, ksize=5, initialW=he)
            self.fc2 = L.Linear(None, 100, initialW=he)
            self.fc3 = L.Linear(100, 10, initialW=he)

    def forward(self, x: Any) -> Any:
        """Returns the scores of the classes."""
        h = F.max_pooling_2d(F.relu(self.conv1(x)), ksize=2)
        return self.fc3(F.relu(self.fc2(h)))


def train(run: Run) -> Iterable[Row]:
    """1,000 iterations; the report shows a curve and no figure."""
    train, test = images(run, 5000, 1000)
    run.start()
    result = fit(
        run, 'S1', SimpleConvNet(), train, test, mg.optimizers.Adam(),
        (1000, 'iteration'), 100, curves=(1, 'epoch'),
    )  # fmt: skip
    yield Row('training', 'a curve', f'{result.train:.4f}', True)
    yield Row('test', 'a curve', f'{result.test:.4f}', True)


S1 = Experiment(
    'S1',
    'conv 30@5, dense 100, MNIST 5000/1000, Adam, 1,000 iterations, batch 100',
    train,
)
