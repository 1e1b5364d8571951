"""What NVRTC says of a compiled kernel: its parameters, shared memory and registers.

A cubin is an ELF file. Its sections ``.nv.info`` hold records of one byte of format, one
of attribute, and two of a value or of the number of bytes that follow.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_SIZED = 4  # the format of a record whose bytes follow
_PARAMETER, _REGISTERS = 0x17, 0x2F


class Kernel(NamedTuple):
    """What a kernel takes."""

    parameters: tuple[tuple[int, int], ...]  # offset and size of each
    shared: int  # bytes for each block, known when it was compiled
    registers: int  # for each thread


def kernels(cubin):
    """Returns the kernels of a cubin by name."""
    sections = _sections(cubin)
    symbols = _symbols(cubin, sections)
    registers = {
        symbols[struct.unpack_from('<I', data)[0]]: struct.unpack_from('<I', data, 4)[0]
        for attribute, data in _records(_content(cubin, sections.get('.nv.info')))
        if attribute == _REGISTERS
    }
    found = {}
    for name in sections:
        if not name.startswith('.text.'):
            continue
        kernel = name[len('.text.') :]
        records = _records(_content(cubin, sections[f'.nv.info.{kernel}']))
        shared = sections.get(f'.nv.shared.{kernel}')
        found[kernel] = Kernel(
            tuple(sorted(_parameter(d) for a, d in records if a == _PARAMETER)),
            0 if shared is None else shared[1],
            registers[kernel],
        )
    return found


def _parameter(data):
    _, _, offset, flags = struct.unpack('<IHHI', data)
    return offset, flags >> 18


def _sections(cubin):
    """Returns (offset, size, kind, link) of each section by name."""
    (start,) = struct.unpack_from('<Q', cubin, 40)
    size, count, names = struct.unpack_from('<HHH', cubin, 58)
    headers = [
        struct.unpack_from('<IIQQQQII', cubin, start + i * size) for i in range(count)
    ]
    base = headers[names][4]
    return {
        _text(cubin, base + name): (offset, length, kind, link)
        for name, kind, _, _, offset, length, link, _ in headers
    }


def _symbols(cubin, sections):
    offset, size, *_ = sections['.symtab']
    base = sections['.strtab'][0]
    places = range(offset, offset + size, 24)
    return [_text(cubin, base + struct.unpack_from('<I', cubin, p)[0]) for p in places]


def _text(cubin, start):
    return cubin[start : cubin.index(b'\0', start)].decode()


def _content(cubin, section):
    return b'' if section is None else cubin[section[0] : section[0] + section[1]]


def _records(data):
    place = 0
    while place < len(data):
        form, attribute, value = struct.unpack_from('<BBH', data, place)
        place += 4
        length = value if form == _SIZED else 0
        yield attribute, data[place : place + length]
        place += length
