"""Saving the training so that it can be resumed."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any

from minigrad.configuration import is_debug
from minigrad.named_arguments import checks_arguments
from minigrad.serializer import AbstractSerializer, Serializer
from minigrad.serializers import DamagedFile, load_npz, save_npz, serialize
from minigrad.training.extension import PRIORITY_SNAPSHOT, Extension
from minigrad.training.extensions._claim import Claim
from minigrad.training.extensions._snapshot_files import (
    Retention,
    SnapshotNames,
    find_snapshots,
)
from minigrad.training.extensions._unfinished import remove_unfinished
from minigrad.training.extensions.snapshot_writers import SimpleWriter
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.utils.argument import parse_kwargs


@checks_arguments
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


@checks_arguments
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

    A training that is built in the same way, on the same machine with the same number of
    threads, and loads the file goes on bit for bit as if it had never stopped: parameters,
    optimizers, iterators, random generators, triggers and log are in it. (Sums over a
    batch are cut into as many parts as there are threads, so with another number the last
    bits differ.) It is taken when all triggers of the iteration have been asked.
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
        n_retains: Number of newest files to keep; all of them unless positive. Only
            files that this training has written are removed, before a resume too.
        autoload: Whether to look for the newest file when the training starts, and to
            load it: the one of the last iteration, whatever the clock says. Files that
            cannot be loaded are passed over with a warning.
        kwargs: ``num_retain``, Chainer's older name of ``n_retains``.

    Raises:
        TypeError: Both ``savefun`` and ``writer`` are given.
        RuntimeError: (when the training starts) Another process that runs has snapshots
            of the same names in the same folder.

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
    parse_kwargs(kwargs)
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
        self._retention = Retention(n_retains)
        self._claim: Claim | None = None
        self._clean: Callable[[], None] | None = None

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Loads the newest snapshot, if asked to.

        Raises:
            RuntimeError: Another process writes snapshots of the same names.
        """
        # Without a folder, as in tests with a mock of a trainer, there is nothing to claim.
        if isinstance(self.filename, str) and os.path.isdir(trainer.out):
            what = 'snapshots of the same names'
            self._claim = Claim('snapshot', trainer.out, self.filename, what)
            if self.autoload:
                self._load_newest(trainer, self.filename)
        self._retention.n_retains = self.n_retains
        if self.n_retains > 0 and hasattr(self.writer, '_add_cleanup_hook'):
            self.writer._add_cleanup_hook(self._retention.removing(trainer.out))

    def _load_newest(self, trainer: TrainerProtocol, fmt: str) -> None:
        target = trainer if self._target is None else self._target
        names = SnapshotNames(fmt)
        self._clean = functools.partial(remove_unfinished, trainer.out, names.match)
        self._clean()
        failures: list[tuple[str, Exception]] = []
        loaded = None
        for name in reversed(find_snapshots(fmt, trainer.out)):
            path = os.path.join(trainer.out, name)
            try:
                load_npz(path, target)
            except Exception as error:  # the one before it may be complete
                failures.append((path, error))
            else:
                loaded = name
                break
        if loaded is None:
            for _, failure in failures:
                if not isinstance(failure, DamagedFile):
                    # Of another training: to start anew would overwrite its files.
                    raise failure
        for path, failure in failures:
            what = 'is damaged' if isinstance(failure, DamagedFile) else 'does not fit'
            reason = str(failure) or type(failure).__name__
            warnings.warn(f'snapshot: {path} {what} and is passed over: {reason}')
        if loaded is not None:
            if loaded not in self._retention.names:
                self._retention.add(loaded)
            sys.stderr.write(f'resumed from {os.path.join(trainer.out, loaded)}\n')
            return
        if is_debug():
            print(f'No snapshot file that matches {fmt} was found')

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads which files are this training's own."""
        if isinstance(serializer, Serializer):
            if self.n_retains > 0:
                serializer('files', json.dumps(self._retention.names))
            return
        with contextlib.suppress(KeyError):  # Chainer's snapshots have none
            self._retention.names = json.loads(serializer('files', '[]'))

    def on_error(
        self, trainer: TrainerProtocol, exc: Exception, tb: TracebackType | None
    ) -> None:
        """Saves the training as it is, if asked to."""
        # A file of the same name holds the iteration as it was completed.
        if self._snapshot_on_error and self._name(trainer) != self._last_file:
            self._make_snapshot(trainer)

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Saves the target; by default the whole training."""
        if self.condition():
            self._make_snapshot(trainer)

    def _name(self, trainer: TrainerProtocol) -> str:
        if callable(self.filename):
            return str(self.filename(trainer))
        return str(self.filename.format(trainer))

    def _make_snapshot(self, trainer: TrainerProtocol) -> None:
        target = trainer if self._target is None else self._target
        name = self._name(trainer)
        if self.n_retains > 0:
            self._retention.add(name)
        self.writer(name, trainer.out, serialize(target))
        self._last_file = name

    def finalize(self) -> None:
        """Waits until everything is written."""
        if hasattr(self.writer, 'finalize'):
            self.writer.finalize()
        if self._clean is not None:
            # A worker may have outlived its killed training for a moment.
            self._clean()
        if self._claim is not None:
            self._claim.release()
            self._claim = None
