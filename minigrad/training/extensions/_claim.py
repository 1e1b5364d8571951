"""Claims on the files that a training writes: two would overwrite each other's."""

from __future__ import annotations

import os
import re
import sys
import weakref
from typing import Any, ClassVar

from minigrad.training.extension import Extension
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.utils.file_lock import FileLock


class Claim:
    """Says that this process writes files of one name into one folder.

    Trainings of one process share it, as one program may make them one after another in
    the same folder. It is given back when each of them has released its claim or is gone.
    A copy of a training is another training: what is copied or pickled is None.

    Args:
        who: Name of the extension, for the message.
        folder: Where the files are written.
        name: Their name, with fields.
        what: What they are.

    Raises:
        RuntimeError: Another process has it.
    """

    # The process is part of the key: a lock is not inherited by a fork.
    _held: ClassVar[dict[tuple[int, str], _SharedLock]] = {}

    def __init__(self, who: str, folder: str, name: str, what: str) -> None:
        safe = re.sub(r'[^\w.{}-]', '_', name)
        path = os.path.join(os.path.realpath(folder), f'.{safe}.lock')
        shared = self._held.setdefault((os.getpid(), path), _SharedLock(path))
        if not shared.acquire():
            raise RuntimeError(
                f'{who}: another training ({shared.lock.holder()}) is writing {what} '
                f'into {folder}\n'
                '  hint: give this one another folder (out=) or other names (filename=)'
            )
        # Called once: by release, or when the training is collected or the program ends.
        self.release = weakref.finalize(self, shared.release)

    def __reduce__(self) -> Any:
        return type(None), ()


class _SharedLock:
    """A lock of this process for several trainings, given back by the last one.

    Args:
        path: The file that is locked.
    """

    def __init__(self, path: str) -> None:
        self.lock = FileLock(path)
        self._owner = os.getpid()
        self._number = 0

    def acquire(self) -> bool:
        """Counts one more training; False tells that another process has the lock."""
        self._number += 1
        if self.lock.acquire():
            return True
        self._number -= 1
        return False

    def release(self) -> None:
        """Counts one training less; in a fork it leaves the parent's lock alone."""
        if self._owner != os.getpid():
            return
        self._number -= 1
        if self._number == 0:
            self.lock.release()


class ReportFile(Extension):
    """Base of the extensions that write one file, again and again, into ``trainer.out``.

    While the training runs, no other process may write a file of that name there; what
    a training before has left is replaced, which a line says.
    """

    _claim_: Claim | None = None

    def _report_name_(self) -> str | None:
        """Returns the file's name, with fields, or None if nothing is written."""
        raise NotImplementedError

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Claims the file, and says if that of another training is going to be replaced.

        Raises:
            RuntimeError: Another process that runs writes it.
        """
        name = self._report_name_()
        # Without a folder, as in tests with a fake trainer, there is nothing to claim.
        if name is None or not os.path.isdir(trainer.out) or _has_other_ranks():
            return
        who = type(self).__name__
        self._claim_ = Claim(who, trainer.out, name, name)
        path = os.path.join(trainer.out, name)
        if trainer.is_before_training and '{' not in name and os.path.exists(path):
            sys.stderr.write(f'{who}: replaces {path}, which another training wrote\n')

    def finalize(self) -> None:
        """Gives the claim back."""
        if self._claim_ is not None:
            self._claim_.release()
            self._claim_ = None


def _has_other_ranks() -> bool:
    """Tells whether several processes of MPI are one training.

    Their reports are equal, and programs of ChainerMN may write them from all ranks.
    """
    mpi = sys.modules.get('mpi4py.MPI')
    return mpi is not None and mpi.Is_initialized() and mpi.COMM_WORLD.size > 1
