"""Finding, checking and downloading the files of a dataset."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from minigrad.dataset.download import (
    DatasetError,
    download,
    get_dataset_directory,
    hash_of,
    is_offline,
)

# Images and labels are packed to a half or a tenth; zeros, to a thousandth.
_LARGEST_RATIO = 50


class DataFile(NamedTuple):
    """A file as its authors publish it.

    Packagers and archives compress files anew, so a gzip file is also right when what
    is inside has the right hash.
    """

    name: str  # such as 'train-images-idx3-ubyte.gz'
    checksum: str  # SHA-256 of the published file, or MD5 where only that is known
    urls: tuple[str, ...]  # mirrors, tried one after another
    content_sha256: str | None = None  # of the decompressed file, where known


def load(dataset: str, file: DataFile, folders: Sequence[str] = ()) -> bytes:
    """Returns the decompressed content of a file, downloading it if it is nowhere.

    Args:
        dataset: Name of the dataset, which is its folder under the dataset root.
        file: What to load.
        folders: Other folders to look into, such as those of system packages.

    Raises:
        DatasetError: The file is damaged, is not the published one, or cannot be had.
    """
    path = find(dataset, file, folders)
    if path is None:
        path = fetch(dataset, file)
    return read(path, file)


def find(dataset: str, file: DataFile, folders: Sequence[str] = ()) -> Path | None:
    """Returns where a file lies, compressed or not, or None."""
    own = get_dataset_directory(dataset, create_directory=False)
    for folder in (own, *folders):
        for name in (file.name, file.name.removesuffix('.gz')):
            path = Path(folder, name)
            if path.is_file():
                return path
    return None


def fetch(dataset: str, file: DataFile) -> Path:
    """Downloads a file from the first mirror that gives the published content."""
    folder = get_dataset_directory(dataset, create_directory=False)
    path = Path(folder, file.name)
    by_hand = (
        f'  hint: put {file.name} into {folder} by hand, or set MINIGRAD_DATASET_ROOT to '
        f'the folder that holds {dataset}/{file.name}'
    )
    if is_offline():
        raise DatasetError(
            f'{path}: no such file, and MINIGRAD_OFFLINE forbids to download it\n'
            f'{by_hand}, or unset MINIGRAD_OFFLINE'
        )
    os.makedirs(folder, exist_ok=True)
    failures = []
    for url in file.urls:
        try:
            download(url, str(path), file.checksum)
        except DatasetError as error:
            failures.append(f'  {error}')
        else:
            return path
    raise DatasetError(
        '\n'.join([f'{path}: no mirror gave this file', *failures, by_hand])
    )


def read(path: Path, file: DataFile) -> bytes:
    """Returns the decompressed content of a file after checking it."""
    raw = path.read_bytes()
    is_published = checksum_of(raw, file.checksum) == file.checksum
    content = raw
    if path.suffix == '.gz':
        if not is_published and file.content_sha256 is None:
            raise _wrong(path, file, raw, 'not the published file')
        try:
            content = gzip.decompress(raw) if is_published else _decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise _wrong(path, file, raw, f'damaged ({error})') from error
    if is_published:
        return content
    if hashlib.sha256(content).hexdigest() != file.content_sha256:
        raise _wrong(path, file, content, 'not the published file')
    return content


def checksum_of(content: bytes, like: str) -> str:
    """Returns the checksum of a content, of the same kind as another checksum."""
    return hashlib.new(hash_of(like), content, usedforsecurity=False).hexdigest()


def _decompress(raw: bytes) -> bytes:
    """Decompresses a file that somebody else has packed, unless it grows too much."""
    most = (1 << 20) + _LARGEST_RATIO * len(raw)
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
        content = file.read(most)
        if file.read(1):
            raise OSError(f'it unfolds to more than {most} bytes')
    return content


def _wrong(path: Path, file: DataFile, content: bytes, what: str) -> DatasetError:
    expected = file.content_sha256 if file.content_sha256 is not None else file.checksum
    inside = ' of its content' if file.content_sha256 is not None else ''
    return DatasetError(
        f'{path}: {what}\n'
        f'  expected  {hash_of(expected)}{inside} {expected}\n'
        f'  got       {checksum_of(content, expected)}, {len(content)} bytes\n'
        '  hint: delete the file; it is downloaded again when it is next asked for'
    )
