"""A lock that a process holds through a file, and loses when it ends, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    _fcntl: Any = None
else:
    _fcntl = fcntl

_HELD = (errno.EACCES, errno.EAGAIN)


class FileLock:
    """A file that says that somebody is at work; only one process can hold it.

    The lock belongs to the process, not to its children, and the system takes it back
    when the process is killed. The file is removed when the lock is given back; one that
    a killed process has left does no harm. Where the system or the file system has no
    locks, `acquire` succeeds and protects from nothing.

    Args:
        path: The file. It is never followed if it is a link.

    Example:
        >>> import tempfile
        >>> lock = FileLock(os.path.join(tempfile.mkdtemp(), 'lock'))
        >>> lock.acquire(), os.path.exists(lock.path)
        (True, True)
        >>> lock.release()
        >>> os.path.exists(lock.path)
        False
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._number_: int | None = None

    def acquire(self) -> bool:
        """Tries to get the lock; False tells that another process holds it.

        Within one process, ask once: a second lock on the same file would be given, and
        its release would take the first one away.
        """
        if _fcntl is None:
            return True
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        while True:
            number = os.open(self.path, flags, 0o666)
            try:
                _fcntl.lockf(number, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
            except OSError as error:
                os.close(number)
                return error.errno not in _HELD
            if self._is_in_place(number):
                self._number_ = number
                os.truncate(number, 0)
                os.write(number, b'%d\n' % os.getpid())
                return True
            os.close(number)  # another process has just removed this file

    def _is_in_place(self, number: int) -> bool:
        try:
            return os.path.samestat(os.fstat(number), os.lstat(self.path))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Removes the file and gives the lock back; does nothing without a lock."""
        if self._number_ is None:
            return
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        os.close(self._number_)
        self._number_ = None

    def holder(self) -> str:
        """Returns what the file says about who holds it."""
        try:
            with open(self.path, 'rb') as file:
                return f'process {int(file.read(20))}'
        except (OSError, ValueError):
            return 'another process'
