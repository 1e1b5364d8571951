"""Writing a file so that a reader finds the old one or the new one, never half of it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import IO, Any


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Opens a temporary file that takes the place of ``path`` when the block succeeds.

    The temporary file lies in the same folder (a rename across file systems is not
    atomic), is flushed to the disk before the rename, and is removed when the block
    raises.

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
    number, temporary = tempfile.mkstemp(prefix=f'.{name}.', suffix='.tmp', dir=folder)
    try:
        with os.fdopen(number, 'w+b') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _permissions(target))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


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
