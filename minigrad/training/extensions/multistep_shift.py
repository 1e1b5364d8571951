"""A hyperparameter that is multiplied at given times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.serializer import AbstractSerializer
from minigrad.training.extensions._shift import Shift
from minigrad.training.trainer_protocol import TrainerProtocol


class MultistepShift(Shift):
    """Multiplies an optimizer attribute by ``gamma`` at each of the given calls.

    Args:
        attr: Name of the attribute, such as ``'lr'``.
        gamma: Factor.
        step_value: Numbers of calls at which to multiply, in ascending order.
        init: First value; None takes that of the optimizer.
        optimizer: The optimizer; the main one by default.

    Source: compatible with chainer.training.extensions.MultistepShift.

    Example:
        >>> from types import SimpleNamespace
        >>> optimizer = SimpleNamespace(lr=1.0)
        >>> shift = minigrad.training.extensions.MultistepShift(
        ...     'lr', 0.5, [2, 3], 1.0, optimizer)
        >>> shift.initialize(None)
        >>> values = []
        >>> for _ in range(4):
        ...     shift(None)
        ...     values.append(optimizer.lr)
        >>> values
        [1.0, 0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        attr: str,
        gamma: float,
        step_value: Sequence[int],
        init: Any,
        optimizer: Any = None,
    ) -> None:
        super().__init__(attr, init, optimizer)
        self._gamma = gamma
        self._step_value = step_value
        self._current_step = 0

    def _value_at_(self, t: int) -> Any:
        return self._init * self._gamma**self._current_step

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Sets the next value; at most one step is taken per call."""
        step, steps = self._current_step, self._step_value
        if step < len(steps) and self._t + 1 >= steps[step]:
            self._current_step += 1
        super().__call__(trainer)

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the number of calls, the step and the last value."""
        self._current_step = serializer('_current_step', self._current_step)
        super().serialize(serializer)
