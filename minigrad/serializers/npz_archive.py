"""The container of ``.npz`` files: a zip archive of arrays, checked to the last byte.

`numpy.load` reads as many bytes as a header asks for and then stops, so that the checksum
of a member is never compared, and a header decides how much memory is taken. Here the
header is compared with the size of the member first, and each member is read to its end.
Files that are written here also hold a checksum over themselves, as the comment of the
archive, which other readers pass over.
"""

from __future__ import annotations

import hashlib
import math
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, NamedTuple

import numpy

from minigrad.serializers.errors import DamagedFile, SnapshotError, WrongEntryType
from minigrad.serializers.none_entry import NONE_ENTRY, is_none_entry
from minigrad.types import Array

_MARK = b'minigrad sha256 '
_COMMENT = _MARK + 64 * b'0'
_KINDS = 'biufcSU'
# No member of this size that holds None has been seen; NumPy's are below 400 bytes.
_LARGEST_NONE = 2000
# A byte of deflated data unfolds to 1032 at most.
_LARGEST_RATIO = 1032


class Header(NamedTuple):
    """What the beginning of a member says about its array."""

    shape: tuple[int, ...]
    dtype: numpy.dtype[Any]
    is_fortran: bool
    start: int  # where the numbers begin

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


class NpzArchive(Mapping[str, Array]):
    """The arrays of an npz file by name, each read when it is asked for.

    Args:
        file: A binary file object that can seek.

    Attributes:
        filename: Its name, for messages.

    Raises:
        DamagedFile: It is no npz file, is cut short, or is not what was written.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.filename = str(getattr(file, 'name', 'the snapshot'))
        try:
            first = file.read(6)
            file.seek(-len(first), os.SEEK_CUR)
            if first.startswith(b'\x93NUMPY'):
                raise DamagedFile(
                    f'{self.filename}: a single array (.npy), expected an .npz file'
                )
            if not first.startswith(b'PK'):
                raise ValueError('unknown first bytes')
            self._archive_ = zipfile.ZipFile(file)
            self._check_sum(file)
        except DamagedFile:
            raise
        except Exception as error:  # a zip archive can be damaged in any way
            raise DamagedFile(
                f'{self.filename}: not an npz file, or cut short ({error})\n'
                '  hint: the write was interrupted, or the file is of another kind; use '
                'an older snapshot'
            ) from error
        self._set_members()

    @classmethod
    def of(cls, archive: zipfile.ZipFile) -> NpzArchive:
        """Returns the arrays of an archive that `numpy.load` has opened."""
        self = cls.__new__(cls)
        self.filename = str(archive.filename or 'the snapshot')
        self._archive_ = archive
        self._set_members()
        return self

    def _set_members(self) -> None:
        self._members = {
            info.filename.removesuffix('.npy'): info
            for info in self._archive_.infolist()
            if info.filename.endswith('.npy')
        }

    def _check_sum(self, file: IO[bytes]) -> None:
        if not self._archive_.comment.startswith(_MARK):
            return  # of another writer
        file.seek(-len(_COMMENT), os.SEEK_END)
        end = file.tell()
        comment = file.read()
        # Where the archive begins, which need not be the beginning of the file.
        offsets = [info.header_offset for info in self._archive_.infolist()]
        file.seek(min([self._archive_.start_dir, *offsets]))
        digest = hashlib.sha256()
        left = end - file.tell()
        while left > 0:
            block = file.read(min(left, 1 << 20))
            if not block:
                break
            digest.update(block)
            left -= len(block)
        if comment != _MARK + digest.hexdigest().encode():
            raise DamagedFile(
                f'{self.filename}: damaged: its checksum is not that of its contents\n'
                '  hint: it was altered after it was written; use an older snapshot'
            )

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    @property
    def headers(self) -> Mapping[str, Header]:
        """What all entries are, each read when it is asked for."""
        return _Headers(self)

    def header(self, name: str) -> Header:
        """Returns what an entry is, without reading its numbers.

        Raises:
            DamagedFile: It does not fit the size of its member.
        """
        header: Header = self._guard(name, self._read_header)
        return header

    def __getitem__(self, name: str) -> Array:
        """Reads an entry to its end; None is a 0-d array of an object.

        Raises:
            KeyError: There is none.
            DamagedFile: Its bytes are not those that were written.
            WrongEntryType: It holds a pickle, which is never executed.
        """
        if name not in self._members:
            raise KeyError(name)
        return self._guard(name, self._read)

    def _guard(
        self, name: str, read: Callable[[IO[bytes], str, zipfile.ZipInfo], Any]
    ) -> Any:
        info = self._members[name]
        try:
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f'compressed in way number {info.compress_type}')
            if info.file_size > info.compress_size * _LARGEST_RATIO:
                raise ValueError('it says that it is larger than it can be')
            with self._archive_.open(info) as member:
                return read(member, name, info)
        except SnapshotError:
            raise
        except Exception as error:  # bad checksums, headers, encryption and so on
            raise DamagedFile(
                f'{self.filename}: {name!r} is damaged ({error})'
            ) from error

    def _read_header(
        self, member: IO[bytes], name: str, info: zipfile.ZipInfo
    ) -> Header:
        version = numpy.lib.format.read_magic(member)
        read = {
            (1, 0): numpy.lib.format.read_array_header_1_0,
            (2, 0): numpy.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f'version {version} of the format')
        shape, is_fortran, dtype = read(member)
        header = Header(shape, dtype, is_fortran, member.tell())
        if dtype.kind == 'O':
            return header
        if dtype.kind not in _KINDS:
            raise WrongEntryType(
                f'{self.filename}: {name!r} holds {dtype}, expected numbers or texts'
            )
        if min((0, *shape)) < 0 or (dtype.itemsize == 0 and header.size > 1):
            raise ValueError(f'shape {shape}')
        expected = header.start + header.size * dtype.itemsize
        if expected != info.file_size:
            raise ValueError(
                f'shape {shape} of {dtype} takes {expected} bytes, the entry has '
                f'{info.file_size}'
            )
        return header

    def _read(self, member: IO[bytes], name: str, info: zipfile.ZipInfo) -> Array:
        header = self._read_header(member, name, info)
        if header.dtype.kind == 'O':
            return self._read_none(name, info)
        flat = numpy.empty(header.size, header.dtype)
        _fill(member, flat)
        array = flat.reshape(header.shape, order='F' if header.is_fortran else 'C')
        # Numbers of a machine with the other byte order become those of this one.
        return array.astype(array.dtype.newbyteorder('='), copy=False)

    def _read_none(self, name: str, info: zipfile.ZipInfo) -> Array:
        content = self._archive_.read(info) if info.file_size <= _LARGEST_NONE else b''
        if is_none_entry(content):
            return numpy.asarray(None)
        raise WrongEntryType(
            f'{self.filename}: {name!r} holds a pickle of Python objects; minigrad does '
            'not execute pickles\n  hint: load the file where it comes from and save '
            'the values as arrays'
        )


class _Headers(Mapping[str, Header]):
    """Looks like a dictionary of arrays, as far as shapes and dtypes are concerned."""

    def __init__(self, archive: NpzArchive) -> None:
        self._archive_ = archive

    def __getitem__(self, name: str) -> Header:
        if name not in self._archive_:
            raise KeyError(name)
        return self._archive_.header(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._archive_)

    def __len__(self) -> int:
        return len(self._archive_)


def _fill(member: IO[bytes], flat: Array) -> None:
    """Fills an array with exactly the rest of a member, whose checksum is compared."""
    place = memoryview(flat.view(numpy.uint8)) if flat.itemsize else memoryview(b'')
    while len(place):
        block = member.read(min(len(place), 1 << 20))
        if not block:
            raise EOFError('it ends too early')
        place[: len(block)] = block
        place = place[len(block) :]
    if member.read(1):
        raise ValueError('it goes on after its end')


def write_npz(file: IO[bytes], arrays: Mapping[str, Any], compression: bool) -> None:
    """Writes arrays, or None, into an npz file with a checksum.

    Raises:
        WrongEntryType: A value is an array of Python objects.
    """
    hashed = _Hashed(file)
    with zipfile.ZipFile(hashed, 'w') as archive:  # type: ignore[call-overload]
        archive.comment = _COMMENT
        for name, value in arrays.items():
            # ZipInfo's fixed date makes equal contents equal files.
            member = zipfile.ZipInfo(f'{name}.npy')
            member.compress_type = (
                zipfile.ZIP_DEFLATED if compression else zipfile.ZIP_STORED
            )
            with archive.open(member, 'w', force_zip64=True) as entry:
                write_entry(entry, name, value)
    hashed.finish()


def write_entry(entry: IO[bytes], name: str, value: Any) -> None:
    """Writes one array as ``.npy``."""
    array = numpy.asanyarray(value)
    if array.dtype != object:
        numpy.lib.format.write_array(entry, array, allow_pickle=False)
    elif array.shape == () and array[()] is None:
        entry.write(NONE_ENTRY)
    else:
        raise WrongEntryType(
            f'save_npz: {name!r} is an array of Python objects, which only a pickle '
            'could hold\n  hint: save numbers, strings or None'
        )


class _Hashed:
    """A stream that puts a checksum in place of its last bytes.

    It does not seek, so that nothing changes that was counted.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._last = b''

    def write(self, data: Any) -> int:
        raw = memoryview(data).cast('B')
        if len(raw) >= len(_COMMENT):
            self._put(self._last)
            self._put(raw[: -len(_COMMENT)])
            self._last = bytes(raw[-len(_COMMENT) :])
        else:
            self._last += raw
            self._put(self._last[: -len(_COMMENT)])
            self._last = self._last[-len(_COMMENT) :]
        return len(raw)

    def _put(self, data: Any) -> None:
        self._digest.update(data)
        self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def finish(self) -> None:
        """Writes the checksum in place of the comment of zeros."""
        if self._last != _COMMENT:
            raise RuntimeError('an archive that does not end with its comment')
        self._file.write(_MARK + self._digest.hexdigest().encode())
