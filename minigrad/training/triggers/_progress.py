"""How far the training was when a trigger was last asked."""

from __future__ import annotations

import warnings
from typing import Any

from minigrad.named_arguments import NamedArguments
from minigrad.serializer import AbstractSerializer
from minigrad.training.trainer_protocol import TrainerProtocol


class ProgressTrigger(NamedArguments):
    """Base of the triggers that compare the progress now with that of the last call.

    Sub-classes say in `_passes` whether something lies between the two.

    Args:
        unit: ``'epoch'``, measured in fractions by ``updater.epoch_detail``, or
            ``'iteration'``.
    """

    def __init__(self, unit: str) -> None:
        if unit not in ('epoch', 'iteration'):
            raise ValueError(
                f"{type(self).__name__}: unit must be 'epoch' or 'iteration', got "
                f'{unit!r}'
            )
        self.unit = unit
        self._previous_iteration = 0
        self._previous_epoch_detail = 0.0

    def _passes_(self, previous: Any, current: Any) -> bool:
        raise NotImplementedError

    def may_fire(self, trainer: TrainerProtocol) -> bool:
        """Tells whether a call would return True now, without counting as a call."""
        return self._passes_(*self._interval_(trainer.updater))

    def __call__(self, trainer: TrainerProtocol) -> bool:
        """Tells whether it is time to act.

        Args:
            trainer: The training loop; its updater is asked for the progress.
        """
        fire = self.may_fire(trainer)
        updater = trainer.updater
        self._previous_iteration = updater.iteration
        if hasattr(updater, 'epoch_detail'):
            self._previous_epoch_detail = updater.epoch_detail
        return fire

    def _interval_(self, updater: Any) -> tuple[Any, Any]:
        """Returns the progress at the last call and the progress now."""
        # A negative value: an old snapshot did not hold it, so one step ago is assumed.
        if self.unit == 'epoch':
            previous = self._previous_epoch_detail
            if previous < 0:
                previous = updater.previous_epoch_detail
            return previous, updater.epoch_detail
        previous = self._previous_iteration
        return (updater.iteration - 1 if previous < 0 else previous), updater.iteration

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the progress at the last call."""
        try:
            self._previous_iteration = serializer(
                'previous_iteration', self._previous_iteration
            )
        except KeyError:
            self._warn_('iteration', 'the current iteration')
            self._previous_iteration = -1
        try:
            self._previous_epoch_detail = serializer(
                'previous_epoch_detail', self._previous_epoch_detail
            )
        except KeyError:
            self._warn_('epoch_detail', 'updater.previous_epoch_detail')
            self._previous_epoch_detail = -1.0

    def _warn_(self, name: str, source: str) -> None:
        warnings.warn(
            f'{type(self).__name__}: the snapshot holds no previous {name}, so it is '
            f'guessed from {source}; a trigger that is not called at every iteration '
            'may fire at a wrong time'
        )
