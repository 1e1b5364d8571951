"""A hyperparameter that moves on a straight line."""

from __future__ import annotations

from typing import Any

from minigrad.training.extensions._shift import Shift


class LinearShift(Shift):
    """Moves an optimizer attribute from one value to another at constant speed.

    Args:
        attr: Name of the attribute, such as ``'momentum'``.
        value_range: First and last value.
        time_range: Numbers of calls at which the move begins and ends.
        optimizer: The optimizer; the main one by default.

    Source: compatible with chainer.training.extensions.LinearShift.

    Example:
        >>> from types import SimpleNamespace
        >>> optimizer = SimpleNamespace(lr=1.0)
        >>> shift = minigrad.training.extensions.LinearShift(
        ...     'lr', (2.0, 6.0), (1, 3), optimizer)
        >>> values = []
        >>> for _ in range(5):
        ...     shift(None)
        ...     values.append(optimizer.lr)
        >>> values
        [2.0, 4.0, 6.0, 6.0, 6.0]
    """

    def __init__(
        self,
        attr: str,
        value_range: tuple[float, float],
        time_range: tuple[float, float],
        optimizer: Any = None,
    ) -> None:
        super().__init__(attr, value_range[0], optimizer)
        self._value_range = value_range
        self._time_range = time_range

    def _value_at_(self, t: int) -> Any:
        (t1, t2), (v1, v2) = self._time_range, self._value_range
        if t <= t1:
            return v1
        if t >= t2:
            return v2
        return v1 + (t - t1) / (t2 - t1) * (v2 - v1)
