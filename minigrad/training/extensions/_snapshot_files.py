"""Finding snapshots in a folder, ordering them, and removing old ones."""

from __future__ import annotations

import contextlib
import os
import re
import string
import zipfile
from typing import NamedTuple

import numpy

# How many snapshots may wait in the queue of a writer.
_PENDING = 100


class SnapshotNames:
    """The names that a format gives, such as ``'snapshot_iter_{.updater.iteration}'``.

    Args:
        fmt: Text in which fields in braces stand for the trainer.

    Example:
        >>> names = SnapshotNames('snapshot_iter_{.updater.iteration}')
        >>> names.match('snapshot_iter_30'), names.match('snapshot_iter_notes.txt')
        (True, False)
        >>> names.numbers('snapshot_iter_30')
        (30,)
    """

    def __init__(self, fmt: str) -> None:
        self.fmt = fmt
        self.folder, base = os.path.split(fmt)
        pattern = ''
        for literal, field, _, _ in string.Formatter().parse(base):
            pattern += re.escape(literal)
            if field is not None:
                # What counts is a number; anything else may be any text.
                counts = field.endswith(('iteration', 'epoch'))
                pattern += r'(\s*\d+)' if counts else '(.+)'
        self._pattern = re.compile(pattern, re.DOTALL)

    def match(self, name: str) -> bool:
        """Tells whether a file of this name may be a snapshot."""
        return self._pattern.fullmatch(name) is not None

    def numbers(self, name: str) -> tuple[int, ...]:
        """Returns the numbers that stand for the fields, in their order."""
        found = self._pattern.fullmatch(name)
        fields = () if found is None else found.groups()
        return tuple([int(n) for field in fields for n in re.findall(r'\d+', field)])


class _Found(NamedTuple):
    """A snapshot in a folder; the order is that of the training."""

    iteration: tuple[int, ...]
    time: float
    name: str


def find_snapshots(fmt: str, path: str) -> list[str]:
    """Returns the names of all snapshots in a folder, oldest first.

    The order is that of the iterations that the files hold; of the numbers in their
    names, where a file does not say; and only then that of their times, for a clock may
    go back.
    """
    names = SnapshotNames(fmt)
    found = []
    folder = os.path.join(path, names.folder)
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if names.match(entry.name) and entry.is_file():
                iteration = _iteration_of(entry.path)
                order = names.numbers(entry.name) if iteration is None else (iteration,)
                name = os.path.join(names.folder, entry.name)
                found.append(_Found(order, entry.stat().st_mtime, name))
    return [snapshot.name for snapshot in sorted(found)]


def _iteration_of(path: str) -> int | None:
    """Returns the iteration of a snapshot of a whole training, None where it is unknown."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo('updater/iteration.npy')
            if info.file_size > 1000:
                return None
            with archive.open(info) as member:
                array = numpy.lib.format.read_array(member, allow_pickle=False)
            return int(array) if array.dtype.kind in 'iu' else None
    except Exception:  # it may be damaged, or of another format
        return None


class Retention:
    """Removes the older snapshots of one training, after each that was written.

    Only files that this training has written are removed, or the one that it was resumed
    from has; whatever else lies in the folder stays.

    Args:
        n_retains: Number of newest files to keep.

    Attributes:
        names: Paths inside the folder of what was written, oldest first.
    """

    def __init__(self, n_retains: int) -> None:
        self.n_retains = n_retains
        self.names: list[str] = []

    def add(self, name: str) -> None:
        """Notes a snapshot that will be written."""
        if name in self.names:
            self.names.remove(name)
        # Older ones were removed long ago.
        self.names = [*self.names[-self.n_retains - _PENDING :], name]

    def removing(self, outdir: str) -> _Removal:
        """Returns what to call when the files have been written."""
        return _Removal(self, outdir)


class _Removal:
    """Removes old files when called; not a closure, as a ProcessWriter pickles it."""

    def __init__(self, retention: Retention, outdir: str) -> None:
        self._retention = retention
        self._outdir = outdir

    def __call__(self) -> None:
        paths = [os.path.join(self._outdir, name) for name in self._retention.names]
        there = [p for p in paths if os.path.isfile(p) and not os.path.islink(p)]
        for path in there[: -self._retention.n_retains]:
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
