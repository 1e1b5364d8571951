"""Stopping early, all processes at once."""

from __future__ import annotations

from typing import Any

from minigrad.chainermn.extensions.observation_aggregator import ObservationAggregator
from minigrad.training.triggers import EarlyStoppingTrigger


class MultiNodeEarlyStoppingTrigger:
    """Stops when the mean of a value over all processes has not improved for a while.

    Args:
        comm: Communicator.
        check_trigger: When to look: ``(n, 'epoch')`` or ``(n, 'iteration')``.
        monitor: Name of the observed value.
        patience: Number of looks without improvement to wait.
        mode: ``'max'``, ``'min'``, or ``'auto'`` to judge by the name.
        verbose: Whether to say what happens.
        max_trigger: When to stop in any case.
        suffix: Appended to the name of the value for the mean.
        **kwargs: ``patients``, an older name of ``patience``.

    Source: compatible with chainermn.extensions.MultiNodeEarlyStoppingTrigger.
    """

    def __init__(
        self,
        comm: Any,
        *,
        check_trigger: Any = (1, 'epoch'),
        monitor: str = 'main/loss',
        patience: int | None = None,
        mode: str = 'auto',
        verbose: bool = False,
        max_trigger: Any = (100, 'epoch'),
        suffix: str = '_aggregated',
        **kwargs: Any,
    ) -> None:
        aggregated = monitor + suffix
        self.actual_trigger: Any = EarlyStoppingTrigger(
            check_trigger=check_trigger,
            monitor=aggregated,
            patience=patience,
            mode=mode,
            verbose=verbose,
            max_trigger=max_trigger,
            **kwargs,
        )
        self.aggregator = ObservationAggregator(
            comm, monitor, aggregated_key=aggregated, comm_trigger=check_trigger
        )

    def __call__(self, trainer: Any) -> bool:
        """Tells whether to stop; the same in all processes."""
        self.aggregator(trainer)
        return bool(self.actual_trigger(trainer))

    def _stop_condition(self) -> Any:
        return self.actual_trigger._stop_condition()

    def _init_summary(self) -> Any:
        return self.actual_trigger._init_summary()

    def get_training_length(self) -> Any:
        """Returns ``max_trigger``, for progress bars."""
        return self.actual_trigger.get_training_length()

    def serialize(self, serializer: Any) -> None:
        """Saves or loads what was seen so far."""
        self.actual_trigger.serialize(serializer)
