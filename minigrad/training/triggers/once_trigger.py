"""Once, at the start."""

from __future__ import annotations

import warnings

from minigrad.named_arguments import NamedArguments
from minigrad.serializer import AbstractSerializer
from minigrad.training.trainer_protocol import TrainerProtocol


class OnceTrigger(NamedArguments):
    """Fires at its first call only.

    Args:
        call_on_resume: Whether it fires once more after a snapshot was loaded.

    Attributes:
        finished: Whether it will never fire again.

    Source: compatible with chainer.training.triggers.OnceTrigger.

    Example:
        >>> trigger = minigrad.training.triggers.OnceTrigger()
        >>> trigger(None), trigger(None)
        (True, False)
    """

    def __init__(self, call_on_resume: bool = False) -> None:
        self._flag_first = True
        self._flag_resumed = call_on_resume

    @property
    def finished(self) -> bool:
        return not (self._flag_first or self._flag_resumed)

    def __call__(self, trainer: TrainerProtocol) -> bool:
        """Tells whether this is the first call."""
        fire = not self.finished
        self._flag_first = False
        self._flag_resumed = False
        return fire

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads whether the first call is still to come."""
        try:
            self._flag_first = serializer('_flag_first', self._flag_first)
        except KeyError:
            warnings.warn(
                'OnceTrigger: the snapshot does not tell whether it has fired; it is '
                'taken to have'
            )
            self._flag_first = False
