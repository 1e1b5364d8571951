"""What an array message consists of, sent ahead of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from minigrad.backend import get_array_module, is_array
from minigrad.types import ArrayModule


class MessageType:
    """Shapes and dtype of an array or of a tuple of arrays.

    Args:
        obj: The message.
        caller: Name of the method, for messages.

    Raises:
        TypeError: It is no array or tuple of them, has several dtypes, or one that
            cannot be sent.
        ValueError: A tuple holds something else than arrays of one module.
    """

    def __init__(self, obj: Any, caller: str) -> None:
        if is_array(obj):
            arrays, self.is_tuple = [obj], False
        elif isinstance(obj, Iterable):
            arrays, self.is_tuple = list(obj), True
            if (
                not all(is_array(x) for x in arrays)
                or len({get_array_module(x) for x in arrays}) != 1
            ):
                raise ValueError(
                    f'{caller}: all message objects must be either numpy or cupy '
                    f'arrays, got {[type(x).__name__ for x in arrays]}'
                )
        else:
            raise TypeError(
                f'{caller}: expected an array or a tuple of arrays, got '
                f'{type(obj).__name__}\n  hint: {caller}_obj takes any object, where '
                'there is one'
            )
        dtypes = {x.dtype for x in arrays}
        if len(dtypes) != 1:
            raise TypeError(
                f'{caller}: expected arrays of the same dtype, got '
                f'{[str(x.dtype) for x in arrays]}'
            )
        self.is_host = isinstance(arrays[0], numpy.ndarray)
        self.shapes = [x.shape for x in arrays]
        self.dtype = arrays[0].dtype
        if self.dtype.kind in 'OMmUS':
            raise TypeError(f'{caller} does not support dtype {self.dtype}')

    @property
    def xp(self) -> ArrayModule:
        """The array module of the sender."""
        if self.is_host:
            return numpy
        import cupy

        return cupy

    def single(self, caller: str) -> None:
        """Refuses a tuple."""
        if self.is_tuple:
            raise TypeError(f'{caller} cannot handle tuple data; call it once for each')


def same_dtype(types: list[MessageType], caller: str) -> None:
    """Raises TypeError unless all processes sent one dtype."""
    if any(t.dtype != types[0].dtype for t in types):
        raise TypeError(
            f'{caller}: all dtypes must be the same, got '
            f'{[str(t.dtype) for t in types]} from ranks 0 to {len(types) - 1}'
        )
