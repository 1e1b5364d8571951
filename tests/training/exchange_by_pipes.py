"""What MultiprocessParallelUpdater exchanges, through pipes: for tests without a GPU."""

import multiprocessing

import numpy

import minigrad
import minigrad.links as L
from minigrad.training.updaters import MultiprocessParallelUpdater


class PipeExchange:
    def __init__(self, pipes):
        self.pipes = pipes  # the first has one to each of the others

    @classmethod
    def between(cls, size):
        pairs = [multiprocessing.get_context('spawn').Pipe() for _ in range(size - 1)]
        return [cls([a for a, _ in pairs]), *[cls([b]) for _, b in pairs]]

    def join(self, rank):
        self.is_first = rank == 0

    def sum_to_first(self, array):
        if not self.is_first:
            self.pipes[0].send(array)
            return
        for pipe in self.pipes:
            array += pipe.recv()

    def copy_from_first(self, array):
        if not self.is_first:
            array[...] = self.pipes[0].recv()
            return
        for pipe in self.pipes:
            pipe.send(array)


class PipeUpdater(MultiprocessParallelUpdater):
    exchange = PipeExchange

    @staticmethod
    def available():
        return True


class Picky(L.Classifier):
    """Fails in all processes but the first."""

    def forward(self, x, t):
        if multiprocessing.parent_process() is not None:
            raise ValueError('not in this process')
        return super().forward(x, t)


class Talkative(L.Linear):
    """A child that reports."""

    def forward(self, x):
        minigrad.report({'largest': abs(x).max()}, self)
        return super().forward(x)


def make_data(n=24):
    random = numpy.random.RandomState(0)
    return minigrad.datasets.TupleDataset(
        random.rand(n, 3).astype('f'), random.randint(0, 2, n).astype('i')
    )
