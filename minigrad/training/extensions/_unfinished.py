"""Temporary folders of snapshots that are being written, and their removal.

A folder is recognised by its name and by a file in it that its process holds locked. It
is removed by others only when nobody holds that lock, and never through a link.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator

from minigrad.utils.file_lock import FileLock

_SUFFIX = '.minigrad'
_MARK = '.unfinished'
# Folders of this process, which its own locks do not protect from itself.
_in_use: set[str] = set()


@contextlib.contextmanager
def unfinished_folder(name: str, outdir: str) -> Iterator[str]:
    """Makes a marked temporary folder for a file, and removes it afterwards.

    Args:
        name: Name of the file that will be written.
        outdir: Where to make the folder.
    """
    while True:
        folder = tempfile.mkdtemp(prefix=f'tmp{name}.', suffix=_SUFFIX, dir=outdir)
        _in_use.add(folder)
        mark = FileLock(os.path.join(folder, _MARK))
        # Another run may take the empty folder for one that was left.
        with contextlib.suppress(FileNotFoundError):
            if mark.acquire():
                break
        _in_use.discard(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        mark.release()
        _in_use.discard(folder)


def remove_unfinished(outdir: str, is_snapshot: Callable[[str], bool]) -> None:
    """Removes the temporary folders of snapshots whose process has ended.

    Args:
        outdir: Where they lie.
        is_snapshot: Tells the names of the files that they were made for.
    """
    if not os.path.isdir(outdir):
        return
    for entry in list(os.scandir(outdir)):
        name = entry.name
        if not (name.startswith('tmp') and name.endswith(_SUFFIX)):
            continue
        snapshot = name.removeprefix('tmp').removesuffix(_SUFFIX).rpartition('.')[0]
        if is_snapshot(snapshot) and entry.is_dir(follow_symlinks=False):
            _remove_if_left(os.path.join(outdir, name))


def _remove_if_left(folder: str) -> None:
    if folder in _in_use:
        return
    mark = FileLock(os.path.join(folder, _MARK))
    if not os.path.lexists(mark.path):
        # Killed before it wrote the mark, which comes first: there is nothing in it.
        with contextlib.suppress(OSError):
            os.rmdir(folder)
        return
    with contextlib.suppress(OSError):
        if mark.acquire():
            shutil.rmtree(folder, ignore_errors=True)
            mark.release()
