"""How many threads a kernel uses, and the work space of each.

The threads themselves share kernels in ``cpu/team.py``. Numba's own threading layers
crash when two user threads call them at once, or after a fork; ours are safe in both
cases.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PIECES_PER_THREAD = 4
LINE_BYTES = 64  # of the cache: a vector that crosses two of them is read twice


class _Local(threading.local):
    scratch: dict[Any, Any] | None = None


_local = _Local()


def cores_suffice() -> bool:
    """Returns whether every thread has a core of its own to wait on."""
    return _num_threads <= _cores


def _count_cores() -> int:
    cores = os.cpu_count() or 1
    if hasattr(os, 'sched_getaffinity'):
        cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, _quota()))


def _quota(folder: Path = Path('/sys/fs/cgroup')) -> int:
    """Returns how many cores a Linux container may use; a large number if no limit."""
    for files in (('cpu.max',), ('cpu/cpu.cfs_quota_us', 'cpu/cpu.cfs_period_us')):
        try:
            words = ' '.join([(folder / name).read_text() for name in files]).split()
            quota, period = float(words[0]), float(words[1])  # 'max': no number
        except (OSError, ValueError, IndexError):
            continue
        if quota > 0 and period > 0:
            return math.ceil(quota / period)
    return sys.maxsize


_cores = _count_cores()


def _default_threads() -> int:
    for name in ('MINIGRAD_NUM_THREADS', 'OMP_NUM_THREADS'):
        value = os.environ.get(name, '').split(',')[0].strip()
        if value.isdigit() and int(value) > 0:
            return int(value)
    return _cores


_num_threads = _default_threads()


def get_num_threads() -> int:
    """Returns how many threads a kernel uses.

    Example:
        >>> minigrad.get_num_threads() >= 1
        True
    """
    return _num_threads


def set_num_threads(number: int) -> None:
    """Sets how many threads a kernel uses, for all threads of this process.

    Args:
        number: At least 1. The default is ``MINIGRAD_NUM_THREADS``, else
            ``OMP_NUM_THREADS``, else the number of CPUs that this process may use,
            limits of a container included.

    Raises:
        ValueError: ``number`` is smaller than 1.

    Example:
        >>> before = minigrad.get_num_threads()
        >>> minigrad.set_num_threads(1)
        >>> minigrad.get_num_threads()
        1
        >>> minigrad.set_num_threads(before)
    """
    global _num_threads
    if number < 1:
        raise ValueError(f'set_num_threads: number must be at least 1, got {number}')
    _num_threads = int(number)


def count_pieces(size: int, grain: int = 1) -> int:
    """Returns how many threads are worth using for ``range(size)``."""
    pieces = size // grain
    if pieces <= 1 or _num_threads == 1:
        return 1
    return min(_num_threads, pieces)


def count_shares(size: int, grain: int, threads: int) -> int:
    """Returns into how many pieces to cut a range for some threads.

    As many for each thread: one more would keep all others waiting.
    """
    return threads * min(size // grain // threads, PIECES_PER_THREAD)


def scratch(key: Any, size: int, dtype: Any) -> Any:
    """Returns a flat work array of this thread with undefined content.

    It is the same array when the same thread asks with the same key again; it must
    not leave the kernel that asked.
    """
    import numpy as np

    arrays = _local.scratch
    if arrays is None:
        arrays = _local.scratch = {}
    full_key = (key, dtype)
    array = arrays.get(full_key)
    if array is None or array.size < size:
        width = np.dtype(dtype).itemsize
        array = np.empty(size + LINE_BYTES // width, dtype)
        start = -array.ctypes.data % LINE_BYTES // width
        array = arrays[full_key] = array[start : start + size]
    return array


class _Blas:
    """Holds BLAS to one thread while at least one holder is active."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.holders = 0
        self.libraries: list[Any] | None = None
        self.before: list[int] = []

    def hold(self) -> None:
        with self.lock:
            if self.holders == 0:
                if self.libraries is None:
                    from threadpoolctl import ThreadpoolController

                    found = ThreadpoolController().select(user_api='blas')
                    self.libraries = found.lib_controllers
                self.before = [library.num_threads for library in self.libraries]
                for library in self.libraries:
                    library.set_num_threads(1)
            self.holders += 1

    def release(self) -> None:
        with self.lock:
            self.holders -= 1
            if self.holders == 0 and self.libraries is not None:
                for library, number in zip(self.libraries, self.before, strict=True):
                    library.set_num_threads(number)


_blas = _Blas()


@contextlib.contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Holds BLAS to one thread, so that each of our threads can call it.

    Example:
        >>> with single_threaded_blas():
        ...     np.ones((2, 2)) @ np.ones((2, 2))
        array([[2., 2.],
               [2., 2.]])
    """
    _blas.hold()
    try:
        yield
    finally:
        _blas.release()


def _start_anew() -> None:
    """Makes new locks in a forked child, where no thread could release the copies."""
    global _blas, _local
    if _blas.holders and _blas.libraries is not None:
        for library, number in zip(_blas.libraries, _blas.before, strict=True):
            library.set_num_threads(number)
    _blas, _local = _Blas(), _Local()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_start_anew)
