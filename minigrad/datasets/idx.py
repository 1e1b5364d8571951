"""The IDX format of MNIST and its relatives."""

from __future__ import annotations

import math
import struct

import numpy

from minigrad.dataset.download import DatasetError
from minigrad.types import Array


def parse_idx(content: bytes, name: str) -> Array:
    """Returns the array of bytes in an IDX file.

    Args:
        content: The decompressed file: two zero bytes, a type code (8 for bytes), the
            number of axes, the sizes as big-endian integers, then the values.
        name: Its name, for messages.

    Raises:
        DatasetError: It is no IDX file of bytes, or is cut short.

    Example:
        >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]), 'labels')
        array([7, 8, 9], dtype=uint8)
    """
    if len(content) < 4 or content[:3] != b'\0\0\x08':
        raise DatasetError(
            f'{name}: not an IDX file of bytes: it begins with {content[:4]!r}, expected '
            "b'\\x00\\x00\\x08' and the number of axes"
        )
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise DatasetError(f'{name}: cut short inside its header: {len(content)} bytes')
    shape = struct.unpack(f'>{content[3]}I', content[4:start])
    if len(content) - start != math.prod(shape):
        raise DatasetError(
            f'{name}: expected {math.prod(shape)} values of shape {shape}, got '
            f'{len(content) - start}'
        )
    values = numpy.frombuffer(content, numpy.uint8, offset=start)
    try:
        return values.reshape(shape)
    except ValueError as error:  # more axes than NumPy has
        raise DatasetError(f'{name}: it has {len(shape)} axes ({error})') from error
