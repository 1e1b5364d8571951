"""Finding a good learning rate: a short training in which the rate grows."""

from __future__ import annotations

import copy
import io
import math
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from minigrad.dataset import concat_examples
from minigrad.dataset.convert import _call_converter
from minigrad.iterators import SerialIterator
from minigrad.link import Link
from minigrad.named_arguments import checks_arguments
from minigrad.optimizer import GradientMethod
from minigrad.training.extensions._figure import new_figure
from minigrad.variable import Variable


@dataclass(frozen=True, repr=False)
class RateCurve:
    """The loss against the rate; in a notebook it shows its plot.

    Attributes:
        name: Name of the rate, ``'lr'`` or ``'alpha'``.
        rates: Rates that were tried.
        losses: The loss at each.
        smooth: Their running means.
        suggestion: A tenth of the rate where the mean is least: beyond that rate the
            training breaks down, and it is longer than this one.
    """

    name: str
    rates: Any
    losses: Any
    smooth: Any
    suggestion: float

    def __repr__(self) -> str:
        return (
            f'<RateCurve {self.name} {self.rates[0]:.1e} to {self.rates[-1]:.1e}, '
            f'suggestion {self.suggestion:.1e}>'
        )

    def figure(self) -> Any:
        """Returns the plot as a figure of matplotlib."""
        figure = new_figure()
        figure.set_size_inches(6, 3.5)
        axes = figure.add_subplot(111)
        axes.plot(self.rates, self.losses, alpha=0.3, color='C0', label='loss')
        axes.plot(self.rates, self.smooth, color='C0', label='running mean')
        axes.axvline(
            self.suggestion, color='C1', label=f'suggestion {self.suggestion:.1e}'
        )
        axes.set_xscale('log')
        axes.set_xlabel(f'learning rate ({self.name})')
        axes.set_ylabel('training loss')
        low, high = float(min(self.smooth)), float(self.smooth[0])
        margin = 0.5 * max(high - low, 1e-3 * max(abs(high), 1e-12))
        axes.set_ylim(low - margin, high + 2 * margin)
        axes.grid(alpha=0.3)
        axes.legend()
        figure.tight_layout()
        return figure

    def plot(self, path: str | os.PathLike[str]) -> Path:
        """Draws the plot into a file, and returns its path."""
        self.figure().savefig(path, dpi=120)
        return Path(path)

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.figure().savefig(file, format='png', dpi=100)
        return file.getvalue()


@checks_arguments
def find_rate(
    model: Link,
    optimizer: GradientMethod,
    data: Any,
    batch_size: int = 32,
    low: float = 1e-6,
    high: float = 1.0,
    steps: int = 100,
    lossfun: Callable[..., Any] | None = None,
    converter: Callable[..., Any] = concat_examples,
) -> RateCurve:
    """Trains a copy of a model with a rate that grows with each step.

    Model, optimizer and random generator are left as they are. It stops early once the
    loss is four times the least, and warns if no rate lowers the loss.

    Args:
        model: A model that returns the loss, such as `Classifier`.
        optimizer: The optimizer, set up or not.
        data: The training set.
        batch_size: Examples per step.
        low: The first rate.
        high: The last rate.
        steps: How many rates to try.
        lossfun: Called with the model and a batch, if the model returns no loss.
        converter: Turns a list of examples into the arguments of the model.

    Returns:
        The curve, with its suggestion and its plot.

    Raises:
        ValueError: The rates are not ``0 < low < high``, there are less than 10 steps, or
            the optimizer has no rate; the dataset is empty; the
            first loss is not finite.
        TypeError: The model returns no loss.

    Source: Smith, "Cyclical learning rates for training neural networks", 2017, 3.3.

    Example:
        >>> train, _ = minigrad.datasets.get_digits()
        >>> model = L.Classifier(L.Linear(784, 10))
        >>> curve = minigrad.training.find_rate(
        ...     model, minigrad.optimizers.SGD(), train, high=100.0)
        >>> 1e-3 < curve.suggestion < 1
        True
    """
    if not 0 < low < high:
        raise ValueError(f'find_rate: expected 0 < low < high, got {low} and {high}')
    if steps < 10:
        raise ValueError(f'find_rate: expected at least 10 steps, got {steps}')
    if not len(data):
        raise ValueError('find_rate: the dataset is empty')
    entries = optimizer.hyperparam.get_dict()
    name = next((one for one in ('alpha', 'lr') if one in entries), None)
    if name is None:
        raise ValueError(
            f'find_rate: {type(optimizer).__name__} has neither lr nor alpha'
        )
    state = numpy.random.get_state()
    try:
        losses, rates = _sweep(
            *copy.deepcopy((model, optimizer)), name, data, batch_size,
            numpy.geomspace(low, high, steps), lossfun, converter,
        )  # fmt: skip
    finally:
        numpy.random.set_state(state)
    if not losses.size:
        raise ValueError(
            'find_rate: the first loss is not finite; look at model and data'
        )
    smooth = _running_mean(losses)
    least = float(rates[smooth.argmin()])
    if 0.1 * least < low:
        warnings.warn(
            f'find_rate: the loss is least at {least:.1e}, where the rates begin, so the '
            'suggestion means nothing: the model is trained already, or low is too high',
            stacklevel=2,
        )
    return RateCurve(name, rates, losses, smooth, 0.1 * least)


def _sweep(
    model: Any,
    optimizer: Any,
    name: str,
    data: Any,
    batch_size: int,
    rates: Any,
    lossfun: Callable[..., Any] | None,
    converter: Callable[..., Any],
) -> tuple[Any, Any]:
    if optimizer.target is not model:  # otherwise it would keep its hooks
        optimizer.setup(model)
    iterator = SerialIterator(data, min(batch_size, len(data)))
    losses: list[float] = []

    def loss_of(*args: Any, **kwargs: Any) -> Any:
        if lossfun is None:
            loss = model(*args, **kwargs)
        else:
            loss = lossfun(model, *args, **kwargs)
        if not isinstance(loss, Variable) or loss.size != 1:
            came = type(loss).__name__
            if isinstance(loss, Variable):
                came = f'shape {loss.shape}'
            raise TypeError(
                f'find_rate: expected the loss, a Variable of one element, got {came}\n'
                '  hint: L.Classifier(model), or lossfun=lambda model, x, t: ...'
            )
        losses.append(float(loss.array))
        return loss

    for rate in rates:
        setattr(optimizer.hyperparam, name, float(rate))
        batch = _call_converter(converter, iterator.next(), model.device)
        if isinstance(batch, dict):
            optimizer.update(loss_of, **batch)
        else:
            optimizer.update(
                loss_of, *(batch if isinstance(batch, tuple) else (batch,))
            )
        least = min(losses)
        if not math.isfinite(losses[-1]) or losses[-1] > 4 * abs(least) > 0:
            break
    good = [loss for loss in losses if math.isfinite(loss)]
    return numpy.array(good), numpy.array(rates[: len(good)])


def _running_mean(losses: Any, share: float = 0.8) -> Any:
    """Returns exponential running means, corrected for the bias towards zero."""
    means, mean = [], 0.0
    for i, loss in enumerate(losses, 1):
        mean = share * mean + (1 - share) * float(loss)
        means.append(mean / (1 - share**i))
    return numpy.array(means)
