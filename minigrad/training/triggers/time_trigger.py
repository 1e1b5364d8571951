"""Every so many seconds."""

from __future__ import annotations

from minigrad.named_arguments import NamedArguments
from minigrad.serializer import AbstractSerializer
from minigrad.training.trainer_protocol import TrainerProtocol


class TimeTrigger(NamedArguments):
    """Fires each time another ``period`` seconds of training have passed.

    Args:
        period: Interval in seconds.

    Source: compatible with chainer.training.triggers.TimeTrigger.

    Example:
        >>> from types import SimpleNamespace
        >>> trigger = minigrad.training.triggers.TimeTrigger(10)
        >>> [trigger(SimpleNamespace(elapsed_time=t)) for t in (9, 11, 12, 21)]
        [False, True, False, True]
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._next_time = period

    def __call__(self, trainer: TrainerProtocol) -> bool:
        """Tells whether the next point in time has passed."""
        if self._next_time < trainer.elapsed_time:
            self._next_time += self._period
            return True
        return False

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the next point in time."""
        self._next_time = serializer('next_time', float(self._next_time))
