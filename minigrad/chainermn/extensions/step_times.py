"""Where the time of a step goes."""

from __future__ import annotations

from typing import Any

from minigrad.training.extension import PRIORITY_WRITER, Extension


class StepTimes(Extension):
    """Observes how long a step computed and communicated, and how much of that at once.

    The observations are ``time/computing``, ``time/communicating`` and ``time/hidden``, in
    seconds: communicating less hidden is what a step waited.

    Args:
        optimizer: What `create_multi_node_optimizer` returned.

    Source: not in ChainerMN.
    """

    trigger = (1, 'iteration')
    priority = PRIORITY_WRITER

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer

    def __call__(self, trainer: Any) -> None:
        """Puts them into the observation of the trainer."""
        for name, seconds in self.optimizer.times._asdict().items():
            trainer.observation[f'time/{name}'] = seconds
