"""An LSTM learns to write programs, letter by letter.

python examples/text/char_lstm.py          # about a minute; then it writes
python examples/text/char_lstm.py --test   # a few steps

Hochreiter and Schmidhuber 1997.
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
    """Letters in, scores of the next letter out; the LSTM keeps what was read."""

    def __init__(self, n_letters, n_units=128):
        super().__init__()
        with self.init_scope():
            self.embed = L.EmbedID(n_letters, n_units)
            self.lstm = L.LSTM(n_units, n_units)
            self.out = L.Linear(n_units, n_letters)

    def forward(self, letters):
        return self.out(self.lstm(self.embed(letters)))


def write(model, text, first, n):
    """Lets the model go on by itself for ``n`` letters."""
    model.lstm.reset_state()
    letter, written = first, []
    with mg.using_config('train', False), mg.no_backprop_mode():
        for _ in range(n):
            y = F.softmax(model(np.array([letter], 'i')))
            letter = characters.sample(y.array[0])
            written.append(letter)
    return text.text(written)


def main(argv=None):
    parser = argparse.ArgumentParser(description='Learns to write, letter by letter.')
    parser.add_argument('--steps', type=int, default=400)
    parser.add_argument('--test', action='store_true', help='a few seconds')
    options = parser.parse_args(argv)

    np.random.seed(0)
    text = characters.load()
    model = Writer(len(text.letters), 32 if options.test else 128)
    optimizer = mg.optimizers.Adam(0.003).setup(model)
    optimizer.add_hook(mg.optimizer_hooks.GradientClipping(5))
    length = 10 if options.test else 35
    losses = []
    bar = tqdm(range(10 if options.test else options.steps), unit='step')
    for _ in bar:
        x, t = text.batch(32, length)
        model.lstm.reset_state()
        loss = 0
        for i in range(length):
            loss += F.softmax_cross_entropy(model(x[:, i]), t[:, i])
        model.cleargrads()
        loss.backward()
        optimizer.update()
        losses.append(float(loss.array) / length)
        bar.set_postfix_str(f'loss {losses[-1]:.2f}')
    print(write(model, text, text.numbers[0], 50 if options.test else 400))
    usual = '4.2, letters' if options.test else '1.1, what looks like a program'
    print(f'loss {losses[-1]:.2f}; expected: {usual}')
    return losses


if __name__ == '__main__':
    main()
