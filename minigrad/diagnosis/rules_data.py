"""What can be wrong with the data."""

from __future__ import annotations

import math
from statistics import fmean

import numpy

from minigrad.diagnosis.finding import Finding
from minigrad.diagnosis.rules import History, Rule, named
from minigrad.diagnosis.step import Step


class Layout(Rule):
    """Images whose last axis looks like colours, in front of a convolution."""

    def __init__(self, first_is_convolution: bool) -> None:
        self._applies = first_is_convolution

    def step(self, step: Step, history: History) -> Finding | None:
        if not self._applies or step.inputs is None or len(step.inputs.shape) != 4:
            return None
        if step.inputs.interleaved:
            return named(
                'layout',
                f'inputs of shape {step.inputs.shape}: along a row, values resemble the '
                'third next more than the next, as the colours of channels-last images '
                'do that were reshaped',
                'x.transpose(0, 3, 1, 2) in place of x.reshape',
                '',
                step,
            )
        _, channels, height, width = step.inputs.shape
        # (N, 32, 32, 3): a true batch of 32 channels that are 32 high and 3 wide is rare
        if width in (1, 3, 4) and channels == height and height > 4:
            return named(
                'layout',
                f'the inputs have shape {step.inputs.shape}; a network that is channels '
                f'first takes that for {channels} channels of {height}x{width} pixels',
                'x = x.transpose(0, 3, 1, 2), before the model',
                '',
                step,
            )
        return None


class Scale(Rule):
    """Inputs that are large, far from zero, or of unequal scales."""

    def step(self, step: Step, history: History) -> Finding | None:
        x = step.inputs
        if x is None or not math.isfinite(x.mean):
            return None
        seen = f'mean {x.mean:.3g}, deviation {x.deviation:.3g}, {x.low:.3g} to {x.high:.3g}'
        if math.hypot(x.mean, x.deviation) > 10.0:
            pixels = x.low >= 0.0 and 100.0 < x.high <= 255.0
            return named(
                'unscaled inputs',
                f'inputs: {seen}',
                'divide the pixels by 255'
                if pixels
                else 'subtract the mean of the training set and divide by its deviation',
                '',
                step,
            )
        if x.deviation > 0 and abs(x.mean) > 5.0 * x.deviation and abs(x.mean) > 0.5:
            seen = f'inputs: {seen}: far from zero for how little they differ'
        elif x.spread > 1000.0:
            seen = (
                f'the largest deviation of a feature is {x.spread:.3g} times the least'
            )
        else:
            return None
        return named(
            'unstandardised inputs',
            seen,
            'subtract the mean of the training set and divide by its deviation, for each '
            'feature (or channel)',
            '',
            step,
        )


class Labels(Rule):
    """Labels that are all the same, or the same within each batch."""

    def __init__(self) -> None:
        self._batches: list[set[int]] = []
        self._n = 0

    def step(self, step: Step, history: History) -> Finding | None:
        if step.labels is None or len(step.labels) < 4 or step.n_classes < 2:
            return None
        self._batches.append({int(label) for label in numpy.unique(step.labels)})
        self._n += len(step.labels)
        if len(self._batches) < 5 or self._n < 50:
            return None
        if any(len(batch) > 1 for batch in self._batches):
            return None
        values = set().union(*self._batches)
        if len(values) == 1:
            if step.number < 100:  # it may be a long run of one class
                return None
            return named(
                'constant labels',
                f'all {self._n} labels of {len(self._batches)} batches are '
                f'{values.pop()}',
                'look at how the labels are made or read',
                '',
                step,
            )
        return named(
            'unshuffled data',
            f'each of {len(self._batches)} batches holds one class only (classes '
            f'{", ".join(map(str, sorted(values)))})',
            'shuffle the training set: shuffle=True of the iterator',
            '',
            step,
        )


class ShuffledLabels(Rule):
    """Labels that neighbours do not share, while the training gets nowhere."""

    def step(self, step: Step, history: History) -> Finding | None:
        guessing = history.guessing
        if guessing is None or step.number < 150 or history.n_examples < 300:
            return None
        recent = history.recent(200)
        if len(recent) < 3 or not fmean(recent) > 0.8 * guessing:
            return None
        agree, chance, n = neighbours(history)
        if agree > chance + 3.0 * math.sqrt(chance * (1.0 - chance) / n):
            return None
        return named(
            'shuffled labels',
            f'{agree:.1%} of {n} examples have the label of their nearest neighbour, '
            f'where chance gives {chance:.1%}, and the loss is {fmean(recent):.3f} (that '
            f'of guessing is {guessing:.3f})',
            'look at a few inputs with their labels; shuffle both by the same '
            'permutation, or use TupleDataset(x, t)',
            '',
            step,
        )


def neighbours(history: History) -> tuple[float, float, int]:
    """Returns how often nearest neighbours agree, by chance too, and of how many."""
    x = numpy.concatenate([one for one, _ in history.examples]).astype(numpy.float64)
    t = numpy.concatenate([labels for _, labels in history.examples])
    # The same example, seen twice, is no neighbour.
    _, first = numpy.unique(x, axis=0, return_index=True)
    x, t = x[first], t[first]
    squares = (x * x).sum(axis=1)
    distances = squares[:, None] + squares - 2.0 * x @ x.T
    numpy.fill_diagonal(distances, math.inf)
    agree = float((t[distances.argmin(axis=1)] == t).mean())
    _, counts = numpy.unique(t, return_counts=True)
    chance = float(((counts / len(t)) ** 2).sum())
    return agree, chance, len(t)


class Probabilities(Rule):
    """Scores that are probabilities before softmax cross entropy."""

    def __init__(self) -> None:
        self._times = 0

    def step(self, step: Step, history: History) -> Finding | None:
        self._times = self._times + 1 if step.probabilities else 0
        if self._times < 2:
            return None
        return named(
            'softmax twice',
            'softmax_cross_entropy is given scores that are all above 0 and sum to 1 in '
            'each row',
            'return the scores themselves from the model; softmax_cross_entropy applies '
            'softmax (F.softmax is for predictions)',
            '',
            step,
        )
