"""When an observed value is better than ever before."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.named_arguments import NamedArguments
from minigrad.reporter import DictSummary
from minigrad.serializer import AbstractSerializer
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._get_trigger import get_trigger


class BestValueTrigger(NamedArguments):
    """Fires when the mean of a value over an interval is the best so far.

    A mean that is NaN is never the best.

    Args:
        key: Name of the observed value.
        compare: ``compare(best, new)`` tells whether the new value is better.
        trigger: When to compare; the values between two comparisons are averaged.

    Source: compatible with chainer.training.triggers.BestValueTrigger.

    Example:
        >>> import operator
        >>> triggers = minigrad.training.triggers
        >>> trigger = triggers.BestValueTrigger('accuracy', operator.lt, (1, 'epoch'))
    """

    def __init__(
        self,
        key: str,
        compare: Callable[[float, float], bool],
        trigger: Any = (1, 'epoch'),
    ) -> None:
        self._key = key
        self._compare = compare
        self._interval_trigger = get_trigger(trigger)
        self._summary = DictSummary()
        self._best_value: float | None = None

    def __call__(self, trainer: TrainerProtocol) -> bool:
        """Tells whether the interval has ended with a better value than any before.

        Raises:
            KeyError: The value was not observed since the last comparison.
        """
        if self._key in trainer.observation:
            self._summary.add({self._key: trainer.observation[self._key]})
        if not self._interval_trigger(trainer):
            return False

        means = self._summary.compute_mean()
        if self._key not in means:
            raise KeyError(
                f'{type(self).__name__}: {self._key!r} was not observed since the last '
                f'comparison; this iteration observed {sorted(trainer.observation)}'
            )
        value = float(means[self._key])
        self._summary = DictSummary()
        if math.isnan(value):
            return False
        if self._best_value is None or self._compare(self._best_value, value):
            self._best_value = value
            return True
        return False

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the best value and the running mean."""
        if hasattr(self._interval_trigger, 'serialize'):
            self._interval_trigger.serialize(serializer['interval_trigger'])
        self._summary.serialize(serializer['summary'])
        value = serializer('best_value', self._best_value)
        # Chainer may have saved a NaN, which no later value could ever replace.
        if value is None or math.isnan(value):
            self._best_value = None
        else:
            self._best_value = float(value)


class MaxValueTrigger(BestValueTrigger):
    """Fires when the mean of a value over an interval is the greatest so far.

    Args:
        key: Name of the observed value, such as ``'validation/main/accuracy'``.
        trigger: When to compare.

    Source: compatible with chainer.training.triggers.MaxValueTrigger.

    Example:
        >>> from types import SimpleNamespace
        >>> updater = SimpleNamespace(iteration=0, epoch_detail=0.0)
        >>> trigger = minigrad.training.triggers.MaxValueTrigger('acc', (1, 'iteration'))
        >>> fired = []
        >>> for updater.iteration, acc in enumerate((0.5, 0.4, 0.6), 1):
        ...     trainer = SimpleNamespace(updater=updater, observation={'acc': acc})
        ...     fired.append(trigger(trainer))
        >>> fired
        [True, False, True]
    """

    def __init__(self, key: str, trigger: Any = (1, 'epoch')) -> None:
        super().__init__(key, lambda best, new: new > best, trigger)


class MinValueTrigger(BestValueTrigger):
    """Fires when the mean of a value over an interval is the smallest so far.

    Args:
        key: Name of the observed value, such as ``'validation/main/loss'``.
        trigger: When to compare.

    Source: compatible with chainer.training.triggers.MinValueTrigger.

    Example:
        >>> trigger = minigrad.training.triggers.MinValueTrigger('validation/main/loss')
    """

    def __init__(self, key: str, trigger: Any = (1, 'epoch')) -> None:
        super().__init__(key, lambda best, new: new < best, trigger)
