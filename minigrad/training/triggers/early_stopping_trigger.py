"""When a value has stopped improving."""

from __future__ import annotations

import math
import operator
import warnings
from typing import Any

from minigrad.named_arguments import NamedArguments
from minigrad.reporter import DictSummary
from minigrad.serializer import AbstractSerializer
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._get_trigger import get_trigger


class EarlyStoppingTrigger(NamedArguments):
    """Fires when a value has not improved for ``patience`` checks in a row.

    It is meant as the stop trigger of a `Trainer`.

    Args:
        check_trigger: When to compare; the values between two checks are averaged.
        monitor: Name of the observed value.
        patience: Number of checks without improvement to wait for; 3 by default.
        mode: ``'max'``, ``'min'``, or ``'auto'``: the greater the better if the name
            holds 'accuracy', else the smaller.
        verbose: Whether to print how values are compared and when the training stops.
        max_trigger: Upper bound of the training; fires whatever the value.
        patients: Chainer's older name of ``patience``.

    Source: compatible with chainer.training.triggers.EarlyStoppingTrigger.

    Example:
        >>> trigger = minigrad.training.triggers.EarlyStoppingTrigger(
        ...     monitor='validation/main/accuracy', max_trigger=(50, 'epoch'))
        >>> trigger.get_training_length()
        (50, 'epoch')
    """

    def __init__(
        self,
        check_trigger: Any = (1, 'epoch'),
        monitor: str = 'main/loss',
        patience: int | None = None,
        mode: str = 'auto',
        verbose: bool = False,
        max_trigger: Any = (100, 'epoch'),
        *,
        patients: int | None = None,
    ) -> None:
        if patience is not None and patients is not None:
            raise TypeError(
                'EarlyStoppingTrigger: patients is an older name of patience; give one'
            )
        if patience is None:
            patience = 3 if patients is None else patients
        self.patience = patience
        self.count = 0
        self.monitor = monitor
        self.verbose = verbose
        self._max_trigger = get_trigger(max_trigger)
        self._interval_trigger = get_trigger(check_trigger)
        self._summary = DictSummary()

        greater = mode == 'max' or (mode != 'min' and 'accuracy' in monitor)
        self._compare = operator.gt if greater else operator.lt
        self.best: Any = -math.inf if greater else math.inf
        if verbose:
            print(f'early stopping: operator is {"greater" if greater else "less"}')

    def __call__(self, trainer: TrainerProtocol) -> bool:
        """Tells whether the training is to be stopped."""
        observation = trainer.observation
        if self.monitor in observation:
            self._summary.add({self.monitor: observation[self.monitor]})
        if self._max_trigger(trainer):
            return True
        if not self._interval_trigger(trainer):
            return False
        if self.monitor not in observation:
            warnings.warn(
                f'EarlyStoppingTrigger: {self.monitor!r} is not in observation, which '
                f'holds {sorted(observation)}'
            )
            return False

        value = float(self._summary.compute_mean()[self.monitor])
        self._summary = DictSummary()
        if self._compare(value, self.best):
            self.best = value
            self.count = 0
        else:
            self.count += 1
        if self.count < self.patience:
            return False
        if self.verbose:
            print(f'Epoch {trainer.updater.epoch}: early stopping')
        return True

    def get_training_length(self) -> Any:
        """Returns the greatest length of the training, that of ``max_trigger``."""
        return self._max_trigger.get_training_length()

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the best value, the count and the running mean."""
        for name in ('_max_trigger', '_interval_trigger'):
            trigger = getattr(self, name)
            if hasattr(trigger, 'serialize'):
                trigger.serialize(serializer[name])
        self._summary.serialize(serializer['_summary'])
        self.best = serializer('best', self.best)
        self.count = serializer('count', self.count)
