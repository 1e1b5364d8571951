"""Putting a loaded value where an object keeps it: shared by all file formats."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad import backend
from minigrad.dtypes import is_bfloat16
from minigrad.serializers.errors import SnapshotMismatch, WrongEntryType
from minigrad.types import Array


def to_file(value: Any) -> Any:
    """Returns a value in main memory, as files can hold it: bfloat16 as float32.

    Raises:
        WrongEntryType: It is a list whose items have not one type or one shape.

    Example:
        >>> to_file(np.ones(2, 'f')).dtype
        dtype('float32')
        >>> to_file(['cat', 'dog']).shape
        (2,)
    """
    if isinstance(value, (str, bytes, list, tuple)):
        return _array_of(value)
    array = backend.CpuDevice().send_array(value)
    return array.astype(numpy.float32) if is_bfloat16(array.dtype) else array


def _array_of(value: Any) -> Array:
    """Returns a text or a list as an array from which it can be had back."""
    if isinstance(value, bytes):
        # NumPy's texts of bytes end before the zeros at their end.
        is_kept = value != b'' and not value.endswith(b'\0')
        return numpy.asarray(value) if is_kept else numpy.frombuffer(value, numpy.uint8)
    if isinstance(value, str):
        items = [value]
        array = numpy.asarray(items)
    else:
        try:
            array = numpy.asarray([to_file(item) for item in value])
        except (ValueError, TypeError, AttributeError) as error:
            raise WrongEntryType(
                f'a {type(value).__name__} whose items have different shapes, or are no '
                'numbers and texts, cannot be saved\n  hint: save them one by one, under names of their own'
            ) from error
        items = list(value)
    types = {type(item) for item in items}
    is_text = array.dtype.kind in 'US' and array.ndim == 1
    if is_text and (len(types) > 1 or array.tolist() != items):
        raise WrongEntryType(
            f'a {type(value).__name__} with items of types '
            f'{", ".join(sorted(t.__name__ for t in types))} would be changed by saving'
            '\n  hint: save them one by one, under names of their own'
        )
    return array[0] if isinstance(value, str) else array


def check(name: str, shape: tuple[int, ...], dtype: Any, value: Any) -> None:
    """Refuses what cannot become ``value``, before it is read.

    Args:
        name: The entry, for messages.
        shape: Shape in the file.
        dtype: Dtype in the file; that of Python objects passes, it may be None.
        value: What the object has; see `restore`.

    Raises:
        SnapshotMismatch: The shapes differ.
        WrongEntryType: The kinds differ.
    """
    if value is None or dtype.kind == 'O':
        return
    size = math.prod(shape)
    if not backend.is_array(value):
        if not isinstance(value, (list, tuple, bytes)):
            _check_scalar(name, shape, dtype, type(value))
        return
    if shape != value.shape and not size == value.size == 1:
        raise SnapshotMismatch(
            f'{name}: the file holds shape {shape}, the object has {value.shape}'
        )
    narrows = is_bfloat16(value.dtype) and dtype.kind == 'f'
    if not narrows and not numpy.can_cast(dtype, value.dtype, 'same_kind'):
        raise WrongEntryType(
            f'{name}: the file holds {dtype}, the object has {value.dtype}'
        )


def restore(name: str, data: Array, value: Any) -> Any:
    """Returns ``data`` as ``value`` wants it.

    Args:
        name: The entry, for messages.
        data: What the file holds, a NumPy array.
        value: An array of any device, filled in place; None, which takes ``data`` as
            it is; or a number, text, list or tuple, whose type the result gets.

    Raises:
        SnapshotMismatch: The shapes differ.
        WrongEntryType: The kinds differ, such as a float where an int belongs.

    Example:
        >>> restore('t', np.array(3), 0)
        3
        >>> restore('names', np.array(['cat', 'dog']), [])
        ['cat', 'dog']
    """
    check(name, data.shape, data.dtype, value)
    if value is None:
        return data
    if isinstance(value, (list, tuple)):
        return _to_items(name, data, value)
    if isinstance(value, bytes):
        return _to_bytes(name, data)
    if not backend.is_array(value):
        return _to_scalar(data, type(value))
    backend.copyto(value, data.reshape(value.shape).astype(value.dtype, copy=False))
    return value


def _check_scalar(name: str, shape: tuple[int, ...], dtype: Any, wanted: Any) -> None:
    whole = dtype.kind in 'iu' and wanted is int
    is_number = dtype.kind in 'iufc'
    if is_number and not whole and not numpy.can_cast(dtype, wanted, 'safe'):
        raise WrongEntryType(
            f'{name}: cannot safely turn {dtype} in the file into {wanted.__name__}'
        )
    if math.prod(shape) != 1:
        raise SnapshotMismatch(
            f'{name}: the file holds shape {shape}, the object a single '
            f'{wanted.__name__}'
        )


def _to_scalar(data: Array, wanted: Any) -> Any:
    item = data.reshape(())[()]
    if isinstance(item, bytes):  # HDF5 keeps text as bytes
        item = item.decode()
    return wanted(item)


def _to_items(name: str, data: Array, value: Any) -> Any:
    """Returns the items of an array in a list or tuple; arrays, if they have axes."""
    if data.ndim == 0:
        raise SnapshotMismatch(
            f'{name}: the file holds a single value, the object a '
            f'{type(value).__name__}'
        )
    is_nested = len(value) > 0 and isinstance(value[0], (list, tuple))
    if data.ndim == 1:
        items = data.tolist()
    elif is_nested:
        items = [_to_items(name, item, value[0]) for item in data]
    else:
        items = [item.copy() for item in data]
    return type(value)(items)


def _to_bytes(name: str, data: Array) -> Any:
    if data.dtype.kind == 'S' and data.size == 1:
        return data.item()
    if data.dtype == numpy.uint8 and data.ndim == 1:
        return data.tobytes()
    raise WrongEntryType(f'{name}: the file holds {data.dtype}, the object bytes')
