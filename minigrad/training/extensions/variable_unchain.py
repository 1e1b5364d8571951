"""Releasing graphs that reported values have kept."""

from __future__ import annotations

from minigrad.configuration import config
from minigrad.training.extension import Extension
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.variable import Variable


class unchain_variables(Extension):
    """Cuts all observed Variables from their graphs when the others are done.

    Reported values keep their graphs only while ``config.keep_graph_on_report`` is on
    (as `DumpGraph` needs it); this extension is called in just these iterations and
    frees the memory.

    Source: compatible with chainer.training.extensions.unchain_variables.

    Example:
        >>> from types import SimpleNamespace
        >>> y = minigrad.Variable(np.ones(2, 'f')) * 2
        >>> extension = minigrad.training.extensions.unchain_variables()
        >>> extension(SimpleNamespace(observation={'y': y}))
        >>> y.creator is None
        True
    """

    priority = 0

    def __init__(self) -> None:
        self._kept_ = None

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Notes whether the first iteration keeps graphs."""
        self._kept_ = config.keep_graph_on_report

    def trigger(self, trainer: TrainerProtocol) -> bool:
        """Tells whether this iteration has kept graphs."""
        kept, self._kept_ = self._kept_, config.keep_graph_on_report
        return bool(kept)

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Cuts the graphs."""
        for value in trainer.observation.values():
            if isinstance(value, Variable):
                value.unchain_backward()
