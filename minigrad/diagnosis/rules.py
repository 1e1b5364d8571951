"""The base of the rules, and what they remember of the steps before."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy

from minigrad.diagnosis.finding import Finding
from minigrad.diagnosis.step import Row, Step


class History:
    """What was measured so far.

    Attributes:
        steps: The last steps.
        losses: Pairs of the count of updates and the loss.
        rows: Epochs, or the times between two evaluations.
        examples: Samples of features and the labels, a pair for each step.
        counts: How often each label was seen.
        n_classes: Number of classes.
    """

    def __init__(self) -> None:
        self.steps: deque[Step] = deque(maxlen=40)
        self.losses: list[tuple[int, float]] = []
        self.rows: list[Row] = []
        self.examples: list[tuple[Any, Any]] = []
        self.n_examples = 0
        self.counts: Any = numpy.zeros(0, int)
        self.n_classes = 0

    def add(self, step: Step) -> None:
        """Adds a step."""
        self.steps.append(step)
        if step.labels is None:
            return
        self.n_classes = max(self.n_classes, step.n_classes)
        labels = step.labels[(step.labels >= 0) & (step.labels < step.n_classes)]
        counts = numpy.bincount(labels, minlength=self.n_classes)
        counts[: len(self.counts)] += self.counts
        self.counts = counts
        examples = step.examples
        fits = examples is not None and len(examples) == len(step.labels)
        if fits and self.n_examples < 600:
            self.examples.append((examples, step.labels))
            self.n_examples += len(step.labels)

    def loss(self, number: int, value: float) -> None:
        """Adds a loss."""
        self.losses.append((number, value))
        if len(self.losses) > 2000:  # the first and the last are looked at
            del self.losses[100:1000]

    @property
    def guessing(self) -> float | None:
        """The loss of who knows how frequent each class is, and nothing else."""
        n = self.counts.sum()
        if n < 50 or (self.counts > 0).sum() < 2:
            return None
        shares = self.counts[self.counts > 0] / n
        return float(-(shares * numpy.log(shares)).sum())

    def recent(self, length: int) -> list[float]:
        """Returns the losses of the last ``length`` updates."""
        if not self.losses:
            return []
        last = self.losses[-1][0]
        recent = []
        for number, value in reversed(self.losses):
            if number <= last - length:
                break
            recent.append(value)
        return recent


class Rule:
    """Looks for one thing; each method may return what it has found."""

    def step(self, step: Step, history: History) -> Finding | None:
        """Called after each measured step."""
        return None

    def row(self, row: Row, history: History) -> Finding | None:
        """Called after each epoch."""
        return None


def named(name: str, evidence: str, fix: str, link: str, step: Step) -> Finding:
    """Returns a finding of a step."""
    return Finding(name, evidence, fix, link, step.number)


def finite(values: list[float]) -> Iterator[float]:
    """Yields those that are numbers."""
    return (value for value in values if math.isfinite(value))
