"""A small pool of threads for kernels that release the GIL.

A kernel is cut into pieces; the calling thread and the pool's threads take one after the
other, so that a thread which wakes up late or shares its core does less. What a piece
computes depends on the number of threads only, not on who computes it: results are
equal from run to run. Numba's own threading layers crash when two user threads call
them at once, or after a fork; this pool is safe in both cases.

Pieces here are Python calls, for kernels that consist of several compiled ones. A kernel
that is one compiled loop is shared without the GIL, see ``cpu/team.py``.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

PIECES_PER_THREAD = 4
LINE_BYTES = 64  # of the cache: a vector that crosses two of them is read twice

Piece = Callable[[int, int, int], object]


class _Job:
    """One call that was cut into pieces: hands them out, keeps the first error."""

    __slots__ = (
        'body',
        'done',
        'error',
        'left',
        'lock',
        'pieces',
        'size',
        'taken',
    )

    def __init__(self, body: Piece, size: int, pieces: int) -> None:
        self.body: Piece | None = body
        self.size = size
        self.pieces = pieces
        self.taken = 0
        self.left = pieces
        self.error: BaseException | None = None
        self.lock = threading.Lock()
        self.done = threading.Lock()
        self.done.acquire()

    def work(self) -> None:
        """Does pieces until none is left."""
        while True:
            with self.lock:
                index, body = self.taken, self.body
                if index == self.pieces or body is None:
                    return
                self.taken += 1
            size, pieces = self.size, self.pieces
            try:
                body(index, size * index // pieces, size * (index + 1) // pieces)
            except BaseException as error:
                self.error = error
            with self.lock:
                self.left -= 1
                if self.left == 0:
                    self.body = None  # and the arrays it holds
                    self.done.release()

    def wait(self) -> None:
        self.done.acquire()
        if self.error is not None:
            raise self.error


class _Pool:
    """Daemon threads that serve one queue; started when first needed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.queue: SimpleQueue[_Job] = SimpleQueue()
        self.workers = 0

    def ensure(self, workers: int) -> None:
        with self.lock:
            while self.workers < workers:
                threading.Thread(
                    target=_serve, args=(self,), name='minigrad', daemon=True
                ).start()
                self.workers += 1


class _Local(threading.local):
    inside = False  # in a piece of a parallel call: nested calls stay in this thread
    scratch: dict[Any, Any] | None = None


_local = _Local()
_pool = _Pool()


def _serve(pool: _Pool) -> None:
    _local.inside = True
    while True:
        pool.queue.get().work()  # held by no name here: a job holds arrays


def cores_suffice() -> bool:
    """Returns whether every thread has a core of its own to wait on."""
    return _num_threads <= _cores


def _count_cores() -> int:
    cores = os.cpu_count() or 1
    if hasattr(os, 'sched_getaffinity'):
        cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, _quota()))


def _quota(folder: Path = Path('/sys/fs/cgroup')) -> int:
    """Returns how many cores' time a container on Linux may use; many if no limit."""
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


def parallel(body: Piece, size: int, grain: int = 1) -> None:
    """Calls ``body(index, start, stop)`` on pieces of ``range(size)``, in threads.

    Args:
        body: Computes one piece; ``index`` counts the pieces.
        size: Length of the range.
        grain: A piece is at least this long, so that tiny work stays here.
    """
    threads = count_pieces(size, grain)
    if threads == 1:
        body(0, 0, size)
        return
    pieces = count_shares(size, grain, threads)
    pool, job = _pool, _Job(body, size, pieces)
    if pool.workers < threads - 1:
        pool.ensure(threads - 1)
    for _ in range(threads - 1):
        pool.queue.put(job)
    _local.inside = True
    try:
        job.work()
    finally:
        _local.inside = False
    job.wait()


def count_pieces(size: int, grain: int = 1) -> int:
    """Returns how many threads are worth their while on ``range(size)`` here."""
    pieces = size // grain
    if pieces <= 1 or _num_threads == 1 or _local.inside:
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
    """In a forked child: its copy of the pool has no threads, its locks no owners."""
    global _pool, _blas, _local
    if _blas.holders and _blas.libraries is not None:
        for library, number in zip(_blas.libraries, _blas.before, strict=True):
            library.set_num_threads(number)
    _pool, _blas, _local = _Pool(), _Blas(), _Local()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_start_anew)
