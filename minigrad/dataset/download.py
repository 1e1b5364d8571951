"""Where datasets lie, and how files get there.

The folder is ``MINIGRAD_DATASET_ROOT``, else ``CHAINER_DATASET_ROOT``, else the user's
cache. With ``MINIGRAD_OFFLINE=1`` nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any, TypeVar

from minigrad.named_arguments import checks_arguments

T = TypeVar('T')

_dataset_root: str | None = None
_TIMEOUT_SECONDS = 60.0


class DatasetError(RuntimeError):
    """A dataset cannot be had: a file is missing, damaged, or not the right one."""


class UnreadableFile(DatasetError, OSError, ValueError):
    """A file of a dataset is damaged or of another kind; the text names it."""


def get_dataset_root() -> str:
    """Returns the folder under which datasets are kept.

    Example:
        >>> old = minigrad.dataset.get_dataset_root()
        >>> minigrad.dataset.set_dataset_root('/tmp/data')
        >>> minigrad.dataset.get_dataset_root()
        '/tmp/data'
        >>> minigrad.dataset.set_dataset_root(old)
    """
    if _dataset_root is not None:
        return _dataset_root
    for name in ('MINIGRAD_DATASET_ROOT', 'CHAINER_DATASET_ROOT'):
        path = os.environ.get(name)
        if path:
            return path
    import pooch

    return os.path.join(str(pooch.os_cache('minigrad')), 'dataset')


def set_dataset_root(path: str | None) -> None:
    """Sets the folder under which datasets are kept; it goes before the environment.

    Args:
        path: The folder; None goes back to the environment.

    Example:
        >>> minigrad.dataset.set_dataset_root('/data')
        >>> minigrad.dataset.get_dataset_directory('mnist', create_directory=False)
        '/data/mnist'
        >>> minigrad.dataset.set_dataset_root(None)
    """
    global _dataset_root
    _dataset_root = path


@checks_arguments
def get_dataset_directory(dataset_name: str, create_directory: bool = True) -> str:
    """Returns the folder of one dataset.

    Args:
        dataset_name: Its name; slashes make folders in folders.
        create_directory: Whether to make the folder if it is not there.

    Example:
        >>> path = minigrad.dataset.get_dataset_directory('my/data', create_directory=False)
        >>> path.endswith('my/data')
        True
    """
    path = os.path.join(get_dataset_root(), dataset_name)
    if create_directory:
        os.makedirs(path, exist_ok=True)
    return path


def is_offline() -> bool:
    """Tells whether ``MINIGRAD_OFFLINE`` forbids downloads."""
    return os.environ.get('MINIGRAD_OFFLINE', '0') not in ('', '0')


def cached_download(url: str) -> str:
    """Downloads a file unless it was downloaded before.

    Args:
        url: Where it is.

    Returns:
        Path of the file under the dataset root.

    Raises:
        DatasetError: It is not there yet and downloads are forbidden, or fail.
        OSError: The folder cannot be made.

    Source: compatible with chainer.dataset.cached_download.
    """
    folder = os.path.join(get_dataset_root(), '_dl_cache')
    os.makedirs(folder, exist_ok=True)
    name = hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        download(url, path)
    return path


def download(url: str, path: str, checksum: str | None = None) -> None:
    """Downloads a file to ``path``; the file appears there whole or not at all.

    Args:
        url: Where it is.
        path: Where it goes.
        checksum: SHA-256 or MD5 of its content, if that is known.

    Raises:
        DatasetError: Downloads are forbidden, the server cannot be reached, or the
            content is not what it must be.
    """
    if is_offline():
        raise DatasetError(
            f'{path}: no such file, and MINIGRAD_OFFLINE forbids to download {url}\n'
            f'  hint: put the file there, or unset MINIGRAD_OFFLINE'
        )
    import pooch

    pooch.get_logger().setLevel('WARNING')
    sys.stderr.write(f'Downloading {url}\n')
    sys.stderr.flush()
    try:
        pooch.retrieve(
            url,
            known_hash=None if checksum is None else f'{hash_of(checksum)}:{checksum}',
            fname=os.path.basename(path),
            path=os.path.dirname(path),
            downloader=_fetch,
        )
    except (OSError, ValueError) as error:
        raise DatasetError(f'{path}: cannot download {url} ({error})') from error


def hash_of(checksum: str) -> str:
    """Returns the name of the hash that makes checksums of this length."""
    return {32: 'md5', 64: 'sha256'}[len(checksum)]


def _fetch(url: str, output_file: str, pooch: Any) -> None:
    import urllib.request  # a tenth of the time in which minigrad is imported

    # urlretrieve knows no timeout of its own, and a dead mirror must not hang.
    before = socket.getdefaulttimeout()
    if before is None:
        socket.setdefaulttimeout(_TIMEOUT_SECONDS)
    try:
        urllib.request.urlretrieve(url, output_file)
    finally:
        socket.setdefaulttimeout(before)


@checks_arguments
def cache_or_load_file(
    path: str, creator: Callable[[str], T], loader: Callable[[str], T]
) -> T:
    """Loads a file if it is there; otherwise makes it.

    Args:
        path: Where the file is kept.
        creator: Called with a temporary path: writes the file there and returns its
            content. The file is then moved to ``path`` as a whole.
        loader: Called with ``path`` if the file is there; returns its content.

    Raises:
        RuntimeError: The dataset root cannot be made.

    Source: compatible with chainer.dataset.cache_or_load_file.
    """
    if os.path.exists(path):
        return loader(path)
    try:
        os.makedirs(get_dataset_root(), exist_ok=True)
    except OSError as error:
        raise RuntimeError(
            f'{get_dataset_root()}: cannot make the folder for datasets ({error})'
        ) from error
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        temporary_path = os.path.join(temporary, os.path.basename(path))
        content = creator(temporary_path)
        if not os.path.exists(path):
            shutil.move(temporary_path, path)
    return content
