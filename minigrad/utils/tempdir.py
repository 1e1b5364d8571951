"""A directory that lives as long as a ``with`` block."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def tempdir(**kwargs: Any) -> Iterator[str]:
    """Makes a temporary directory and removes it at the end of the block.

    Args:
        kwargs: Arguments of `tempfile.mkdtemp`, and ``ignore_errors`` of
            `shutil.rmtree`.

    Example:
        >>> import os
        >>> with minigrad.utils.tempdir(prefix='run') as path:
        ...     os.path.isdir(path)
        True
    """
    ignore_errors = kwargs.pop('ignore_errors', False)
    path = tempfile.mkdtemp(**kwargs)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=ignore_errors)
