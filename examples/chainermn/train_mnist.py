"""Trains a multilayer perceptron on handwritten digits, in several processes.

mpiexec -n 2 python examples/chainermn/train_mnist.py
mpiexec -n 8 python examples/chainermn/train_mnist.py --gpu --dataset mnist
mpiexec -n 2 python examples/chainermn/train_mnist.py --test

What differs from examples/mnist/train_mnist.py is marked with (1) to (5).
"""

import argparse

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import chainermn, training
from minigrad.training import extensions


class MLP(minigrad.Chain):
    """Two hidden layers; the sizes of the inputs are found at the first batch."""

    def __init__(self, n_units, n_out):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(None, n_units)
            self.l2 = L.Linear(None, n_units)
            self.l3 = L.Linear(None, n_out)

    def forward(self, x):
        h = F.relu(self.l1(x))
        h = F.relu(self.l2(h))
        return self.l3(h)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description='Trains a multilayer perceptron in several processes.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--dataset', choices=['digits', 'mnist'], default='digits', help='what to learn'
    )
    add('--batchsize', '-b', type=int, default=100, help='images of each process')
    add(
        '--communicator',
        default=None,
        help='naive, flat, non_cuda_aware or pure_nccl; by default pure_nccl with --gpu, '
        'else naive',
    )
    add('--epoch', '-e', type=int, default=20, help='sweeps over the data')
    add('--gpu', '-g', action='store_true', help='one GPU for each process')
    add('--out', '-o', default='result', help='folder of the results')
    add('--autoload', action='store_true', help='go on from the newest snapshot')
    add('--unit', '-u', type=int, default=1000, help='hidden units')
    add('--test', action='store_true', help='two epochs of a small network: seconds')
    args = parser.parse_args(argv)
    if args.test:
        args.epoch, args.unit, args.batchsize = 2, 30, 20
    return args


def main(argv=None):
    args = parse_args(argv)
    # (1) The processes that mpiexec started; each has a GPU of its machine.
    name = args.communicator
    if name is None:
        name = 'pure_nccl' if args.gpu else 'naive'
    comm = chainermn.create_communicator(name)
    device = minigrad.get_device(f'@cupy:{comm.intra_rank}' if args.gpu else '@numpy')
    device.use()
    is_first = comm.rank == 0
    if is_first:
        print(f'{comm.size} processes, communicator {name}', flush=True)

    model = L.Classifier(MLP(args.unit, 10))
    model.to_device(device)
    # (2) Updates with the means of the gradients of all processes.
    optimizer = chainermn.create_multi_node_optimizer(minigrad.optimizers.Adam(), comm)
    optimizer.setup(model)

    # (3) Rank 0 loads the data, and each process gets its share.
    train = test = None
    if is_first:
        get = minigrad.datasets.get_digits
        if args.dataset == 'mnist':
            get = minigrad.datasets.get_mnist
        train, test = get()
    train = chainermn.scatter_dataset(train, comm, shuffle=True)
    test = chainermn.scatter_dataset(test, comm, force_equal_length=False)
    train_iter = minigrad.iterators.SerialIterator(train, args.batchsize)
    test_iter = minigrad.iterators.SerialIterator(
        test, args.batchsize, repeat=False, shuffle=False
    )

    updater = training.updaters.StandardUpdater(train_iter, optimizer, device=device)
    trainer = training.Trainer(updater, (args.epoch, 'epoch'), out=args.out)
    # (4) Each evaluates its share; the means over all are reported.
    evaluator = extensions.Evaluator(test_iter, model, device=device)
    trainer.extend(chainermn.create_multi_node_evaluator(evaluator, comm))
    # (5) One snapshot of all; only rank 0 speaks.
    snapshot = extensions.snapshot(n_retains=2, autoload=args.autoload)
    trainer.extend(chainermn.extensions.multi_node_snapshot(comm, snapshot, []))
    if is_first:
        trainer.extend(extensions.LogReport())
        columns = ['epoch', 'main/loss', 'validation/main/loss']
        columns += ['main/accuracy', 'validation/main/accuracy', 'elapsed_time']
        trainer.extend(extensions.PrintReport(columns))
        trainer.extend(extensions.ProgressBar(update_interval=10))
    trainer.run()
    if is_first:
        usual = 'more than 80 %' if args.test else 'about 95 %'
        print(f'expected: {usual} of the unseen digits (validation/main/accuracy)')
    return trainer


if __name__ == '__main__':
    main()
