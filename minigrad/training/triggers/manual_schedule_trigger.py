"""At the epochs or iterations of a list."""

from __future__ import annotations

import warnings
from typing import Any

from minigrad.serializer import AbstractSerializer
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._progress import ProgressTrigger


class ManualScheduleTrigger(ProgressTrigger):
    """Fires when the training passes one of the given points.

    Args:
        points: A number or a list of numbers; they may be fractions when ``unit`` is
            'epoch'.
        unit: ``'epoch'`` or ``'iteration'``.

    Attributes:
        finished: Whether the last point has passed; an extension that will not be called
            any more is not initialized when the training is resumed.

    Source: compatible with chainer.training.triggers.ManualScheduleTrigger.

    Example:
        >>> from types import SimpleNamespace
        >>> updater = SimpleNamespace(iteration=0, epoch_detail=0.0)
        >>> trigger = minigrad.training.triggers.ManualScheduleTrigger([1, 3], 'iteration')
        >>> fired = []
        >>> for updater.iteration in range(1, 5):
        ...     fired.append(trigger(SimpleNamespace(updater=updater)))
        >>> fired, trigger.finished
        ([True, False, True, False], True)
    """

    def __init__(self, points: float | list[float], unit: str) -> None:
        super().__init__(unit)
        self.points: list[Any] = (
            list(points) if isinstance(points, (list, tuple)) else [points]
        )
        self.finished = False
        self._finished_is_unknown_ = False

    def _passes_(self, previous: Any, current: Any) -> bool:
        return any(previous < point <= current for point in self.points)

    def __call__(self, trainer: TrainerProtocol) -> bool:
        """Tells whether one of the points was passed since the last call."""
        _, current = self._interval_(trainer.updater)
        fire = super().__call__(trainer)
        if (fire or self._finished_is_unknown_) and current >= max(self.points):
            self.finished = True
        self._finished_is_unknown_ = False
        return fire

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the progress and whether the schedule is finished."""
        super().serialize(serializer)
        try:
            self.finished = serializer('finished', self.finished)
        except KeyError:
            warnings.warn(
                'ManualScheduleTrigger: the snapshot does not tell whether the schedule '
                'is finished; this is found out at the next call'
            )
            self.finished = False
            self._finished_is_unknown_ = True
