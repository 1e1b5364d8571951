"""A hyperparameter that moves to its value in small steps."""

from __future__ import annotations

from typing import Any

from minigrad.training.extensions._shift import Shift
from minigrad.training.trainer_protocol import TrainerProtocol


class WarmupShift(Shift):
    """Moves an attribute from ``warmup_start`` to ``init`` in ``warmup_iter`` calls.

    After that it leaves the attribute alone, so that another shift can take over.

    Args:
        attr: Name of the attribute, such as ``'lr'``.
        warmup_start: First value; None takes that of the optimizer.
        warmup_iter: Number of calls.
        init: Value after the warm-up.
        optimizer: The optimizer; the main one by default.

    Source: compatible with chainer.training.extensions.WarmupShift.

    Example:
        >>> from types import SimpleNamespace
        >>> optimizer = SimpleNamespace(lr=1.0)
        >>> shift = minigrad.training.extensions.WarmupShift(
        ...     'lr', 0.0, 4, 1.0, optimizer)
        >>> shift.initialize(None)
        >>> values = []
        >>> for _ in range(5):
        ...     values.append(optimizer.lr)
        ...     shift(None)
        >>> values
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """

    def __init__(
        self,
        attr: str,
        warmup_start: Any,
        warmup_iter: int,
        init: Any,
        optimizer: Any = None,
    ) -> None:
        # The value that Shift calls `init` is the one to begin with.
        super().__init__(attr, warmup_start, optimizer)
        self._warmup_iter = warmup_iter
        self._end_ = init

    def _value_at_(self, t: int) -> Any:
        if t == 0:
            return self._init
        start, end, n = self._init, self._end_, self._warmup_iter
        t = min(t, n)
        return (t * end + (n - t) * start) / n

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Sets the next value, while the warm-up lasts."""
        if self._t < self._warmup_iter:
            super().__call__(trainer)
        else:
            self._t += 1
