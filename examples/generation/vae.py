"""A variational autoencoder: digits as points of a plane, and back.

python examples/generation/vae.py          # about 20 s; the plane in result/vae.png
python examples/generation/vae.py --test   # a few steps

Kingma and Welling 2014.
"""

import argparse
import os

import numpy as np
from tqdm import tqdm

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L


class VAE(mg.Chain):
    """An encoder to mean and variance of a point, and a decoder from a point."""

    def __init__(self, n_latent=2, n_hidden=200):
        super().__init__()
        with self.init_scope():
            self.enc1 = L.Linear(784, n_hidden)
            self.enc2_mean = L.Linear(n_hidden, n_latent)
            self.enc2_ln_var = L.Linear(n_hidden, n_latent)
            self.dec1 = L.Linear(n_latent, n_hidden)
            self.dec2 = L.Linear(n_hidden, 784)

    def encode(self, x):
        h = F.tanh(self.enc1(x))
        return self.enc2_mean(h), self.enc2_ln_var(h)

    def decode(self, z):
        return self.dec2(F.tanh(self.dec1(z)))

    def forward(self, x):
        """Returns the loss: what is lost on the way, and how far points go."""
        mean, ln_var = self.encode(x)
        y = self.decode(F.gaussian(mean, ln_var))
        lost = F.bernoulli_nll(x, y) / len(x)
        far = F.gaussian_kl_divergence(mean, ln_var) / len(x)
        return lost + far


def draw(model, path, n=12):
    import matplotlib

    matplotlib.use('agg')
    from matplotlib import pyplot

    axis = np.linspace(-2, 2, n, dtype='f')
    points = np.stack(np.meshgrid(axis, axis[::-1]), -1).reshape(-1, 2)
    with mg.using_config('train', False), mg.no_backprop_mode():
        images = F.sigmoid(model.decode(points)).array
    rows = images.reshape(n, n, 28, 28).swapaxes(1, 2).reshape(n * 28, n * 28)
    pyplot.imsave(path, rows, cmap='gray')


def main(argv=None):
    parser = argparse.ArgumentParser(description='Learns digits as points.')
    parser.add_argument('--epoch', type=int, default=30)
    parser.add_argument('--out', default='result')
    parser.add_argument('--test', action='store_true', help='a few seconds')
    options = parser.parse_args(argv)

    np.random.seed(0)
    train, _ = mg.datasets.get_digits(withlabel=False, ndim=1)
    model = VAE()
    optimizer = mg.optimizers.Adam().setup(model)
    batches = mg.iterators.SerialIterator(train, 100)
    n_steps = 20 if options.test else options.epoch * len(train) // 100
    losses = []
    bar = tqdm(range(n_steps), unit='step')
    for _ in bar:
        loss = model(np.stack(next(batches)))
        model.cleargrads()
        loss.backward()
        optimizer.update()
        losses.append(float(loss.array))
        bar.set_postfix_str(f'loss {losses[-1]:.1f}')
    os.makedirs(options.out, exist_ok=True)
    path = os.path.join(options.out, 'vae.png')
    draw(model, path)
    print(f'loss {losses[0]:.1f} -> {losses[-1]:.1f}; the plane of digits in {path}')
    usual = '250 at the end' if options.test else '176 at the end, and digits'
    print(f'expected: {usual}')
    return losses


if __name__ == '__main__':
    main()
