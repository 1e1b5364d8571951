"""What differs when several processes train one model: who loads, shares, logs, saves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

import minigrad as mg
from minigrad.training import get_trigger

from .stopping import UntilInterrupted

T = TypeVar('T')


class OneProcess:
    """A training in this process alone."""

    rank = 0
    size = 1

    def device(self, name: str) -> str:
        """Returns the device of this process."""
        return name

    def seed(self, seed: int) -> None:
        """Makes random numbers differ between processes from here on."""

    def order_sampler(self, seed: int) -> Any:
        """Returns what shuffles the training data; None for the iterator's own."""
        return None

    def share(self, dataset: Any) -> Any:
        """Returns the part of a dataset that this process evaluates."""
        return dataset

    def model(self, model: Any) -> Any:
        """Returns the model as it is trained."""
        return model

    def optimizer(self, optimizer: Any) -> Any:
        """Returns an optimizer that knows of the other processes."""
        return optimizer

    def evaluator(self, evaluator: Any) -> Any:
        """Returns an evaluator that knows of the other processes."""
        return evaluator

    def snapshot(self, snapshot: Any) -> Any:
        """Returns a snapshot of all processes."""
        return snapshot

    def trigger(self, trigger: Any) -> Any:
        """Returns a trigger that fires in all processes at once."""
        return trigger

    def stop_trigger(self, trigger: Any) -> UntilInterrupted:
        """Returns when all processes stop."""
        return UntilInterrupted(trigger)

    def extend(self, trainer: Any) -> None:
        """Adds what makes observations those of all processes."""

    def load(self, path: Any, trainer: Any) -> None:
        """Loads a snapshot."""
        mg.serializers.load_npz(path, trainer)

    def first_then_others(self, function: Callable[[], T]) -> T:
        """Calls a function that may download, first in one process."""
        return function()

    def end_all(self, status: int) -> None:
        """Ends the other processes, which would wait for this one."""


class ManyProcesses(OneProcess):
    """A training in all processes that ``mpiexec`` started; rank 0 speaks for them.

    Args:
        communicator: Name of the communicator, such as ``'naive'``.
    """

    def __init__(self, communicator: str) -> None:
        from minigrad import chainermn

        self.mn = chainermn
        self.comm = chainermn.create_communicator(communicator)
        self.rank, self.size = self.comm.rank, self.comm.size
        if self.rank > 0:
            sys.stdout = open(os.devnull, 'w')  # noqa: SIM115 - for the rest of the run

    def device(self, name: str) -> str:
        return f'@cupy:{self.comm.intra_rank}' if name.startswith('@cupy') else name

    def seed(self, seed: int) -> None:
        if self.rank > 0:
            np.random.seed((seed + 7919 * self.rank) % 2**32)

    def order_sampler(self, seed: int) -> Any:
        return self.mn.iterators.ShareOrderSampler(self.comm, seed)

    def share(self, dataset: Any) -> Any:
        begin, end = self.mn.scatter_index(
            len(dataset), self.comm, force_equal_length=False
        )
        return mg.datasets.SubDataset(dataset, begin, end)

    def model(self, model: Any) -> Any:
        return self.mn.links.create_mnbn_model(model, self.comm)

    def optimizer(self, optimizer: Any) -> Any:
        return self.mn.create_multi_node_optimizer(optimizer, self.comm)

    def evaluator(self, evaluator: Any) -> Any:
        return self.mn.create_multi_node_evaluator(evaluator, self.comm)

    def snapshot(self, snapshot: Any) -> Any:
        return self.mn.extensions.multi_node_snapshot(self.comm, snapshot, [])

    def trigger(self, trigger: Any) -> Any:
        return _FirstDecides(self.comm, trigger)

    def stop_trigger(self, trigger: Any) -> UntilInterrupted:
        return _UntilOneIsInterrupted(self.comm, trigger)

    def extend(self, trainer: Any) -> None:
        for key in ('main/loss', 'main/accuracy'):
            aggregator = self.mn.extensions.ObservationAggregator(self.comm, key)
            trainer.extend(aggregator, name=f'mean of {key}')
        trainer.extend(
            self.mn.extensions.StepTimes(trainer.updater.get_optimizer('main'))
        )

    def load(self, path: Any, trainer: Any) -> None:
        trainer.get_extension('snapshot').load(path, trainer)

    def first_then_others(self, function: Callable[[], T]) -> T:
        result = function() if self.rank == 0 else None
        self.comm.bcast_obj(True if self.rank == 0 else None)
        return function() if result is None else result

    def end_all(self, status: int) -> None:
        if self.size > 1:
            sys.stderr.flush()
            self.comm.mpi_comm.Abort(status)


class _FirstDecides:
    """Fires everywhere when it does at rank 0: clocks differ."""

    def __init__(self, comm: Any, trigger: Any) -> None:
        self._comm = comm
        self._trigger = get_trigger(trigger)

    def __call__(self, trainer: Any) -> bool:
        fires = bool(self._trigger(trainer))
        return bool(self._comm.bcast(np.array(fires)))

    def serialize(self, serializer: Any) -> None:
        if hasattr(self._trigger, 'serialize'):
            self._trigger.serialize(serializer)


class _UntilOneIsInterrupted(UntilInterrupted):
    """Stops all processes after the step in which one was interrupted."""

    def __init__(self, comm: Any, trigger: Any) -> None:
        super().__init__(trigger)
        self._comm = comm

    def __call__(self, trainer: Any) -> bool:
        over = bool(self._trigger(trainer))
        self.interrupted = bool(self._comm.allreduce(np.array(int(self.interrupted))))
        return over or self.interrupted
