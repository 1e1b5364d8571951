"""Trains LeNet on digits in a loop of one's own: everything that happens is written here.

python examples/mnist/loop.py            # prints about 93 % after 5 epochs, in seconds
python examples/mnist/loop.py --test     # three epochs of 1,000 digits
"""

import argparse

import numpy as np
from minigrad.models.lenet import LeNet
from tqdm import tqdm

import minigrad as mg
import minigrad.functions as F


def main(argv=None):
    parser = argparse.ArgumentParser(description='Trains LeNet on digits in a loop.')
    parser.add_argument('--epoch', type=int, default=5)
    parser.add_argument('--test', action='store_true', help='a few seconds')
    options = parser.parse_args(argv)

    np.random.seed(0)
    train, test = mg.datasets.get_digits(ndim=3)
    if options.test:
        train, options.epoch = mg.datasets.SubDataset(train, 0, 1000), 3
    model = LeNet()
    optimizer = mg.optimizers.Adam().setup(model)
    batches = mg.iterators.SerialIterator(train, 100)
    steps = options.epoch * len(train) // 100
    for _ in tqdm(range(steps), unit='step'):
        x, t = mg.dataset.concat_examples(next(batches))
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
        optimizer.update()

    x, t = mg.dataset.concat_examples(test)
    with mg.using_config('train', False), mg.no_backprop_mode():
        accuracy = float(F.accuracy(model(x), t).array)
    print(f'loss {float(loss.array):.3f}, {accuracy:.1%} of {len(t)} unseen digits')
    usual = 'about 70 %' if options.test else 'about 93 % after 5 epochs'
    print(f'expected: {usual}')
    return accuracy


if __name__ == '__main__':
    main()
