"""Sums over processes that go on while this one computes.

MPICH waits by asking again and again, which takes the core from whoever it waits for.
So `Pending.wait` asks, and sleeps in between.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy

from minigrad.dtypes import is_bfloat16
from minigrad.types import Array

TIME_LIMIT = float(os.environ.get('CHAINERMN_TIME_LIMIT', 1800))  # seconds
SPIN_SECONDS = 0.0002  # a small message takes a tenth of it
LONGEST_SLEEP = 0.002


class Pending:
    """A communication that was started.

    Args:
        request: Request of mpi4py.
        keep: Whatever must live until it has ended.
    """

    def __init__(self, request: Any, keep: Any = None) -> None:
        self._request = request
        self._keep = keep

    def done(self) -> bool:
        """Lets the communication make progress; tells whether it has ended."""
        return bool(self._request.Test())

    def wait(self, limit: float | None = None) -> bool:
        """Waits until it has ended, or for so many seconds; tells whether it has."""
        return wait_until(self.done, limit)


def wait_until(done: Callable[[], bool], limit: float | None = None) -> bool:
    """Asks until something is done, and sleeps in between.

    Args:
        done: What to ask.
        limit: Seconds after which to give up.

    Returns:
        Whether it is done.
    """
    start = time.perf_counter()
    sleep = 0.00005
    while not done():
        waited = time.perf_counter() - start
        if limit is not None and waited > limit:
            return False
        if waited < SPIN_SECONDS:
            time.sleep(0)
        else:
            time.sleep(sleep)
            sleep = min(sleep * 1.5, LONGEST_SLEEP)
    return True


def refuse_to_wait(rank: int, where: str, what: str) -> None:
    """Raises the error of a process that has waited too long for another.

    Args:
        rank: Rank of this process.
        where: What it does, such as ``'in step 12'``.
        what: What the other process has not done.

    Raises:
        RuntimeError: Always.
    """
    raise RuntimeError(
        f'chainermn: rank {rank} has waited {TIME_LIMIT:g} s {where} for another '
        f'process, which {what}: it hangs, computes for longer than that, or is at '
        'another place of the program\n'
        '  hint: all processes must call the same methods in the same order, so give them '
        'data of one length (scatter_dataset(..., force_equal_length=True)); for more '
        'time set CHAINERMN_TIME_LIMIT=7200 (seconds)'
    )


def start_sum(mpi_comm: Any, array: Array) -> Pending:
    """Begins to replace a contiguous NumPy array by its sum over the processes.

    float16 and bfloat16 are added in float32 and rounded after each addition.

    Args:
        mpi_comm: Communicator of mpi4py.
        array: What to add up; must not be touched until it has ended.
    """
    from mpi4py import MPI

    if array.dtype == numpy.float16 or is_bfloat16(array.dtype):
        operation = _narrow_sum(array.dtype)
        buffer = [array.reshape(-1).view(numpy.uint16), MPI.UINT16_T]
        return Pending(mpi_comm.Iallreduce(MPI.IN_PLACE, buffer, operation), buffer)
    if array.dtype == numpy.bool_:
        raise TypeError('allreduce does not support dtype bool')
    return Pending(mpi_comm.Iallreduce(MPI.IN_PLACE, array), array)


_narrow_sums: dict[Any, Any] = {}


def _narrow_sum(dtype: Any) -> Any:
    if dtype not in _narrow_sums:
        from mpi4py import MPI

        def add(source: Any, target: Any, _: Any) -> None:
            x = numpy.frombuffer(source, dtype)
            total = numpy.frombuffer(target, dtype)
            total[...] = x.astype(numpy.float32) + total.astype(numpy.float32)

        _narrow_sums[dtype] = MPI.Op.Create(add, commute=True)
    return _narrow_sums[dtype]
