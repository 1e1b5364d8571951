"""One observation out of those of all processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.backend import to_cpu
from minigrad.training.extension import PRIORITY_EDITOR, Extension
from minigrad.training.trigger import get_trigger
from minigrad.variable import Variable


class ObservationAggregator(Extension):
    """Replaces an observation by its mean over processes and time.

    Args:
        comm: Communicator.
        original_key: Name of the observation.
        aggregated_key: Name of the result; that of the observation by default.
        comm_trigger: When to communicate; what was observed since is kept till then.
        aggregator: Computes the result from a list with a list of values for each
            process; their mean by default.

    Source: compatible with chainermn.extensions.ObservationAggregator.
    """

    trigger = (1, 'iteration')
    priority = PRIORITY_EDITOR

    def __init__(
        self,
        comm: Any,
        original_key: str,
        aggregated_key: str | None = None,
        *,
        comm_trigger: Any = (1, 'iteration'),
        aggregator: Callable[[list[list[Any]]], Any] | None = None,
    ) -> None:
        self.comm = comm
        self.original_key = original_key
        self.aggregated_key = original_key if aggregated_key is None else aggregated_key
        self.comm_trigger = get_trigger(comm_trigger)
        self.observation_history: list[Any] = []
        self.aggregator = _average_2d if aggregator is None else aggregator

    def compute_summary(self, trainer: Any) -> Any:
        """Notes the value; returns the result if it is time to communicate."""
        if self.original_key in trainer.observation:
            value = trainer.observation[self.original_key]
            if isinstance(value, Variable):  # without its graph
                value = Variable(to_cpu(value.array), requires_grad=False)
            self.observation_history.append(value)
        if not self.comm_trigger(trainer):
            return None
        gathered = self.comm.gather_obj(self.observation_history)
        self.observation_history = []
        summary = None if gathered is None else (self.aggregator(gathered),)
        (result,) = self.comm.bcast_obj(summary)
        return result

    def __call__(self, trainer: Any) -> None:
        """Puts the result into the observation of the trainer."""
        summary = self.compute_summary(trainer)
        if summary is not None:
            trainer.observation[self.aggregated_key] = summary


def _average_2d(histories: list[list[Any]]) -> Any:
    values = [value for history in histories for value in history]
    return sum(values) / len(values) if values else None
