"""One step of data-parallel training, seen from one process.

`begin` tells the others of the step. While backward runs, `ready` sends off the buckets
whose gradients are final, in one order everywhere. `finish` waits for them one by one, so
that the parameters of the first can be updated while the last are on their way.
"""

from __future__ import annotations

import atexit
import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy

from minigrad.backend import using_device
from minigrad.chainermn._agreement import (
    ENDS,
    NOTHING,
    STEPS,
    Notice,
    checksum_of,
    signature_of,
)
from minigrad.chainermn._buckets import Bucket, fill_buckets
from minigrad.chainermn.communicators._sums import (
    TIME_LIMIT,
    refuse_to_wait,
    start_sum,
)

CHECK_INTERVAL = 100  # steps from checksum to checksum


class StepTimes(NamedTuple):
    """Where the time of a step went, in seconds.

    ``computing`` is all time that was not spent waiting; ``communicating`` that in which
    a bucket was on its way; ``hidden`` the part of it in which this process computed.
    """

    computing: float
    communicating: float
    hidden: float


class Reducer:
    """Averages the gradients of a model over processes, step by step.

    Args:
        comm: Communicator.
        zero_fill: Whether a gradient that is missing here counts as zeros. If not, a
            parameter without gradient in all processes stays without.
    """

    def __init__(self, comm: Any, zero_fill: bool) -> None:
        self.comm = comm
        self.zero_fill = zero_fill
        self.steps = 0
        self.times = StepTimes(0.0, 0.0, 0.0)
        # Messages of their own: the program may use its communicator in between.
        self._gradients = comm._duplicate()
        self._notices = comm.mpi_comm.Dup()
        self._notice: Any = None
        self._key: Any = None
        self._signature = NOTHING
        self._buckets: list[Bucket] | None = None  # None: no order is known yet
        self._place: dict[int, Bucket] = {}
        self._next = 0  # the bucket to start
        self._seen: list[Any] = []
        self._began = self._waited = 0.0
        self._warned = False
        self._farewell = _Farewell(self._gradients, self._notices, zero_fill)
        if comm.size > 1:
            atexit.register(self._farewell)  # before MPI's own exit

    # -- a step --------------------------------------------------------------------

    def has_changed(self, model: Any) -> bool:
        """Tells whether a model has other parameters than at the last `begin`."""
        return bool(_key_of(model) != self._key)

    @property
    def knows_order(self) -> bool:
        """Whether gradients can be sent off before all are there."""
        return self._buckets is not None

    def begin(self, model: Any) -> None:
        """Tells the others that this process makes a step."""
        self._began = time.perf_counter()
        key = _key_of(model)
        if key != self._key:
            self._key, self._signature = key, signature_of(model)
            self.forget_order()
        self._waited = 0.0
        self._seen = []
        self._next = 0
        for bucket in self._buckets or ():
            bucket.rewind()
        due = self.steps % CHECK_INTERVAL == 0 and self._buckets is not None
        checksum = checksum_of(model) if due else 0
        self._notice = Notice(
            self._notices, STEPS, self.steps, self._signature, checksum
        )

    def agree(self) -> list[int]:
        """Waits until all have begun a step too; returns the ranks that have ended.

        Raises:
            RuntimeError: Somebody has another model, or does not come.
        """
        start = time.perf_counter()
        if not self._notice.wait(TIME_LIMIT):
            self._late('has not begun this step')
        self._waited += time.perf_counter() - start
        self._notice.check()
        return list(self._notice.ended)

    def forget_order(self) -> None:
        """Makes new buckets after the next backward: the parameters have changed."""
        self._buckets = None
        self._place = {}

    def ready(self, variable: Any) -> None:
        """Notes that the gradient of a variable is final."""
        if self._buckets is None:
            self._seen.append(variable)
            return
        bucket = self._place.get(id(variable))
        if bucket is None:
            return
        bucket.left -= 1
        if bucket.left == 0:
            self._start_full()
        for other in self._buckets[: self._next]:
            other.test()

    def _start_full(self) -> None:
        buckets = self._buckets or []
        # In one order, or processes would add up different buckets.
        while self._next < len(buckets) and buckets[self._next].left == 0:
            buckets[self._next].start()
            self._next += 1

    def finish(self, model: Any, loss_scale: float | None = None) -> Iterator[Bucket]:
        """Sends off what is left, and yields the buckets as they arrive.

        Args:
            model: The model, to find its parameters at the first step.
            loss_scale: Scale of the loss, for parameters that get others' gradients.

        Raises:
            RuntimeError: Somebody has another model, or does not come.
        """
        buckets = self._buckets
        if buckets is None:
            if ended := self.agree():
                raise RuntimeError(
                    f'chainermn: the processes {ended} (by rank) have ended, and the '
                    'others are about to make their first step with this model'
                )
            buckets = self._make_buckets(model)
        while self._next < len(buckets):
            buckets[self._next].start()
            self._next += 1
        ended = self.agree()
        n_working = self.comm.size - len(ended)
        if ended and not self._warned:
            self._warned = True
            warnings.warn(
                f'chainermn: {ended} of {self.comm.size} processes (by rank) have ended '
                f'after fewer steps than {self.steps + 1}; gradients are means over the '
                'others from here on',
                stacklevel=2,
            )
        present = None if self.zero_fill else self._anywhere(buckets)
        start = 0
        for bucket in buckets:
            since = time.perf_counter()
            if not bucket.wait(TIME_LIMIT):
                self._late('has not sent its gradients')
            self._waited += time.perf_counter() - since
            end = start + len(bucket.params)
            bucket.take_mean(n_working, None if present is None else present[start:end])
            start = end
            if loss_scale is not None:
                for param in bucket.params:
                    param._loss_scale = loss_scale
            yield bucket
        self.steps += 1
        self._take_times(buckets)

    def _anywhere(self, buckets: Sequence[Bucket]) -> Any:
        """Tells for each parameter whether any process has a gradient of it."""
        own = [p.grad is not None for bucket in buckets for p in bucket.params]
        counts = numpy.array(own, numpy.int32)
        start_sum(self._gradients.mpi_comm, counts).wait()
        return counts > 0

    def _make_buckets(self, model: Any) -> list[Bucket]:
        """Orders the parameters as their gradients became final at rank 0."""
        named = {n: p for n, p in sorted(model.namedparams()) if p.array is not None}
        names = {id(p): n for n, p in reversed(named.items())}  # the first of two names
        order = [names[id(v)] for v in self._seen if id(v) in names]
        self._seen = []
        order += [n for n, p in named.items() if names[id(p)] == n and n not in order]
        order = self.comm.bcast_obj(order if self.comm.rank == 0 else None)
        limit = self.comm.get_config('bucket_bytes')
        params = [named[n] for n in order]
        self._buckets = buckets = fill_buckets(self._gradients, params, limit)
        self._place = {id(p): b for b in buckets for p in b.params}
        self._farewell.buckets = [
            (b.size, b.dtype, b.params[0].device, len(b.params)) for b in buckets
        ]
        return buckets

    def _late(self, what: str) -> None:
        refuse_to_wait(self.comm.rank, f'in step {self.steps + 1}', what)

    def _take_times(self, buckets: Sequence[Bucket]) -> None:
        total = time.perf_counter() - self._began
        communicating, end = 0.0, 0.0
        for bucket in buckets:  # started in this order
            communicating += max(0.0, bucket.ended - max(bucket.started, end))
            end = max(end, bucket.ended)
        hidden = max(0.0, communicating - self._waited)
        self.times = StepTimes(total - self._waited, communicating, hidden)


class _Farewell:
    """At the exit of a process: takes part in the others' steps until they end too.

    It adds zeros, and those who go on know how many they are. It does not hold the model.

    Args:
        gradients: Communicator of the gradients.
        notices: Communicator of mpi4py that steps are announced through.
        zero_fill: As of the reducer.
    """

    def __init__(self, gradients: Any, notices: Any, zero_fill: bool) -> None:
        self.gradients = gradients
        self.notices = notices
        self.zero_fill = zero_fill
        self.buckets: list[
            tuple[int, Any, Any, int]
        ] = []  # size, dtype, device, number

    def __call__(self) -> None:
        from mpi4py import MPI

        if MPI.Is_finalized():
            return
        while True:
            notice = Notice(self.notices, ENDS, 0, NOTHING)
            if not notice.wait(TIME_LIMIT) or len(notice.ended) == self.notices.size:
                return
            if not self.buckets:  # the others are about to say that this one has gone
                return
            sums = []
            for size, dtype, device, _ in self.buckets:
                with using_device(device):
                    sums.append(self.gradients._start_sum(device.xp.zeros(size, dtype)))
            if not self.zero_fill:
                n = sum(number for *_, number in self.buckets)
                start_sum(self.gradients.mpi_comm, numpy.zeros(n, numpy.int32)).wait()
            for pending in sums:
                pending.wait(TIME_LIMIT)


def _key_of(model: Any) -> list[tuple[str, int, bool]]:
    # Buckets hold the parameters, so that no id can be used again meanwhile.
    return [(n, id(p), p.array is None) for n, p in model.namedparams()]
