"""Trains, until one process does what its argument says.

mpiexec -n 2 python breaking.py raise
"""

import os
import signal
import sys

import numpy

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import chainermn, training
from minigrad.chainermn import _reducer

case = sys.argv[1]
comm = chainermn.create_communicator('naive')
odd = comm.size - 1  # the process that does it
is_odd = comm.rank == odd
_reducer.CHECK_INTERVAL = 2


def make_model():
    model = minigrad.Sequential(L.Linear(4, 3), F.relu, L.Linear(3, 2))
    if is_odd and case == 'another number':
        model.append(L.Linear(2, 2))
    if is_odd and case == 'another dtype':
        model[2].W.array = model[2].W.array.astype('d')
    if case == 'another order':
        model = minigrad.Chain()
        with model.init_scope():
            names = 'ab' if is_odd else 'ba'
            model.part = minigrad.Sequential(
                *[L.Linear(4, 4, nobias=name == 'a') for name in names]
            )
        model.forward = lambda x: model.part(x)
    return L.Classifier(model)


def main():
    model = make_model()
    optimizer = chainermn.create_multi_node_optimizer(
        minigrad.optimizers.SGD(0.01), comm
    ).setup(model)
    n = 40
    if case == 'uneven':
        n += 5 * comm.rank
    random = numpy.random.RandomState(comm.rank)
    data = minigrad.datasets.TupleDataset(
        random.rand(n, 4).astype('f'), random.randint(0, 2, n).astype('i')
    )
    iterator = minigrad.iterators.SerialIterator(data, 10, repeat=False)
    if case.startswith('trainer'):
        iterator = minigrad.iterators.SerialIterator(data, 10)
        updater = training.StandardUpdater(iterator, optimizer)
        trainer = training.Trainer(updater, (3, 'iteration'), out=sys.argv[2])

        @training.make_extension()
        def fail(_):
            if is_odd and updater.iteration == 2:
                raise ValueError('the odd process fails in its trainer')

        trainer.extend(fail)
        trainer.run()
        return
    for step, batch in enumerate(iterator):
        if is_odd and step == 2:
            if case == 'raise':
                raise ValueError('the odd process fails')
            if case == 'kill':
                os.kill(os.getpid(), signal.SIGKILL)
            if case == 'exit':
                sys.exit(3)
            if case == 'late':
                comm.allreduce_obj(1)
            if case == 'drift':
                model.predictor[0].W.array[0, 0] += 1e-6
        optimizer.update(model, *minigrad.dataset.concat_examples(batch))
    print(f'rank {comm.rank} made {optimizer.t} steps\n', end='', flush=True)


main()
