"""Trains on numbered examples, and writes down which each process has seen.

mpiexec -n 4 python examples_seen.py scatter 110 OUT 5 new
mpiexec -n 2 python examples_seen.py scatter 110 OUT 12 go-on
"""

import json
import pathlib
import sys

import numpy

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import chainermn, training

kind, n, out, end, start = sys.argv[1:]
comm = chainermn.create_communicator('naive')
numpy.random.seed(comm.rank if start == 'new' else 100 + comm.rank)
seen = []


class Model(minigrad.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.fc = L.Linear(1, 1, initialW=1)

    def forward(self, x):
        seen.append(x.ravel().astype(int).tolist())
        return F.mean(F.dropout(self.fc(x)) ** 2)


model = Model()
optimizer = chainermn.create_multi_node_optimizer(
    minigrad.optimizers.MomentumSGD(1e-7), comm
).setup(model)
data = numpy.arange(int(n), dtype='f').reshape(-1, 1)
sampler = None
if kind == 'scatter':
    data = chainermn.scatter_dataset(
        data if comm.rank == 0 else None, comm, shuffle=True
    )
else:
    sampler = chainermn.iterators.ShareOrderSampler(comm)
iterator = minigrad.iterators.SerialIterator(
    data, 12 // comm.size, order_sampler=sampler
)
updater = training.StandardUpdater(iterator, optimizer)
trainer = training.Trainer(updater, (int(end), 'iteration'), out=out)
snapshot = training.extensions.snapshot(autoload=True)
trainer.extend(
    chainermn.extensions.multi_node_snapshot(comm, snapshot, []),
    trigger=(1, 'iteration'),
    name='snapshot',
)
trainer.run()
result = {
    'seen': comm.mpi_comm.allgather(seen),
    'weight': float(model.fc.W.array[0, 0]).hex(),
    'detail': iterator.epoch_detail,
}
if comm.rank == 0:
    pathlib.Path(out, f'{start}.json').write_text(json.dumps(result))
