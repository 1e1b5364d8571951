"""L1 to L3: LeNet as it was written for Chainer, on MNIST and on CIFAR-10."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

import minigrad as chainer
import minigrad.functions as F
import minigrad.links as L

from .data import images
from .experiment import Experiment, Row, Run, accuracy_row, fit


class LeNet(chainer.Chain):
    """The class of the report; its input sizes are inferred."""

    def __init__(self) -> None:
        super().__init__()
        with self.init_scope():
            self.conv1 = L.Convolution2D(None, 6, 5)
            self.conv2 = L.Convolution2D(None, 16, 5)
            self.fc3 = L.Linear(None, 120)
            self.fc4 = L.Linear(None, 84)
            self.fc5 = L.Linear(None, 10)

    def __call__(self, x: Any) -> chainer.Variable:
        """Returns the scores of the classes; as old programs do, without forward."""
        h = F.max_pooling_2d(F.relu(self.conv1(x)), 2)
        h = F.max_pooling_2d(F.relu(self.conv2(h)), 2)
        h = F.relu(self.fc3(h))
        h = F.relu(self.fc4(h))
        return self.fc5(h)


def runs_as_written(run: Run) -> Iterable[Row]:
    """Calls the class, and looks at the sizes that it has inferred."""
    run.start()
    model = LeNet()
    y = model(np.zeros((2, 1, 28, 28), np.float32))
    yield Row('scores', '(2, 10)', str(y.shape), y.shape == (2, 10))
    sizes = [link.W.shape[1] for link in model.children()]
    expected = [1, 6, 256, 120, 84]
    yield Row('inferred inputs', str(expected), str(sizes), sizes == expected)


def unscaled_pixels(run: Run) -> Iterable[Row]:
    """Pixels are 0 to 255, and the rate is small for that reason."""
    train, test = images(run, 6000, 1000, scale=255.0)
    run.start()
    model = LeNet()
    for link in model.children():
        # Small weights make the plateau: .01 keeps the loss there for 14 to 19 epochs,
        # .012 for 8 to 11, .015 for 5; Chainer's own would not show it.
        link.W.initializer = chainer.initializers.Normal(0.012)
    result = fit(
        run, 'L2', model, train, test, chainer.optimizers.SGD(lr=0.001),
        (50, 'epoch'), 16,
    )  # fmt: skip
    stuck = [row['main/loss'] > 0.9 * math.log(10) for row in result.log]
    n_stuck = stuck.index(False) if False in stuck else len(stuck)
    yield Row('epochs at ln 10', 'about 10', str(n_stuck), 5 <= n_stuck <= 20)
    yield accuracy_row('test, about', 0.97, result.test, digits=2)


def photographs(run: Run) -> Iterable[Row]:
    """LeNet on CIFAR-10; the report names neither optimizer nor batch."""
    parts = run.load('cifar10')
    run.start()
    result = fit(
        run, 'L3', LeNet(), *parts, chainer.optimizers.MomentumSGD(lr=0.01),
        (100, 'epoch'), 128, hooks=[chainer.optimizer_hooks.WeightDecay(1e-3)],
    )  # fmt: skip
    yield accuracy_row('test, about', 0.65, result.test, digits=2)


L1 = Experiment('L1', 'LeNet, the class as written for Chainer', runs_as_written)
L2 = Experiment(
    'L2', 'LeNet, Gauss .012, MNIST 6000/1000, pixels 0-255, SGD .001, batch 16, 50 epochs',
    unscaled_pixels,
)  # fmt: skip
L3 = Experiment(
    'L3', 'LeNet, CIFAR-10, momentum .01, batch 128, 100 epochs', photographs, long=True
)
