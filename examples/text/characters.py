"""The text that the examples learn: this folder's own programs, letter by letter."""

from pathlib import Path

import numpy as np


class Characters:
    """A text as numbers, and back."""

    def __init__(self, text):
        self.letters = sorted(set(text))
        number = {letter: i for i, letter in enumerate(self.letters)}
        self.numbers = np.array([number[letter] for letter in text], 'i')

    def batch(self, n, length):
        """Returns ``n`` pieces of the text, and each one letter further on."""
        starts = np.random.randint(0, len(self.numbers) - length, n)
        places = starts[:, None] + np.arange(length)
        return self.numbers[places], self.numbers[places + 1]

    def text(self, numbers):
        return ''.join([self.letters[i] for i in numbers])


def load():
    """Returns the text of the examples, which are Python."""
    folder = Path(__file__).parents[1]
    return Characters(
        '\n'.join([path.read_text('utf-8') for path in sorted(folder.rglob('*.py'))])
    )


def sample(p):
    """Draws a number by its probability."""
    p = np.asarray(p, 'd')
    return int(np.random.choice(len(p), p=p / p.sum()))
