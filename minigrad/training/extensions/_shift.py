"""The base class of the extensions that change a hyperparameter over time."""

from __future__ import annotations

import contextlib
from typing import Any

from minigrad.serializer import AbstractSerializer
from minigrad.training.extension import Extension
from minigrad.training.trainer_protocol import TrainerProtocol


class Shift(Extension):
    """Base of the extensions that set an optimizer attribute as a function of time.

    Time is the number of calls. Hyperparameters are not part of a snapshot; the value
    is set again when a training is resumed.

    Args:
        attr: Name of the attribute, such as ``'lr'``.
        init: Value before the first call; None takes what the optimizer has.
        optimizer: The optimizer; the main one of the updater when None.
    """

    def __init__(self, attr: str, init: Any = None, optimizer: Any = None) -> None:
        self._attr = attr
        self._init = init
        self._optimizer = optimizer
        self._t = 0
        self._last_value: Any = None

    def _value_at_(self, t: int) -> Any:
        """Returns the value after ``t`` calls."""
        raise NotImplementedError

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Sets the first value, or the last one when the training is resumed."""
        optimizer = self._get_optimizer(trainer)
        if self._init is None:
            self._init = getattr(optimizer, self._attr)
        resumed = self._last_value is not None
        self._set_(optimizer, self._last_value if resumed else self._value_at_(0))

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Sets the next value."""
        self._t += 1
        self._set_(self._get_optimizer(trainer), self._value_at_(self._t))

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the number of calls, the first and the last value."""
        self._t = serializer('_t', self._t)
        with contextlib.suppress(KeyError):  # Chainer does not save it
            first = serializer('_init', self._init)
            if self._init is None:
                self._init = _plain(first)
        try:
            self._last_value = _plain(serializer('_last_value', self._last_value))
        except KeyError:  # Chainer does not save it for all of them
            if self._init is not None:
                self._last_value = self._value_at_(self._t)

    def _get_optimizer(self, trainer: TrainerProtocol) -> Any:
        if self._optimizer is not None:
            return self._optimizer
        return trainer.updater.get_optimizer('main')

    def _set_(self, optimizer: Any, value: Any) -> None:
        setattr(optimizer, self._attr, value)
        self._last_value = value


def _plain(value: Any) -> Any:
    """Returns a number that does not turn float32 parameters into float64."""
    return value.item() if hasattr(value, 'item') else value


def bounded(value: Any, target: Any, growing: bool) -> Any:
    """Returns ``value``, or ``target`` once it was passed; both may be negative."""
    if target is None:
        return value
    # value / target > 1, without a division that could be by zero
    excess = value * target - target * target
    return target if (excess > 0 if growing else excess < 0) else value
