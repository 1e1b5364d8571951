"""The ratio of two sums, not the mean of ratios."""

from __future__ import annotations

import contextlib
from typing import Any

from minigrad.reporter import report
from minigrad.serializer import AbstractSerializer
from minigrad.training.extension import PRIORITY_EDITOR, Extension
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._get_trigger import get_trigger
from minigrad.variable import Variable


class MicroAverage(Extension):
    """Reports the sum of one observed value divided by the sum of another.

    With the number of correct answers above and that of all answers below, every
    example counts the same even if batches differ in size.

    Args:
        numerator_key: Name of the value above.
        denominator_key: Name of the value below.
        result_key: Name to report the ratio under.
        trigger: When to report; the sums begin anew then.

    Source: compatible with chainer.training.extensions.MicroAverage.

    Example:
        >>> from types import SimpleNamespace
        >>> average = minigrad.training.extensions.MicroAverage(
        ...     'correct', 'total', 'accuracy', trigger=lambda trainer: True)
        >>> reporter = minigrad.Reporter()
        >>> with reporter:
        ...     average(SimpleNamespace(observation={'correct': 3, 'total': 4}))
        >>> reporter.observation
        {'accuracy': 0.75}
    """

    priority = PRIORITY_EDITOR

    def __init__(
        self,
        numerator_key: str,
        denominator_key: str,
        result_key: str,
        trigger: Any = (1, 'epoch'),
    ) -> None:
        self._numerator_key = numerator_key
        self._denominator_key = denominator_key
        self._result_key = result_key
        self._trigger = get_trigger(trigger)
        self._numerator = 0.0
        self._denominator = 0.0

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Adds what was observed, and reports the ratio when it is time."""
        observation = trainer.observation
        if not {self._numerator_key, self._denominator_key} <= observation.keys():
            return
        self._numerator += _number(observation[self._numerator_key])
        self._denominator += _number(observation[self._denominator_key])
        if self._trigger(trainer):
            ratio = self._numerator / self._denominator
            self._numerator = self._denominator = 0.0
            report({self._result_key: ratio})

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the sums."""
        if hasattr(self._trigger, 'serialize'):
            with contextlib.suppress(KeyError):  # Chainer does not save it
                self._trigger.serialize(serializer['_trigger'])
        self._numerator = serializer('_numerator', self._numerator)
        self._denominator = serializer('_denominator', self._denominator)


def _number(value: Any) -> float:
    return float(value.array if isinstance(value, Variable) else value)
