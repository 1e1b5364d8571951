"""Making a trigger from a specifier such as ``(1, 'epoch')``."""

from __future__ import annotations

from typing import Any

from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers.interval_trigger import IntervalTrigger


def get_trigger(trigger: Any) -> Any:
    """Returns the trigger that a specifier means.

    A trigger is called with the trainer after every update and tells whether it is time
    to act.

    Args:
        trigger: A callable, which is the trigger itself; a pair such as ``(1, 'epoch')``
            or ``(100, 'iteration')`` for an `IntervalTrigger`; or None for one that
            never fires.

    Returns:
        A callable that takes a trainer and returns a bool.

    Raises:
        TypeError: ``trigger`` is none of these.

    Source: compatible with chainer.training.get_trigger.

    Example:
        >>> print(minigrad.training.get_trigger((0.5, 'epoch')))
        IntervalTrigger(0.5, 'epoch')
    """
    if callable(trigger):
        return trigger
    if trigger is None:
        return _never_fire_trigger
    try:
        period, unit = trigger
    except (TypeError, ValueError):
        raise TypeError(
            "get_trigger: expected a callable, None or a pair such as (1, 'epoch'), "
            f'got {trigger!r}'
        ) from None
    return IntervalTrigger(period, unit)


def _never_fire_trigger(trainer: TrainerProtocol) -> bool:
    return False
