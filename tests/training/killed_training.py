"""A small training that goes on where it was killed; run by test_kill.py.

Arguments: the folder of the results, the number of iterations, the writer of snapshots, the
iterator, and the iteration from which on the disk is full (-1: never). Each iteration
writes a byte to the standard output, so that the test knows that it is alive.
"""

import errno
import functools
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
from minigrad.serializers import save_npz
from minigrad.training import extensions
from minigrad.training.extensions import snapshot_writers

ITERATORS = {
    'SerialIterator': minigrad.iterators.SerialIterator,
    'MultithreadIterator': functools.partial(
        minigrad.iterators.MultithreadIterator, n_threads=2
    ),
    'MultiprocessIterator': functools.partial(
        minigrad.iterators.MultiprocessIterator, n_processes=2
    ),
}
# A ProcessWriter starts Python anew for each snapshot.
INTERVALS = {'ProcessWriter': 75}


class MLP(minigrad.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(None, 16)
            self.l2 = L.Linear(None, 4)

    def forward(self, x):
        return self.l2(F.dropout(F.relu(self.l1(x)), 0.2))


def save(path, target, full_from):
    """Saves until the disk is full."""
    save_npz(path, target)
    if 0 <= full_from <= int(target['updater/iteration']):
        os.truncate(path, 100)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def main(out, n_iterations, writer, iterator, full_from):
    random.seed(0)
    numpy.random.seed(0)
    x = numpy.random.rand(50, 8).astype('f')
    t = (x.sum(axis=1) * 4 % 4).astype('i')
    data = minigrad.datasets.TupleDataset(x, t)
    model = L.Classifier(MLP())
    optimizer = minigrad.optimizers.Adam(alpha=0.01).setup(model)
    updater = training.StandardUpdater(ITERATORS[iterator](data, 8), optimizer)
    trainer = training.Trainer(updater, (n_iterations, 'iteration'), out=out)
    trainer.extend(extensions.LogReport(trigger=(10, 'iteration')))
    trainer.extend(extensions.ExponentialShift('alpha', 0.99), trigger=(7, 'iteration'))

    def breathe(trainer):
        os.write(1, b'.')
        time.sleep(0.002)

    trainer.extend(breathe)
    trainer.extend(
        extensions.snapshot(
            filename='s_{.updater.iteration}',
            n_retains=3,
            autoload=True,
            writer=getattr(snapshot_writers, writer)(
                functools.partial(save, full_from=full_from)
            ),
        ),
        trigger=(INTERVALS.get(writer, 3), 'iteration'),
    )
    trainer.run(show_loop_exception_msg=False)
    minigrad.serializers.save_npz(os.path.join(out, 'end.npz'), trainer)


if __name__ == '__main__':
    with using_kernels('reference'):  # they are there at once
        main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:5], int(sys.argv[5]))
