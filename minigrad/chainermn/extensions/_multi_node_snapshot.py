"""One snapshot of a training of several processes."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable
from typing import Any

import numpy

from minigrad.chainermn.extensions._shares import (
    Share,
    deal,
    scattered_iterators,
)
from minigrad.serializer import Deserializer
from minigrad.serializers import NpzDeserializer, load_npz, random_state_to_array
from minigrad.serializers.npz import serialize
from minigrad.training.extension import PRIORITY_SNAPSHOT, Extension
from minigrad.types import Array

Entries = dict[str, Array]
RANDOM_STATE = 'random_state/'
SHARES = 'share of '


def multi_node_snapshot(
    comm: Any, snapshot: Any, replica_sets: Iterable[Any]
) -> _MultiNodeSnapshot:
    """Returns an extension that saves the training of all processes in one file.

    Processes whose trainers have the same extensions are a *replica set*; one file is
    written for each set, by its first process, with the rank of that process at the end
    of its name. It holds the training there, and what is different in the others: their
    random generators and their places in the data. With ``autoload=True`` of the
    snapshot all processes go on from the newest file, bit for bit.

    The number of processes may change. What is left of the epoch is then dealt anew (if
    the data came from `scatter_dataset`): no example is lost or seen twice, but for those
    that are repeated to make shares equal.

    Args:
        comm: Communicator.
        snapshot: What `snapshot` returned.
        replica_sets: The sets, as ranks or lists of ranks. Ranks that are in none are a
            set together: ``[]`` is one set of all, ``[0]`` sets apart the process that
            logs.

    Returns:
        The extension; all processes have to add it, with the same trigger.

    Raises:
        ValueError: The sets overlap, or name ranks that there are not.

    Source: compatible with chainermn.extensions.multi_node_snapshot, which saves the
        first process of each set only.
    """
    return _MultiNodeSnapshot(comm, snapshot, replica_sets)


def _parse_replica_sets(replica_sets: Iterable[Any], size: int) -> list[set[int]]:
    sets = [{s} if isinstance(s, int) else set(s) for s in replica_sets]
    named = [rank for s in sets for rank in s]
    if any(not 0 <= rank < size for rank in named) or len(set(named)) < len(named):
        raise ValueError(
            f'multi_node_snapshot: expected disjoint sets of ranks 0 to {size - 1}, got '
            f'{sets}'
        )
    rest = set(range(size)) - set(named)
    return [*sets, rest] if rest else sets


class _Everyone:
    """A target together with what is different in the other processes.

    Args:
        target: What is saved.
        comm: Communicator.
    """

    def __init__(self, target: Any, comm: Any) -> None:
        self.target = target
        self.comm = comm
        self.entries: list[Entries] = []  # of each rank
        self.loaded = False

    def collect(self, master: int) -> None:
        """Learns from all processes what they have that their masters have not.

        Args:
            master: Rank of the process that saves for this one.
        """
        own = serialize(self.target)
        sums = {name: _checksum(value) for name, value in own.items()}
        sums_of_master = self.comm.mpi_comm.allgather(
            sums if master == self.comm.rank else None
        )[master]
        different = {
            name: value
            for name, value in own.items()
            if sums_of_master.get(name) != sums[name]
        }
        for found in scattered_iterators(self.target):
            share = found.share()
            different[f'{SHARES}{found.path}indexes'] = found.indexes
            different[f'{SHARES}{found.path}examples'] = share.examples
            different[f'{SHARES}{found.path}position'] = numpy.asarray(share.position)
        self.entries = self.comm.mpi_comm.allgather(different)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the target and the differences."""
        if isinstance(serializer, Deserializer):
            self._load_(serializer)
            return
        self.target.serialize(serializer)
        replicas = serializer['replicas']
        replicas('size', len(self.entries))
        for rank, entries in enumerate(self.entries):
            names = json.dumps(list(entries)).encode()
            replicas(f'{rank}/names', numpy.frombuffer(names, numpy.uint8))
            for i, value in enumerate(entries.values()):
                replicas(f'{rank}/{i}', value)

    def _load_(self, serializer: Any) -> None:
        replicas = serializer['replicas']
        try:
            size = replicas('size', 0)
        except KeyError:  # saved without this extension
            size = 0
        self.entries = []
        for rank in range(size):
            names = json.loads(bytes(replicas(f'{rank}/names', None)))
            values = [replicas(f'{rank}/{i}', None) for i in range(len(names))]
            self.entries.append(dict(zip(names, values, strict=True)))
        self.target.serialize(_as_here(serializer, self))
        self.loaded = True


def _as_here(serializer: Any, everyone: _Everyone) -> Any:
    """Returns a deserializer of what the process of this rank is to load."""
    if not everyone.entries or not isinstance(serializer, NpzDeserializer):
        return serializer
    path, rank, size = serializer.path, everyone.comm.rank, everyone.comm.size
    here = {
        name[len(path) :]: serializer.npz[name]
        for name in serializer.npz
        if name.startswith(path) and not name.startswith(f'{path}replicas/')
    }
    entries = everyone.entries
    if len(entries) == size:
        here.update(entries[rank])
    elif f'{RANDOM_STATE}numpy' in here:
        here.update(_random_state_of(rank, entries))
    for found in scattered_iterators(everyone.target):
        of_all = [
            Share(
                e[f'{SHARES}{found.path}examples'],
                int(e[f'{SHARES}{found.path}position']),
            )
            for e in entries
            if f'{SHARES}{found.path}examples' in e
        ]
        dataset = found.dataset
        if len(entries) == size:
            indexes = entries[rank].get(f'{SHARES}{found.path}indexes')
            if indexes is not None and dataset is not None:
                dataset.deal(indexes)
                found.iterator.reset()
        elif of_all:
            share = deal(of_all, size)[rank]
            order = share.examples
            if dataset is not None:
                dataset.deal(share.examples)
                order = numpy.arange(len(share.examples))
            found.iterator.reset()
            here[f'{found.path}current_position'] = numpy.asarray(share.position)
            here.pop(f'{found.path}upcoming_orders', None)
            if f'{found.path}order' in here:
                here[f'{found.path}order'] = order
                _set_order(found.iterator, order)  # one of this length will be loaded
    return NpzDeserializer(here, '', serializer.strict, serializer.ignore_names)


def _set_order(iterator: Any, order: Array) -> None:
    iterator._state = iterator._state._replace(order=order)


def _random_state_of(rank: int, entries: list[Entries]) -> Entries:
    """Returns the random state of a rank; a new one if there was no such rank."""
    if rank < len(entries):
        return {k: v for k, v in entries[rank].items() if k.startswith(RANDOM_STATE)}
    seed = zlib.crc32(f'{rank} of more than {len(entries)}'.encode())
    state = json.dumps(random.Random(seed).getstate()).encode()
    return {
        f'{RANDOM_STATE}numpy': random_state_to_array(numpy.random.RandomState(seed)),
        f'{RANDOM_STATE}python': numpy.frombuffer(state, numpy.uint8),
    }


def _checksum(value: Array) -> int:
    value = numpy.asarray(value)
    if value.dtype == object:
        return zlib.crc32(repr(value).encode())
    data = numpy.ascontiguousarray(value).reshape(-1).view(numpy.uint8).data
    return zlib.crc32(data, zlib.crc32(f'{value.dtype}{value.shape}'.encode()))


class _MultiNodeSnapshot(Extension):
    """What `multi_node_snapshot` returns."""

    trigger = (1, 'epoch')
    priority = PRIORITY_SNAPSHOT

    def __init__(self, comm: Any, snapshot: Any, replica_sets: Iterable[Any]) -> None:
        self.comm = comm
        self.snapshot = snapshot
        self.replica_set: set[int] = next(
            s for s in _parse_replica_sets(replica_sets, comm.size) if comm.rank in s
        )
        self.master = min(self.replica_set)
        self._everyone: Any = None
        name = snapshot.filename
        if callable(name):
            snapshot.filename = lambda trainer: f'{name(trainer)}.{comm.rank}'
        else:
            snapshot.filename = f'{name}.{comm.rank}'

    @property
    def is_master(self) -> bool:
        """Whether this process saves for its set."""
        return bool(self.master == self.comm.rank)

    def _wrap(self, trainer: Any) -> _Everyone:
        """Makes the snapshot save and load the others' entries too."""
        if self._everyone is None:
            target = self.snapshot._target
            self._everyone = _Everyone(trainer if target is None else target, self.comm)
            self.snapshot._target = self._everyone
        everyone: _Everyone = self._everyone
        return everyone

    def initialize(self, trainer: Any) -> None:
        """Loads the newest snapshot, if asked to, and gives it to the others."""
        everyone = self._wrap(trainer)
        if self.is_master:
            self.snapshot.initialize(trainer)
        if self.snapshot.autoload:
            self._spread(everyone)

    def load(self, path: Any, trainer: Any) -> None:
        """Loads a file that the master of this set can read, for all of the set.

        Args:
            path: Path of the file.
            trainer: Trainer of this process.
        """
        everyone = self._wrap(trainer)
        if self.is_master:
            load_npz(path, everyone)
        self._spread(everyone)

    def _spread(self, everyone: _Everyone) -> None:
        if not self.is_master:
            entries = self.comm.recv_obj(self.master)
            if entries is not None:
                everyone.serialize(NpzDeserializer(entries))
            return
        entries = serialize(everyone) if everyone.loaded else None
        for rank in self.replica_set - {self.comm.rank}:
            self.comm.send_obj(entries, rank)

    def on_error(self, trainer: Any, exc: Exception, tb: Any) -> None:
        """Saves what this process has, if asked to: the others may be gone."""
        if self.is_master:
            self._wrap(trainer).entries = []
            self.snapshot.on_error(trainer, exc, tb)

    def __call__(self, trainer: Any) -> None:
        """Saves the training."""
        everyone = self._wrap(trainer)
        wanted = self.is_master and bool(self.snapshot.condition())
        if not any(self.comm.mpi_comm.allgather(wanted)):
            return
        everyone.collect(self.master)
        if wanted:
            self.snapshot._make_snapshot(trainer)

    def finalize(self) -> None:
        """Waits until everything is written."""
        if self.is_master:
            self.snapshot.finalize()
