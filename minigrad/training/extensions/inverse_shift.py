"""A hyperparameter that decays like a power of time."""

from __future__ import annotations

from typing import Any

from minigrad.training.extensions._shift import Shift, bounded


class InverseShift(Shift):
    """Sets an optimizer attribute to ``init * (1 + gamma * t) ** -power`` at call t.

    Args:
        attr: Name of the attribute, such as ``'lr'``.
        gamma: Speed of the decay, not negative.
        power: Exponent of the decay.
        init: First value; that of the optimizer by default.
        target: Value at which the shift stops.
        optimizer: The optimizer; the main one by default.

    Source: the 'inv' policy of Caffe; compatible with
    chainer.training.extensions.InverseShift.

    Example:
        >>> from types import SimpleNamespace
        >>> optimizer = SimpleNamespace(lr=1.0)
        >>> shift = minigrad.training.extensions.InverseShift(
        ...     'lr', 1.0, 2.0, optimizer=optimizer)
        >>> shift.initialize(None)
        >>> shift(None)
        >>> optimizer.lr
        0.25
    """

    def __init__(
        self,
        attr: str,
        gamma: float,
        power: float,
        init: Any = None,
        target: Any = None,
        optimizer: Any = None,
    ) -> None:
        if gamma < 0:
            raise ValueError(
                f'InverseShift does not support negative gamma, got {gamma}'
            )
        super().__init__(attr, init, optimizer)
        self._gamma = gamma
        self._power = power
        self._target = target

    def _value_at_(self, t: int) -> Any:
        if t == 0:
            return self._init
        value = self._init * (1 + self._gamma * t) ** (-self._power)
        return bounded(value, self._target, self._power < 0)
