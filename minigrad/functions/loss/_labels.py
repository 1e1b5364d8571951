"""Checks of class labels."""

from __future__ import annotations

from typing import Any

from minigrad.backend import may_look_at
from minigrad.types import Array


def check_labels(
    function: str, t: Array, n_classes: int, ignore_label: int | None
) -> None:
    """Raises unless every label in ``t`` is a class or the ignored one.

    Where `may_look_at` allows it.

    Raises:
        ValueError: The message names the first such label, its place and the number
            of classes.
    """
    if t.size == 0 or not may_look_at(t):
        return
    if t.min() >= 0 and t.max() < n_classes:
        return
    bad = (t < 0) | (t >= n_classes)
    if ignore_label is not None:
        bad &= t != ignore_label
    if not bad.any():
        return
    place = tuple([int(i[0]) for i in bad.nonzero()])
    label = int(t[place])
    where = ', '.join(map(str, place))
    also = '' if ignore_label is None else f', or ignore_label={ignore_label}'
    raise ValueError(
        f'{function}: expected labels 0 <= t < {n_classes} (the number of '
        f'classes){also}, got t[{where}] == {label}'
    )


def check_reduce(function: str, reduce: Any, *choices: str) -> None:
    """Raises ValueError unless ``reduce`` is one of the choices."""
    if reduce not in choices:
        names = ' or '.join(map(repr, choices))
        raise ValueError(f'{function}: expected reduce={names}, got {reduce!r}')
