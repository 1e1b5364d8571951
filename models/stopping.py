"""When to stop, save and log: triggers of the training program."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

from minigrad.training import get_trigger


class AnyTrigger:
    """Fires when any of its triggers does.

    Args:
        triggers: Triggers, such as ``(1, 'epoch')``. Each is asked every time, because
            a trigger may keep count.

    Example:
        >>> from types import SimpleNamespace
        >>> from models.stopping import AnyTrigger
        >>> trigger = AnyTrigger((2, 'iteration'), (3, 'iteration'))
        >>> updater = SimpleNamespace(iteration=0)
        >>> fired = []
        >>> for updater.iteration in range(1, 7):
        ...     fired.append(trigger(SimpleNamespace(updater=updater)))
        >>> fired
        [False, True, True, True, False, True]
    """

    def __init__(self, *triggers: Any) -> None:
        self.triggers = [get_trigger(trigger) for trigger in triggers]

    def __call__(self, trainer: Any) -> bool:
        """Asks all triggers."""
        fired = [trigger(trainer) for trigger in self.triggers]
        return any(fired)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the triggers."""
        for i, trigger in enumerate(self.triggers):
            if hasattr(trigger, 'serialize'):
                trigger.serialize(serializer[str(i)])


class UntilInterrupted:
    """A stop trigger that lets Ctrl-C end the training between two steps.

    Used as a context, it takes the first Ctrl-C as a wish to stop after the running
    step, so that what is saved then is whole. The second one interrupts at once.

    Args:
        trigger: When the training ends by itself.
    """

    def __init__(self, trigger: Any) -> None:
        self._trigger = get_trigger(trigger)
        self._previous: Any = None
        self.interrupted = False

    def __call__(self, trainer: Any) -> bool:
        """Tells whether the training is over, or was interrupted."""
        return bool(self._trigger(trainer)) or self.interrupted

    def get_training_length(self) -> tuple[float, str]:
        """Returns when the training ends by itself."""
        length: tuple[float, str] = self._trigger.get_training_length()
        return length

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the trigger."""
        if hasattr(self._trigger, 'serialize'):
            self._trigger.serialize(serializer)

    def __enter__(self) -> UntilInterrupted:
        try:
            self._previous = signal.signal(signal.SIGINT, self._interrupt)
        except ValueError:  # only the main thread hears of Ctrl-C
            self._previous = None
        return self

    def __exit__(self, *args: Any) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True
        sys.stderr.write(
            '\nStopping after this step, then saving; Ctrl-C again stops at once.\n'
        )
