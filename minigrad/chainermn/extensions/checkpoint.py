"""A snapshot of each process, and the newest iteration that all of them have."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from collections.abc import Iterable
from typing import Any

from minigrad.named_arguments import checks_arguments
from minigrad.serializers import load_npz, save_npz
from minigrad.serializers.npz import serialize
from minigrad.training.extension import Extension
from minigrad.training.extensions.snapshot_writers import save_atomically

SPARE = 5  # snapshots beyond cp_interval before old ones are removed


@checks_arguments
def create_multi_node_checkpointer(
    name: str, comm: Any, cp_interval: int = 5, gc_interval: int = 5, path: Any = None
) -> _MultiNodeCheckpointer:
    """Returns an extension with which each process saves and loads its own snapshots.

    Files are called ``NAME.RANK.ITERATION``. Call ``maybe_load(trainer, optimizer)``
    after all extensions were added: the training goes on from the newest iteration of
    which every process has a file. They are removed when the training has ended well.

    Deprecated: `multi_node_snapshot` saves the model once for all processes, and goes on
    with another number of them.

    Args:
        name: Name of the run, without dots.
        comm: Communicator.
        cp_interval: Number of newest snapshots to keep at least.
        gc_interval: Accepted; old snapshots are removed in their own time.
        path: Folder of the files; the trainer's by default.

    Raises:
        ValueError: An interval is not positive.

    Source: compatible with chainermn.create_multi_node_checkpointer.
    """
    warnings.warn(
        'Checkpointer is deprecated. Use chainermn.extensions.multi_node_snapshot '
        'instead.',
        DeprecationWarning,
        stacklevel=2,
    )
    if min(cp_interval, gc_interval) < 1:
        raise ValueError(
            'create_multi_node_checkpointer: intervals must be positive, got '
            f'cp_interval={cp_interval}, gc_interval={gc_interval}'
        )
    return _MultiNodeCheckpointer(name, comm, cp_interval, gc_interval, path)


class _CheckpointStats:
    """How long snapshots took."""

    def __init__(self) -> None:
        self.timings: list[dict[str, float]] = []
        self.begin: float | None = None

    def start(self) -> None:
        self.begin = time.time()

    def end(self) -> None:
        if self.begin is not None:
            self.timings.append({'b': self.begin, 'd': time.time() - self.begin})
            self.begin = None

    def report(self) -> str:
        if not self.timings:
            return 'No stats available'
        times = [timing['d'] for timing in self.timings]
        mean = sum(times) / len(times)
        return (
            f'Snapshot duration stats (sec): avg={mean:f}, min={min(times):f}, '
            f'max={max(times):f}'
        )


class _MultiNodeCheckpointer(Extension):
    def __init__(
        self, name: str, comm: Any, cp_interval: int, gc_interval: int, path: Any
    ) -> None:
        self.name: Any = name
        self.comm = comm
        self.cp_interval = cp_interval
        self.gc_interval = gc_interval
        self.path = path
        self.files: list[str] = []
        self.stats = _CheckpointStats()
        self._run = name  # `extend` of a trainer gives the extension another name
        if path is not None:
            os.makedirs(path, exist_ok=True)

    def __call__(self, trainer: Any) -> None:
        """Saves the trainer of this process."""
        if self.path is None:
            self.path = trainer.out
        self.save(trainer, trainer.updater.iteration)

    def save(self, target: Any, iteration: int) -> None:
        """Saves an object; to be called by all processes in the same iteration."""
        filename = self._filename(iteration)
        self.stats.start()
        os.makedirs(self.path, exist_ok=True)
        save_atomically(filename, self.path, serialize(target), save_npz, {}, [])
        self.stats.end()
        self.files.append(filename)
        if len(self.files) - self.cp_interval > SPARE:
            self._sync_file_list(remove_remainder=True)

    def finalize(self) -> None:
        """Removes the snapshots."""
        self._remove(self.files)
        self.files = []

    def get_stats(self) -> str:
        """Returns how long snapshots took: mean, shortest, longest."""
        return self.stats.report()

    def maybe_load(self, trainer: Any, optimizer: Any = None, path: Any = None) -> None:
        """Loads the newest snapshot that all processes have, if there is one.

        Args:
            trainer: What to load.
            optimizer: Multi node optimizer; accepted, it need not know.
            path: Folder of the files.
        """
        if self.path is None:
            self.path = trainer.out if path is None else path
        found = os.listdir(self.path) if os.path.isdir(self.path) else []
        self.files = self._filenames(
            i for _, rank, i in self._parse_filenames(found) if rank == self.comm.rank
        )
        self._sync_file_list()
        iterations = [i for _, _, i in self._parse_filenames(self.files)]
        if iterations:
            newest = self._filename(max(iterations))
            load_npz(os.path.join(self.path, newest), trainer)

    def _sync_file_list(self, remove_remainder: bool = False) -> None:
        """Agrees on the newest snapshots that all have."""
        gathered = self.comm.gather_obj(self.files)
        common = None
        if gathered is not None:
            sets = [{i for _, _, i in self._parse_filenames(f)} for f in gathered]
            common = sorted(set.intersection(*sets))[-self.cp_interval :]
        files = self._filenames(self.comm.bcast_obj(common))
        if remove_remainder:
            self._remove([file for file in self.files if file not in files])
        self.files = files

    def _remove(self, files: list[str]) -> None:
        for file in files:
            with contextlib.suppress(OSError):  # somebody removed it already
                os.remove(os.path.join(self.path, file))

    def _filenames(self, iterations: Iterable[int]) -> list[str]:
        return [self._filename(i) for i in iterations]

    def _filename(self, iteration: int) -> str:
        return f'{self._run}.{self.comm.rank}.{iteration}'

    def _parse_filenames(self, filenames: list[str]) -> list[tuple[str, int, int]]:
        parsed = [self._parse_filename(f) for f in filenames]
        return [p for p in parsed if p is not None]

    def _parse_filename(self, filename: str) -> tuple[str, int, int] | None:
        parts = filename.split('.')
        if len(parts) != 3 or parts[0] != self._run:
            return None
        if not (parts[1].isdigit() and parts[2].isdigit()):
            return None
        return parts[0], int(parts[1]), int(parts[2])
