"""What an experiment is: a setting, published figures, and how to reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg


class Row(NamedTuple):
    """A line of the table: what was measured, by them and by us."""

    what: str
    theirs: str
    ours: str
    reached: bool


class Experiment(NamedTuple):
    """A published experiment."""

    id: str
    setting: str
    run: Callable[[Run], Iterable[Row]]
    long: bool = False  # takes an hour or more on two cores; not part of --quick
    search: Search | None = None  # for what the report leaves open


class Trial(NamedTuple):
    """Settings that were tried on held-out training images, and what they came to."""

    settings: dict[str, Any]
    score: float  # the more the better
    figures: dict[str, Any]


class Search(NamedTuple):
    """What may be chosen, and how one choice is tried: with a name for its files."""

    candidates: Sequence[dict[str, Any]]
    try_out: Callable[[Run, str, dict[str, Any]], Trial]


class Run(NamedTuple):
    """How the experiments of one call are run."""

    load: Callable[[str], Any]  # dataset by name: 'mnist' or 'cifar10'
    out: Path
    seed: int = 0
    quick: bool = False
    device: Any = '@numpy'
    limit: int | None = None  # iterations after which each training ends

    @property
    def on_gpu(self) -> bool:
        """Whether the device is no CPU."""
        return mg.get_device(self.device).xp is not np

    def start(self, offset: int = 0) -> None:
        """Seeds everything with ``seed + offset``; called before each model is made."""
        np.random.seed(self.seed + offset)
        if self.on_gpu:
            mg.get_device(self.device).xp.random.seed(self.seed + offset)


def accuracy_row(what: str, theirs: float, ours: float, digits: int = 4) -> Row:
    """Returns the row of an accuracy, which is to be at least the published one.

    ``digits`` is how precisely that is known: "about .97" has two.
    """
    return Row(what, f'{theirs:g}', f'{ours:.4f}', round(ours, digits) >= theirs)


def values_row(what: str, theirs: Any, ours: Any, digits: int = 8) -> Row:
    """Returns the row of numbers that are to agree in all published digits."""
    ours = np.round(ours, digits)
    agree = ours.shape == np.shape(theirs) and np.allclose(
        ours, theirs, rtol=0, atol=1.01 * 10.0**-digits
    )
    return Row(what, _show(theirs), _show(ours), bool(agree))


def _show(values: Any) -> str:
    numbers = [f'{value:.10g}' for value in np.ravel(np.round(values, 10))]
    if len(numbers) > 9:
        numbers = [*numbers[:4], '...']
    return ' '.join(numbers)
