"""A small training that goes on where it was killed; run by test_kill.py.

Arguments: the folder of the results and the number of iterations. Each iteration writes
a byte to the standard output, so that the test knows that it is alive.
"""

import os
import random
import sys
import time

import numpy

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.kernels import using_kernels
from minigrad.training import extensions


class MLP(minigrad.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(None, 16)
            self.l2 = L.Linear(None, 4)

    def forward(self, x):
        return self.l2(F.dropout(F.relu(self.l1(x)), 0.2))


def main(out, n_iterations):
    random.seed(0)
    numpy.random.seed(0)
    x = numpy.random.rand(50, 8).astype('f')
    t = (x.sum(axis=1) * 4 % 4).astype('i')
    data = minigrad.datasets.TupleDataset(x, t)
    model = L.Classifier(MLP())
    optimizer = minigrad.optimizers.Adam(alpha=0.01).setup(model)
    iterator = minigrad.iterators.SerialIterator(data, 8)
    updater = training.StandardUpdater(iterator, optimizer)
    trainer = training.Trainer(updater, (n_iterations, 'iteration'), out=out)
    trainer.extend(extensions.LogReport(trigger=(10, 'iteration')))
    trainer.extend(extensions.ExponentialShift('alpha', 0.99), trigger=(7, 'iteration'))

    def breathe(trainer):
        os.write(1, b'.')
        time.sleep(0.002)

    trainer.extend(breathe)
    trainer.extend(
        extensions.snapshot(
            filename='s_{.updater.iteration}', n_retains=3, autoload=True
        ),
        trigger=(3, 'iteration'),
    )
    trainer.run()
    minigrad.serializers.save_npz(os.path.join(out, 'end.npz'), trainer)


if __name__ == '__main__':
    with using_kernels('reference'):  # they are there at once
        main(sys.argv[1], int(sys.argv[2]))
