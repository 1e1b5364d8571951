"""Trains a multilayer perceptron on handwritten digits.

python examples/mnist/train_mnist.py
python examples/mnist/train_mnist.py --dataset mnist --device @cupy:0
python examples/mnist/train_mnist.py --autoload        # goes on where it stopped
python examples/mnist/train_mnist.py --test            # seconds
"""

import argparse
import random

import numpy

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
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
        description='Trains a multilayer perceptron on handwritten digits.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        '--dataset',
        choices=['digits', 'mnist'],
        default='digits',
        help='digits: 5,000 examples that come with minigrad; mnist: all 70,000, which '
        'are downloaded once',
    )
    parser.add_argument('--batchsize', '-b', type=int, default=100, help='batch size')
    parser.add_argument(
        '--epoch', '-e', type=int, default=20, help='sweeps over the data'
    )
    parser.add_argument('--unit', '-u', type=int, default=1000, help='hidden units')
    parser.add_argument(
        '--device',
        '-d',
        default='-1',
        help="'-1' for the CPU, '@cupy:0' or '0' for a GPU",
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of all random numbers'
    )
    parser.add_argument('--out', '-o', default='result', help='folder of the results')
    parser.add_argument('--resume', '-r', default=None, help='snapshot to go on from')
    parser.add_argument(
        '--autoload',
        action='store_true',
        help='go on from the newest snapshot in --out',
    )
    parser.add_argument(
        '--frequency',
        '-f',
        type=int,
        default=1,
        help='epochs from snapshot to snapshot',
    )
    parser.add_argument('--noplot', action='store_true', help='draw no curves')
    parser.add_argument(
        '--test', action='store_true', help='two epochs of a small network: seconds'
    )
    args = parser.parse_args(argv)
    if args.test:
        args.epoch, args.unit = 2, 20
    return args


def main(argv=None):
    args = parse_args(argv)
    device = minigrad.get_device(args.device)
    device.use()
    random.seed(args.seed)
    numpy.random.seed(args.seed)
    if device.xp is not numpy:
        device.xp.random.seed(args.seed)

    get_dataset = {
        'digits': minigrad.datasets.get_digits,
        'mnist': minigrad.datasets.get_mnist,
    }[args.dataset]
    train, test = get_dataset()
    train_iter = minigrad.iterators.SerialIterator(train, args.batchsize)
    test_iter = minigrad.iterators.SerialIterator(
        test, args.batchsize, repeat=False, shuffle=False
    )

    # A Classifier computes the loss and the accuracy of what its model predicts.
    model = L.Classifier(MLP(args.unit, 10))
    model.to_device(device)
    optimizer = minigrad.optimizers.Adam()
    optimizer.setup(model)

    updater = training.updaters.StandardUpdater(train_iter, optimizer, device=device)
    trainer = training.Trainer(updater, (args.epoch, 'epoch'), out=args.out)
    trainer.extend(
        extensions.Evaluator(test_iter, model, device=device),
        call_before_training=True,
    )
    trainer.extend(
        extensions.snapshot(n_retains=2, autoload=args.autoload),
        trigger=(args.frequency, 'epoch'),
    )
    trainer.extend(
        extensions.snapshot_object(model, 'best_model.npz'),
        trigger=training.triggers.MaxValueTrigger('validation/main/accuracy'),
        priority=50,
    )
    trainer.extend(extensions.LogReport(), call_before_training=True)
    if not args.noplot:
        trainer.extend(
            extensions.PlotReport(
                ['main/loss', 'validation/main/loss'], 'epoch', filename='loss.png'
            ),
            call_before_training=True,
        )
        trainer.extend(
            extensions.PlotReport(
                ['main/accuracy', 'validation/main/accuracy'],
                'epoch',
                filename='accuracy.png',
            ),
            call_before_training=True,
        )
    trainer.extend(
        extensions.PrintReport(
            [
                'epoch',
                'main/loss',
                'validation/main/loss',
                'main/accuracy',
                'validation/main/accuracy',
                'elapsed_time',
            ]
        ),
        call_before_training=True,
    )
    trainer.extend(extensions.ProgressBar(update_interval=10))

    if args.resume is not None:
        minigrad.serializers.load_npz(args.resume, trainer)
    trainer.run()
    usual = 'more than 75 %' if args.test else 'about 95 %'
    print(f'expected: {usual} of the unseen digits (validation/main/accuracy)')
    return trainer


if __name__ == '__main__':
    main()
