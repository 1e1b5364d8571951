"""Every so many epochs or iterations."""

from __future__ import annotations

from typing import Any

from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._progress import ProgressTrigger


class IntervalTrigger(ProgressTrigger):
    """Fires each time the training passes a multiple of a period.

    Args:
        period: Length of the interval. It may be a fraction when ``unit`` is 'epoch'.
        unit: ``'epoch'`` or ``'iteration'``.

    Raises:
        ValueError: ``unit`` is something else, or ``period`` is not positive.

    Source: compatible with chainer.training.triggers.IntervalTrigger.

    Example:
        >>> from types import SimpleNamespace
        >>> updater = SimpleNamespace(iteration=0, epoch_detail=0.0)
        >>> trigger = minigrad.training.triggers.IntervalTrigger(2, 'iteration')
        >>> fired = []
        >>> for updater.iteration in range(1, 6):
        ...     fired.append(trigger(SimpleNamespace(updater=updater)))
        >>> fired
        [False, True, False, True, False]
    """

    def __init__(self, period: float, unit: str) -> None:
        super().__init__(unit)
        if not period > 0:
            raise ValueError(
                f'IntervalTrigger: period must be positive, got {period!r}'
            )
        self.period = period
        self.count: Any = 0  # how many epoch periods have passed

    def _passes_(self, previous: Any, current: Any) -> bool:
        return bool(previous // self.period != current // self.period)

    def __call__(self, trainer: TrainerProtocol) -> bool:
        """Tells whether a multiple of the period was passed since the last call."""
        if self.unit == 'epoch':
            self.count = trainer.updater.epoch_detail // self.period
        return super().__call__(trainer)

    def get_training_length(self) -> tuple[float, str]:
        """Returns ``(period, unit)``: how long a training stopped by this one lasts."""
        return self.period, self.unit

    def __str__(self) -> str:
        return f'{type(self).__name__}({self.period}, {self.unit!r})'
