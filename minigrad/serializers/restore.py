"""Putting a loaded value where an object keeps it: shared by all file formats."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad import backend
from minigrad.bfloat16 import is_bfloat16
from minigrad.serializers.errors import SnapshotMismatch, WrongEntryType
from minigrad.types import Array


def to_file(value: Any) -> Any:
    """Returns a value in main memory, as files can hold it: bfloat16 as float32.

    Example:
        >>> to_file(np.ones(2, 'f')).dtype
        dtype('float32')
    """
    array = backend.CpuDevice().send_array(value)
    return array.astype(numpy.float32) if is_bfloat16(array.dtype) else array


def restore(name: str, data: Array, value: Any) -> Any:
    """Returns ``data`` as ``value`` wants it.

    Args:
        name: The entry, for messages.
        data: What the file holds, a NumPy array.
        value: An array of any device, filled in place; None, which takes ``data`` as
            it is; or a number or string, whose type the result gets.

    Raises:
        SnapshotMismatch: The shapes differ.
        WrongEntryType: The kinds differ, such as a float where an int belongs.

    Example:
        >>> restore('t', np.array(3), 0)
        3
    """
    if value is None:
        return data
    if not backend.is_array(value):
        return _to_scalar(name, data, value)
    if data.shape != value.shape and not data.size == value.size == 1:
        raise SnapshotMismatch(
            f'{name}: the file holds shape {data.shape}, the object has {value.shape}'
        )
    narrows = is_bfloat16(value.dtype) and data.dtype.kind == 'f'
    if not narrows and not numpy.can_cast(data.dtype, value.dtype, 'same_kind'):
        raise WrongEntryType(
            f'{name}: the file holds {data.dtype}, the object has {value.dtype}'
        )
    backend.copyto(value, data.reshape(value.shape).astype(value.dtype, copy=False))
    return value


def _to_scalar(name: str, data: Array, value: Any) -> Any:
    wanted = type(value)
    kind = data.dtype.kind
    whole = kind in 'iu' and wanted is int
    if kind in 'iufc' and not whole and not numpy.can_cast(data.dtype, wanted, 'safe'):
        raise WrongEntryType(
            f'{name}: cannot safely turn {data.dtype} in the file into '
            f'{wanted.__name__}'
        )
    if data.size != 1:
        raise SnapshotMismatch(
            f'{name}: the file holds shape {data.shape}, the object a single '
            f'{wanted.__name__}'
        )
    item = data.reshape(())[()]
    if isinstance(item, bytes):  # HDF5 keeps text as bytes
        item = item.decode()
    return wanted(item)
