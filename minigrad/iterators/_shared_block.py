"""Handing Python objects to another process with their arrays in shared memory.

Pickle's protocol 5 gives the memory of arrays out instead of copying it into the
pickle. Here that memory goes into a shared block, or along with the pickle when there
is no block or it is too small: slower, never wrong.
"""

from __future__ import annotations

import contextlib
import pickle
import shutil
import sys
from collections.abc import Sequence
from multiprocessing.shared_memory import SharedMemory
from typing import Any, NamedTuple

_ALIGNMENT = 64  # bytes: a cache line


class Packed(NamedTuple):
    """An object on its way."""

    pickled: bytes
    sizes: list[int]  # of the arrays in the block, if they are there
    inline: list[bytes] | None  # the arrays, if they are not
    needed: int  # bytes of a block that would hold the arrays


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def pack(obj: Any, memory: memoryview | None = None) -> Packed:
    """Pickles an object; its arrays go into ``memory`` if they fit.

    Example:
        >>> packed = pack([np.arange(3), 'text'], memory := memoryview(bytearray(64)))
        >>> packed.needed, packed.inline
        (64, None)
        >>> unpack(packed, memory)
        [array([0, 1, 2]), 'text']
    """
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(obj, protocol=5, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    sizes = [view.nbytes for view in views]
    needed = sum([_aligned(size) for size in sizes])
    if memory is None or needed > memory.nbytes:
        return Packed(pickled, sizes, [bytes(view) for view in views], needed)
    start = 0
    for view in views:
        memory[start : start + view.nbytes] = view
        start += _aligned(view.nbytes)
    return Packed(pickled, sizes, None, needed)


def unpack(packed: Packed, memory: memoryview | None, copy: bool = True) -> Any:
    """Returns the object of `pack`.

    Args:
        packed: What `pack` returned.
        memory: The memory it was given.
        copy: Whether arrays get memory of their own; otherwise they are views into
            ``memory``.
    """
    if packed.inline is not None or memory is None:
        inline = packed.inline if packed.inline is not None else []
        return pickle.loads(packed.pickled, buffers=[bytearray(b) for b in inline])
    buffers: list[Any] = []
    start = 0
    for size in packed.sizes:
        view = memory[start : start + size]
        buffers.append(bytearray(view) if copy else view)
        start += _aligned(size)
    return pickle.loads(packed.pickled, buffers=buffers)


def new_block(size: int) -> SharedMemory | None:
    """Returns a block of shared memory, or None where there is no room for it.

    Linux lets a program reserve more than there is and kills it when it writes (Docker
    gives 64 MB by default), so the room is looked at first and taken at once.
    """
    if sys.platform.startswith('linux'):
        with contextlib.suppress(OSError):
            if shutil.disk_usage('/dev/shm').free < size * 1.1:
                return None
    try:
        block = SharedMemory(create=True, size=size)
    except OSError:
        return None
    memory: Any = block.buf
    memory[:size] = bytes(size)
    return block


def free(blocks: Sequence[SharedMemory]) -> None:
    """Gives blocks back to the system."""
    for block in blocks:
        with contextlib.suppress(OSError, BufferError):
            block.close()
        with contextlib.suppress(OSError):
            block.unlink()
