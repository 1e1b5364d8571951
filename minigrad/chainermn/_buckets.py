"""Gradients on their way through the network, many at a time.

A bucket holds the gradients of some parameters, which become final one after the other
while backward runs. A large gradient is a bucket of its own and is added up where it
lies. Small ones are copied into one buffer, and afterwards are views of it: no copy back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from minigrad.backend import using_device
from minigrad.configuration import is_debug
from minigrad.types import Array

FIRST_BUCKET_BYTES = 1024 * 1024  # something to send while most of backward is to come


class Bucket:
    """Gradients of one dtype that travel in one message.

    Args:
        comm: Communicator that adds up.
        params: The parameters, in the order in which they lie in the buffer.
        dtype: Dtype in which they travel.
    """

    def __init__(self, comm: Any, params: Sequence[Any], dtype: Any) -> None:
        self.params = tuple(params)
        self.dtype = dtype
        self.size = sum(p.size for p in params)
        self._comm = comm
        self._flat: Any = None
        self._pending: Any = None
        self.left = len(self.params)
        self.started = self.ended = 0.0

    @property
    def in_flight(self) -> bool:
        """Whether it was started and has not arrived, as far as is known."""
        return self._pending is not None and self.ended == 0

    def rewind(self) -> None:
        """Gets ready for the next backward."""
        self.left = len(self.params)
        self.started = self.ended = 0.0
        self._pending = self._flat = None

    def start(self) -> None:
        """Sends the gradients off; a missing one is sent as zeros."""
        self.started = time.perf_counter()
        with using_device(self.params[0].device):
            self._flat = self._gather()
            self._pending = self._comm._start_sum(self._flat)

    def _gather(self) -> Array:
        if len(self.params) == 1:
            grad = self.params[0].grad
            if grad is not None and grad.dtype == self.dtype and _own(grad):
                return grad.reshape(-1)
        # A new one each time: somebody may have kept a gradient of the last step.
        buffer = self.params[0].xp.empty(self.size, self.dtype)
        for param, part in self._parts_(buffer):
            part[...] = 0 if param.grad is None else param.grad
        return buffer

    def _parts_(self, flat: Array) -> Iterator[tuple[Any, Array]]:
        start = 0
        for param in self.params:
            yield param, flat[start : start + param.size].reshape(param.shape)
            start += param.size

    def test(self) -> None:
        """Lets it make progress."""
        if self.in_flight and self._pending.done():
            self.ended = time.perf_counter()

    def wait(self, limit: float) -> bool:
        """Waits until it has arrived; tells whether it has within so many seconds."""
        if not self._pending.wait(limit):
            return False
        self.ended = self.ended or time.perf_counter()
        return True

    def take_mean(self, n_processes: int, present: Any = None) -> None:
        """Makes the gradients of the parameters the means.

        Args:
            n_processes: Number of processes that took part.
            present: If given, a parameter has a gradient only if its entry is true.
        """
        with using_device(self.params[0].device):
            flat = self._flat
            if n_processes > 1:
                flat /= flat.dtype.type(n_processes)
            if is_debug():
                self._comm._ensure_all_finite(flat)
            for i, (param, part) in enumerate(self._parts_(flat)):
                if present is None or present[i]:
                    grad = param.grad
                    in_place = grad is not None and grad.dtype == self.dtype
                    if not (in_place and len(self.params) == 1 and _own(grad)):
                        param.grad = part.astype(param.dtype, copy=False)
        self._flat = self._pending = None


def _own(array: Array) -> bool:
    return bool(array.flags.c_contiguous and getattr(array.flags, 'writeable', True))


def fill_buckets(comm: Any, params: Sequence[Any], limit: int) -> list[Bucket]:
    """Deals parameters to buckets, in their order.

    Args:
        comm: Communicator that adds up.
        params: Parameters in the order in which their gradients become final.
        limit: Bytes of a bucket; a larger gradient is a bucket of its own.
    """
    buckets: list[Bucket] = []
    group: list[Any] = []
    n_bytes = 0

    def close() -> None:
        nonlocal group, n_bytes
        if group:
            buckets.append(Bucket(comm, group, comm._wire_dtype(group[0].dtype)))
        group, n_bytes = [], 0

    for param in params:
        dtype = comm._wire_dtype(param.dtype)
        size = param.size * dtype.itemsize
        most = limit if buckets else min(limit, FIRST_BUCKET_BYTES)
        fits = group and n_bytes + size <= most
        if not (fits and dtype == comm._wire_dtype(group[0].dtype)) or (
            param.device != group[0].device
        ):
            close()
        group.append(param)
        n_bytes += size
    close()
    return buckets
