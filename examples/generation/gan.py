"""Two networks play against each other: one draws digits, the other judges them.

python examples/generation/gan.py          # about a minute; drawings in result/gan.png
python examples/generation/gan.py --test   # a few steps

Goodfellow et al. 2014; convolutions as in Radford et al. 2015.
"""

import argparse
import os

import numpy as np
from tqdm import tqdm

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L


class Generator(mg.Chain):
    """From noise of 50 numbers to an image of 28 x 28."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l0 = L.Linear(50, 64 * 7 * 7)
            self.bn0 = L.BatchNormalization(64 * 7 * 7)
            self.dc1 = L.Deconvolution2D(64, 32, 4, 2, 1)
            self.bn1 = L.BatchNormalization(32)
            self.dc2 = L.Deconvolution2D(32, 1, 4, 2, 1)

    def forward(self, z):
        h = F.reshape(F.relu(self.bn0(self.l0(z))), (len(z), 64, 7, 7))
        return F.sigmoid(self.dc2(F.relu(self.bn1(self.dc1(h)))))


class Critic(mg.Chain):
    """From an image to one number: large for a digit of the data."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.c1 = L.Convolution2D(1, 32, 4, 2, 1)
            self.c2 = L.Convolution2D(32, 64, 4, 2, 1)
            self.l3 = L.Linear(None, 1)

    def forward(self, x):
        h = F.leaky_relu(self.c1(x))
        return self.l3(F.leaky_relu(self.c2(h)))


def noise(n):
    return np.random.uniform(-1, 1, (n, 50)).astype('f')


def step(x, generator, critic, to_draw, to_judge):
    """Lets each of the two learn once; returns their losses."""
    fake = generator(noise(len(x)))
    y_real, y_fake = critic(x), critic(fake)
    loss_critic = F.mean(F.softplus(-y_real)) + F.mean(F.softplus(y_fake))
    loss_generator = F.mean(F.softplus(-y_fake))
    generator.cleargrads()
    loss_generator.backward()
    to_draw.update()
    fake.unchain_backward()  # the critic's loss is not the generator's business
    critic.cleargrads()
    loss_critic.backward()
    to_judge.update()
    return float(loss_generator.array), float(loss_critic.array)


def draw(generator, path):
    import matplotlib

    matplotlib.use('agg')
    from matplotlib import pyplot

    with mg.using_config('train', False), mg.no_backprop_mode():
        images = generator(noise(32)).array[:, 0]
    rows = np.concatenate(np.concatenate(images.reshape(4, 8, 28, 28), 1), 1)
    pyplot.imsave(path, rows, cmap='gray')


def main(argv=None):
    parser = argparse.ArgumentParser(description='Learns to draw digits.')
    parser.add_argument('--epoch', type=int, default=15)
    parser.add_argument('--out', default='result')
    parser.add_argument('--test', action='store_true', help='a few seconds')
    options = parser.parse_args(argv)

    np.random.seed(0)
    train, _ = mg.datasets.get_digits(withlabel=False, ndim=3)
    generator, critic = Generator(), Critic()
    to_draw = mg.optimizers.Adam(2e-4, beta1=0.5).setup(generator)
    to_judge = mg.optimizers.Adam(2e-4, beta1=0.5).setup(critic)
    batches = mg.iterators.SerialIterator(train, 50)
    n_steps = 5 if options.test else options.epoch * len(train) // 50
    bar = tqdm(range(n_steps), unit='step')
    for _ in bar:
        x = np.stack(next(batches))
        losses = step(x, generator, critic, to_draw, to_judge)
        bar.set_postfix_str(f'generator {losses[0]:.2f}, critic {losses[1]:.2f}')
    os.makedirs(options.out, exist_ok=True)
    path = os.path.join(options.out, 'gan.png')
    draw(generator, path)
    print(f'32 drawings in {path}')
    usual = 'spots' if options.test else 'most of them can be read as digits'
    print(f'expected: {usual}')
    return losses


if __name__ == '__main__':
    main()
