"""A hyperparameter that falls to zero like a polynomial."""

from __future__ import annotations

import math
from typing import Any

from minigrad.training.extensions._shift import Shift


class PolynomialShift(Shift):
    """Sets an attribute to ``init * (1 - t / max_count) ** rate`` at call t.

    Args:
        attr: Name of the attribute, such as ``'lr'``.
        rate: Exponent.
        max_count: Number of calls after which the value is zero.
        init: First value; that of the optimizer by default.
        target: Value at which the shift stops.
        optimizer: The optimizer; the main one by default.

    Source: compatible with chainer.training.extensions.PolynomialShift.

    Example:
        >>> from types import SimpleNamespace
        >>> optimizer = SimpleNamespace(lr=1.0)
        >>> shift = minigrad.training.extensions.PolynomialShift(
        ...     'lr', 2, 4, optimizer=optimizer)
        >>> shift.initialize(None)
        >>> values = []
        >>> for _ in range(4):
        ...     shift(None)
        ...     values.append(optimizer.lr)
        >>> values
        [0.5625, 0.25, 0.0625, 0.0]
    """

    def __init__(
        self,
        attr: str,
        rate: float,
        max_count: int,
        init: Any = None,
        target: Any = None,
        optimizer: Any = None,
    ) -> None:
        super().__init__(attr, init, optimizer)
        self._rate = rate
        self._max_count = max_count
        self._target = target

    def _value_at_(self, t: int) -> Any:
        if t == 0:
            return self._init
        value = self._init * max(1 - t / self._max_count, 0) ** self._rate
        if self._target is None:
            return value
        # A target of the other sign is never passed.
        ratio = math.inf if value == 0 else self._target / value
        passed = ratio > 1 if self._rate > 0 else ratio < 1
        return self._target if passed else value
