"""A hyperparameter that is multiplied every so many calls."""

from __future__ import annotations

import math
from typing import Any

from minigrad.training.extensions._shift import Shift, bounded


class StepShift(Shift):
    """Sets an optimizer attribute to ``init * gamma ** floor(t / step)`` at call t.

    Args:
        attr: Name of the attribute, such as ``'lr'``.
        gamma: Factor per step.
        step: Number of calls that one step lasts.
        init: First value; that of the optimizer by default.
        target: Value at which the shift stops.
        optimizer: The optimizer; the main one by default.

    Source: compatible with chainer.training.extensions.StepShift.

    Example:
        >>> from types import SimpleNamespace
        >>> optimizer = SimpleNamespace(lr=1.0)
        >>> shift = minigrad.training.extensions.StepShift(
        ...     'lr', 0.5, 2, optimizer=optimizer)
        >>> shift.initialize(None)
        >>> values = []
        >>> for _ in range(4):
        ...     shift(None)
        ...     values.append(optimizer.lr)
        >>> values
        [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self,
        attr: str,
        gamma: float,
        step: int,
        init: Any = None,
        target: Any = None,
        optimizer: Any = None,
    ) -> None:
        super().__init__(attr, init, optimizer)
        self._gamma = gamma
        self._step = step
        self._target = target

    def _value_at_(self, t: int) -> Any:
        if t == 0:
            return self._init
        value = self._init * self._gamma ** math.floor(t / self._step)
        return bounded(value, self._target, self._gamma > 1)
