"""Damaging files: at random bytes, and inside the members of zip archives."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile

_NUMBERS = (0, 1, 2, 7, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1)
_LARGE = (2**33, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


def mutate(samples: list[bytes], rng: random.Random) -> bytes:
    """Returns one of the samples with one to four changes."""
    data = rng.choice(samples)
    is_archive = data[:2] == b'PK'
    if is_archive and rng.random() < 0.5:
        return _change_member(data, samples, rng)
    return _change(data, samples, rng)


def _change(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(_CHANGES)(data, samples, rng)
    return data


def _change_member(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    """Writes the archive anew, so that checksums are right and contents are not."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    target = rng.randrange(len(members))
    kind = rng.choice(
        ('content', 'content', 'content', 'name', 'twice', 'gone', 'pack')
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        for i, (info, content) in enumerate(members):
            name, method = info.filename, info.compress_type
            if i == target:
                if kind == 'content':
                    inside = [content for _, content in members]
                    content = _change(content, inside, rng)
                elif kind == 'name':
                    name = rng.choice(
                        (
                            f'../{name}',
                            f'{name}x',
                            name[1:] or 'x',
                            name.upper(),
                            'ñ',
                            '/',
                        )
                    )
                elif kind == 'pack':
                    method = rng.choice((0, 8, 12, 14))
                elif kind == 'gone':
                    continue
            archive.writestr(name, content, method)
            if i == target and kind == 'twice':
                archive.writestr(f'{name}.npy', content, method)
    return stream.getvalue()


def _flip(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    if not data:
        return b'\0'
    i = rng.randrange(len(data))
    return data[:i] + bytes([data[i] ^ 1 << rng.randrange(8)]) + data[i + 1 :]


def _set(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    i = rng.randrange(len(data) + 1)
    return data[:i] + bytes([rng.randrange(256)]) + data[i + 1 :]


def _set_number(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    size = rng.choice((2, 4, 8))
    number = rng.choice(_NUMBERS + _LARGE) % 2 ** (8 * size)
    raw = number.to_bytes(size, rng.choice(('little', 'big')))
    i = rng.randrange(len(data) + 1)
    return data[:i] + raw + data[i + size :]


def _set_digits(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    """Changes a number in a text: a shape, a label."""
    places = list(re.finditer(rb'\d+', data[:100000]))
    if not places:
        return _flip(data, samples, rng)
    place = rng.choice(places)
    number = rng.choice((*_NUMBERS, *_LARGE, -1, 10**30))
    return data[: place.start()] + b'%d' % number + data[place.end() :]


def _delete(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    i = rng.randrange(len(data) + 1)
    return data[:i] + data[i + rng.choice((1, 2, 4, 16, 64, 256)) :]


def _truncate(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _insert(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    i = rng.randrange(len(data) + 1)
    return data[:i] + rng.randbytes(rng.choice((1, 2, 4, 16))) + data[i:]


def _repeat(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    i = rng.randrange(len(data) + 1)
    size = rng.choice((1, 2, 4, 16, 64, 256))
    return data[: i + size] + data[i:]


def _move(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    """Puts a part of any sample somewhere else: an instruction, a header."""
    other = rng.choice(samples)
    i, j = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    size = rng.choice((1, 2, 4, 16, 64, 256))
    gap = size if rng.random() < 0.5 else 0
    return data[:i] + other[j : j + size] + data[i + gap :]


def _clear(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    i, size = rng.randrange(len(data) + 1), rng.choice((4, 16, 512))
    return data[:i] + bytes(min(size, len(data) - i)) + data[i + size :]


def _set_float(data: bytes, samples: list[bytes], rng: random.Random) -> bytes:
    raw = struct.pack('<f', rng.choice((float('nan'), float('inf'), -0.0, 3e38)))
    i = rng.randrange(len(data) + 1)
    return data[:i] + raw + data[i + 4 :]


_CHANGES = (
    _flip,
    _flip,
    _set,
    _set_number,
    _set_digits,
    _delete,
    _truncate,
    _insert,
    _repeat,
    _move,
    _clear,
    _set_float,
)
