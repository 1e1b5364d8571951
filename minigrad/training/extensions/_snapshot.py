"""Saving the training so that it can go on from there."""

from __future__ import annotations

import functools
import glob
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from minigrad.configuration import is_debug
from minigrad.serializers import DamagedFile, load_npz, save_npz, serialize
from minigrad.training.extension import PRIORITY_SNAPSHOT, Extension
from minigrad.training.extensions.snapshot_writers import (
    SimpleWriter,
    temporary_prefix,
)
from minigrad.training.trainer_protocol import TrainerProtocol


def snapshot_object(
    target: Any,
    filename: Any,
    savefun: Callable[..., None] | None = None,
    **kwargs: Any,
) -> _Snapshot:
    """Returns an extension that saves an object, once per epoch.

    Args:
        target: The object, with a method ``serialize``; often a model.
        filename: Name of the file; see `snapshot`.
        savefun: Takes a path and the serialized object; `save_npz` by default.
        kwargs: ``condition``, ``writer``, ``snapshot_on_error``, ``n_retains`` and
            ``autoload`` of `snapshot`.

    Source: compatible with chainer.training.extensions.snapshot_object.

    Example:
        >>> model = L.Linear(2, 2)
        >>> best = minigrad.training.extensions.snapshot_object(model, 'best.npz')
        >>> trigger = minigrad.training.triggers.MaxValueTrigger(
        ...     'validation/main/accuracy')
        >>> # trainer.extend(best, trigger=trigger)
    """
    return snapshot(target=target, filename=filename, savefun=savefun, **kwargs)


def snapshot(
    savefun: Callable[..., None] | None = None,
    filename: Any = 'snapshot_iter_{.updater.iteration}',
    *,
    target: Any = None,
    condition: Callable[[], bool] | None = None,
    writer: Any = None,
    snapshot_on_error: bool = False,
    n_retains: int = -1,
    autoload: bool = False,
    **kwargs: Any,
) -> _Snapshot:
    """Returns an extension that saves the whole training, once per epoch.

    A training that is built in the same way and loads the file goes on bit for bit as if
    it had never stopped: parameters, optimizers, iterators, random generators, triggers
    and log are in it. It is taken when all triggers of the iteration have been asked.
    The file appears under its name only when it is complete.

    Args:
        savefun: Takes a path and the serialized object; `save_npz` by default.
        filename: Name of the file inside ``trainer.out``: text in which ``{}`` stands
            for the trainer, or a function that takes the trainer.
        target: What to save; the trainer by default.
        condition: Called before each snapshot; it is skipped if the result is False.
        writer: How to write it; see `snapshot_writers`. Not together with ``savefun``.
        snapshot_on_error: Whether to save when the training raised. The iteration that
            raised may be half done, so a file of an iteration that was completed is
            never replaced by this.
        n_retains: Number of newest files to keep; all of them unless positive.
        autoload: Whether to look for the newest file when the training starts, and to
            load it. Files that are damaged are passed over with a warning.
        kwargs: ``num_retain``, Chainer's older name of ``n_retains``.

    Raises:
        TypeError: Both ``savefun`` and ``writer`` are given.

    Source: compatible with chainer.training.extensions.snapshot.

    Example:
        >>> snapshot = minigrad.training.extensions.snapshot(n_retains=2, autoload=True)
        >>> snapshot.trigger, snapshot.priority
        ((1, 'epoch'), -100)
        >>> # trainer.extend(snapshot, trigger=(1000, 'iteration'))
    """
    if 'num_retain' in kwargs:
        warnings.warn(
            'snapshot: num_retain is deprecated; use n_retains', DeprecationWarning
        )
        n_retains = kwargs.pop('num_retain')
    if kwargs:
        raise TypeError(
            f'snapshot got an unexpected keyword argument {next(iter(kwargs))!r}'
        )
    if savefun is not None and writer is not None:
        raise TypeError(
            'savefun and writer arguments cannot be specified together; give savefun to '
            'the writer'
        )
    if writer is None:
        writer = SimpleWriter(savefun=save_npz if savefun is None else savefun)
    return _Snapshot(
        target, condition, writer, filename, snapshot_on_error, n_retains, autoload
    )


def _always() -> bool:
    return True


class _Snapshot(Extension):
    """What `snapshot` returns."""

    trigger = (1, 'epoch')
    priority = PRIORITY_SNAPSHOT

    def __init__(
        self,
        target: Any = None,
        condition: Callable[[], bool] | None = None,
        writer: Any = None,
        filename: Any = 'snapshot_iter_{.updater.iteration}',
        snapshot_on_error: bool = False,
        n_retains: int = -1,
        autoload: bool = False,
    ) -> None:
        self._target = target
        self.condition = _always if condition is None else condition
        self.writer = SimpleWriter() if writer is None else writer
        self.filename = filename
        self._snapshot_on_error = snapshot_on_error
        self.n_retains = n_retains
        self.autoload = autoload
        self._last_file: str | None = None

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Loads the newest snapshot, if asked to."""
        by_pattern = isinstance(self.filename, str)
        if self.autoload and by_pattern:
            self._load_newest(trainer)
        if (
            self.n_retains > 0
            and by_pattern
            and hasattr(self.writer, '_add_cleanup_hook')
        ):
            # Not a closure: it travels to the process of a ProcessWriter.
            self.writer._add_cleanup_hook(
                functools.partial(
                    _remove_stale_snapshots, self.filename, trainer.out, self.n_retains
                )
            )

    def _load_newest(self, trainer: TrainerProtocol) -> None:
        target = trainer if self._target is None else self._target
        _remove_unfinished(self.filename, trainer.out)
        for _, name in reversed(_find_snapshot_files(self.filename, trainer.out)):
            path = os.path.join(trainer.out, name)
            try:
                load_npz(path, target)
            except DamagedFile as error:
                warnings.warn(f'snapshot: {path} is damaged and passed over: {error}')
            else:
                if is_debug():
                    print('Snapshot loaded from', path)
                return
        if is_debug():
            print(f'No snapshot file that matches {self.filename} was found')

    def on_error(
        self, trainer: TrainerProtocol, exc: Exception, tb: TracebackType | None
    ) -> None:
        """Saves the training as it is, if asked to."""
        # A file of the same name holds the iteration as it was completed.
        if self._snapshot_on_error and self._name(trainer) != self._last_file:
            self._make_snapshot(trainer)

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Saves the training, or whatever the target is."""
        if self.condition():
            self._make_snapshot(trainer)

    def _name(self, trainer: TrainerProtocol) -> str:
        if callable(self.filename):
            return str(self.filename(trainer))
        return str(self.filename.format(trainer))

    def _make_snapshot(self, trainer: TrainerProtocol) -> None:
        target = trainer if self._target is None else self._target
        name = self._name(trainer)
        self.writer(name, trainer.out, serialize(target))
        self._last_file = name

    def finalize(self) -> None:
        """Waits until everything is written."""
        if hasattr(self.writer, 'finalize'):
            self.writer.finalize()


def _fixed_parts(fmt: str) -> tuple[str, str]:
    """Returns what stands before and after the fields of a format string."""
    return fmt.split('{')[0], fmt.split('}')[-1]


def _find_snapshot_files(fmt: str, path: str) -> list[tuple[float, str]]:
    """Returns ``(time of change, name)`` of all snapshots in a folder, oldest first."""
    prefix, suffix = _fixed_parts(fmt)
    found = []
    for entry in os.scandir(path):
        named_so = entry.name.startswith(prefix) and entry.name.endswith(suffix)
        if named_so and entry.is_file():  # an unfinished one lies in a folder
            found.append((entry.stat().st_mtime, entry.name))
    return sorted(found)


def _find_latest_snapshot(fmt: str, path: str) -> str | None:
    """Returns the name of the newest snapshot in a folder; None if there is none."""
    files = _find_snapshot_files(fmt, path)
    return files[-1][1] if files else None


def _find_stale_snapshots(fmt: str, path: str, n_retains: int) -> Iterator[str]:
    """Yields the names of all snapshots but the newest ``n_retains``."""
    files = _find_snapshot_files(fmt, path)
    for _, name in files[: max(len(files) - n_retains, 0)]:
        yield name


def _remove_stale_snapshots(fmt: str, path: str, n_retains: int) -> None:
    for name in _find_stale_snapshots(fmt, path, n_retains):
        os.remove(os.path.join(path, name))


def _remove_unfinished(fmt: str, path: str) -> None:
    """Removes the temporary folders of snapshots whose process was killed."""
    prefix, suffix = _fixed_parts(fmt)
    folders = os.path.join(
        glob.escape(path), glob.escape(temporary_prefix(prefix)) + '*', ''
    )
    for folder in glob.glob(folders):
        # Only what holds nothing but one such snapshot: the folder could be anyone's.
        if all(name.endswith((suffix, '.tmp')) for name in os.listdir(folder)):
            shutil.rmtree(folder, ignore_errors=True)
