"""A transformer learns to write programs, letter by letter.

python examples/text/char_transformer.py          # about a minute; then it writes
python examples/text/char_transformer.py --test   # a few steps

Vaswani et al. 2017, the decoder alone.
"""

import argparse
import os
import sys

import numpy as np
from tqdm import tqdm

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import characters


class Writer(mg.Chain):
    """Each place looks at those before it, in several layers."""

    def __init__(self, n_letters, length, n_units=64, n_layers=2):
        super().__init__()
        self.length = length
        with self.init_scope():
            self.embed = L.EmbedID(n_letters, n_units)
            self.place = L.EmbedID(length, n_units)
            self.layers = mg.ChainList(
                *[
                    L.TransformerEncoderLayer(n_units, 4, 4 * n_units, 0.0)
                    for _ in range(n_layers)
                ]
            )
            self.out = L.Linear(n_units, n_letters)

    def forward(self, letters):
        places = np.broadcast_to(np.arange(letters.shape[1], dtype='i'), letters.shape)
        h = self.embed(letters) + self.place(places)
        for layer in self.layers:
            h = layer(h, causal=True)
        return self.out(h, n_batch_axes=2)


def write(model, text, first, n):
    """Lets the model go on by itself for ``n`` letters."""
    written = [first]
    with mg.using_config('train', False), mg.no_backprop_mode():
        for _ in range(n):
            seen = np.array([written[-model.length :]], 'i')
            written.append(characters.sample(F.softmax(model(seen)[0, -1:]).array[0]))
    return text.text(written)


def main(argv=None):
    parser = argparse.ArgumentParser(description='Learns to write, letter by letter.')
    parser.add_argument('--steps', type=int, default=500)
    parser.add_argument('--test', action='store_true', help='a few seconds')
    options = parser.parse_args(argv)

    np.random.seed(0)
    text = characters.load()
    length = 12 if options.test else 48
    model = Writer(len(text.letters), length, 32 if options.test else 64)
    optimizer = mg.optimizers.Adam(0.002).setup(model)
    losses = []
    bar = tqdm(range(10 if options.test else options.steps), unit='step')
    for _ in bar:
        x, t = text.batch(32, length)
        y = model(x)
        loss = F.softmax_cross_entropy(F.reshape(y, (-1, y.shape[-1])), t.ravel())
        model.cleargrads()
        loss.backward()
        optimizer.update()
        losses.append(float(loss.array))
        bar.set_postfix_str(f'loss {losses[-1]:.2f}')
    print(write(model, text, text.numbers[0], 50 if options.test else 400))
    usual = '3.9, letters' if options.test else '1.3, what looks like a program'
    print(f'loss {losses[-1]:.2f}; expected: {usual}')
    return losses


if __name__ == '__main__':
    main()
