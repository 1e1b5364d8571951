"""A hyperparameter that is multiplied by a constant."""

from __future__ import annotations

from typing import Any

from minigrad.training.extensions._shift import Shift, bounded


class ExponentialShift(Shift):
    """Multiplies an optimizer attribute by ``rate`` at each call.

    The value after t calls is ``init * rate ** t``.

    Args:
        attr: Name of the attribute, such as ``'lr'``.
        rate: Factor per call, not negative.
        init: First value; that of the optimizer by default.
        target: Value at which the shift stops.
        optimizer: The optimizer; the main one by default.

    Source: compatible with chainer.training.extensions.ExponentialShift.

    Example:
        >>> from types import SimpleNamespace
        >>> optimizer = SimpleNamespace(lr=1.0)
        >>> shift = minigrad.training.extensions.ExponentialShift(
        ...     'lr', 0.5, target=0.25, optimizer=optimizer)
        >>> shift.initialize(None)
        >>> values = []
        >>> for _ in range(4):
        ...     shift(None)
        ...     values.append(optimizer.lr)
        >>> values
        [0.5, 0.25, 0.25, 0.25]
    """

    def __init__(
        self,
        attr: str,
        rate: float,
        init: Any = None,
        target: Any = None,
        optimizer: Any = None,
    ) -> None:
        if rate < 0:
            raise ValueError(
                f'ExponentialShift does not support negative rate, got {rate}'
            )
        super().__init__(attr, init, optimizer)
        self._rate = rate
        self._target = target

    def _value_at_(self, t: int) -> Any:
        if t == 0:
            return self._init
        return bounded(self._init * self._rate**t, self._target, self._rate > 1)
