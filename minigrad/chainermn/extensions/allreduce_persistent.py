"""One running average out of those of all processes."""

from __future__ import annotations

from typing import Any

from minigrad.dtypes import is_float
from minigrad.training.extension import PRIORITY_WRITER, Extension


class AllreducePersistent(Extension):
    """Replaces the persistent float arrays of a model by their means over the processes.

    Above all the running averages of batch normalization, which each process makes of
    its own batches. Wanted before the model is evaluated or saved; it runs once an epoch
    before the evaluators.

    Args:
        model: The link.
        comm: Communicator.

    Source: compatible with chainermn.extensions.AllreducePersistent.
    """

    trigger = (1, 'epoch')
    priority = PRIORITY_WRITER + 1

    def __init__(self, model: Any, comm: Any) -> None:
        self.model = model
        self.comm = comm

    def __call__(self, trainer: Any = None) -> None:
        """Averages them."""
        for _, value in sorted(
            _named_persistents(self.model), key=lambda pair: pair[0]
        ):
            if hasattr(value, 'dtype') and is_float(value.dtype):
                self.comm._multi_node_mean(None, value)


def _named_persistents(model: Any) -> Any:
    for path, link in model.namedlinks():
        for name in link._persistent:
            yield f'{path}/{name}', link.__dict__[name]
