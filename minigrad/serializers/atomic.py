"""Writing a file so that a reader finds the old one or the new one, never half of it."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any

from minigrad.utils.file_lock import is_in_place, lock_open_file

# Files of this process, which its own locks do not protect from itself.
_in_use: set[str] = set()


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Opens a temporary file that takes the place of ``path`` when the block succeeds.

    The temporary file lies in the same folder (a rename across file systems is not
    atomic), is flushed to the disk before the rename, and is removed when the block
    raises. When the process is killed it stays, for `remove_unfinished`.

    Args:
        path: The file to write. It keeps its permissions if it exists.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / 'a.bin'
        >>> with atomic_write(path) as f:
        ...     _ = f.write(b'abc')
        >>> path.read_bytes(), [p.name for p in path.parent.iterdir()]
        (b'abc', ['a.bin'])
    """
    # A link stays a link: its target is what gets replaced.
    target = os.path.realpath(os.fspath(path))
    folder, name = os.path.split(target)
    number, temporary = _open_locked(name, folder)
    try:
        with os.fdopen(number, 'w+b') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if os.name != 'posix':
                file.close()  # Windows does not rename an open file
            # On POSIX the file is still locked here: nobody takes it for one that was left.
            os.chmod(temporary, _permissions(target))
            os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    finally:
        _in_use.discard(temporary)
    _sync_folder(folder)


def remove_unfinished(folder: str, is_name: Callable[[str], bool]) -> None:
    """Removes the temporary files that killed processes have left in `atomic_write`.

    Those of processes that are alive stay, as do links, and all files where there are no
    locks to tell the difference.

    Args:
        folder: Where they lie. It need not be there.
        is_name: Tells the names of the files that they were to replace.

    Example:
        >>> import pathlib
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for name in ('log', '.log.abcdefgh.tmp', '.notes.abcdefgh.tmp'):
        ...     (folder / name).touch()
        >>> remove_unfinished(str(folder), lambda name: name == 'log')
        >>> sorted(path.name for path in folder.iterdir())
        ['.notes.abcdefgh.tmp', 'log']
    """
    folder = os.path.realpath(folder)
    if not os.path.isdir(folder):
        return
    for entry in os.listdir(folder):
        found = re.fullmatch(r'\.(.+)\.[a-z0-9_]{8}\.tmp', entry, re.DOTALL)
        path = os.path.join(folder, entry)
        if found is not None and is_name(found[1]) and path not in _in_use:
            with contextlib.suppress(OSError):
                _remove_if_left(path)


def _remove_if_left(path: str) -> None:
    if os.path.islink(path) or not os.path.isfile(path):
        return
    number = os.open(path, os.O_RDWR | getattr(os, 'O_NOFOLLOW', 0))
    try:
        if lock_open_file(number) and is_in_place(number, path):
            os.unlink(path)
    finally:
        os.close(number)


def _open_locked(name: str, folder: str) -> tuple[int, str]:
    """Returns the descriptor and the path of a new temporary file, locked if possible."""
    while True:
        number, path = tempfile.mkstemp(prefix=f'.{name}.', suffix='.tmp', dir=folder)
        _in_use.add(path)
        if lock_open_file(number) is not False and is_in_place(number, path):
            return number, path
        # Another process has just taken the new file for one that was left.
        os.close(number)
        _in_use.discard(path)


def _permissions(target: str) -> int:
    """Returns the mode of the old file, or what ``open`` would give a new one."""
    with contextlib.suppress(OSError):
        return os.stat(target).st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: str) -> None:
    """Makes the rename itself survive a power cut, where the system can do that."""
    if os.name != 'posix':
        return
    with contextlib.suppress(OSError):
        number: Any = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
