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


def lock_open_file(number: int) -> bool | None:
    """Locks an open file for this process, until it closes the file or ends.

    The lock is lost as soon as the process closes the file, even through another
    descriptor of it.

    Args:
        number: Descriptor of the file, open for writing.

    Returns:
        False when another process holds the lock, None when there are no locks here.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryFile() as file:
        ...     lock_open_file(file.fileno())
        True
    """
    if _fcntl is None:
        return None
    try:
        _fcntl.lockf(number, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _HELD else None
    return True


def is_in_place(number: int, path: str) -> bool:
    """Tells whether a path still leads to an open file."""
    try:
        return os.path.samestat(os.fstat(number), os.lstat(path))
    except FileNotFoundError:
        return False


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

        Within one process use one `FileLock` for a file, which may be asked again: a
        second one would be given the lock too, and its release would take it away.
        """
        if _fcntl is None:
            return True
        if self._number_ is not None:
            if is_in_place(self._number_, self.path):
                return True
            os.close(self._number_)  # the file was removed, perhaps with its folder
            self._number_ = None
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        while True:
            number = os.open(self.path, flags, 0o666)
            locked = lock_open_file(number)
            if not locked:
                os.close(number)
                return locked is None
            if is_in_place(number, self.path):
                self._number_ = number
                os.truncate(number, 0)
                os.write(number, b'%d\n' % os.getpid())
                return True
            os.close(number)  # another process has just removed this file

    def release(self) -> None:
        """Removes the file and gives the lock back; does nothing without a lock."""
        if self._number_ is None:
            return
        if is_in_place(self._number_, self.path):
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
