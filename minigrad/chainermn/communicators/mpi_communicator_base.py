"""What all communicators do through MPI.

MPI is given main memory only: arrays of CuPy are copied there and back, because the MPI
that comes as a wheel cannot read the memory of a GPU.
"""

from __future__ import annotations

import contextlib
import os
from itertools import accumulate
from typing import Any, Self

import numpy

from minigrad.backend import get_array_module, using_device
from minigrad.chainermn.communicators import _communication_utility as utility
from minigrad.chainermn.communicators._memory_utility import (
    as_bytes,
    extract_params_set_data,
    to_host,
    to_module,
)
from minigrad.chainermn.communicators._message import MessageType, same_dtype
from minigrad.chainermn.communicators._sums import (
    TIME_LIMIT,
    Pending,
    refuse_to_wait,
    start_sum,
    wait_until,
)
from minigrad.chainermn.communicators.communicator_base import CommunicatorBase
from minigrad.configuration import is_debug
from minigrad.dtypes import is_float
from minigrad.types import Array, ArrayModule

if any(
    name in os.environ for name in ('PMI_RANK', 'PMIX_RANK', 'OMPI_COMM_WORLD_RANK')
):
    # Programs say `import mpi4py` and use `mpi4py.MPI`, which something must import.
    with contextlib.suppress(ImportError):
        import mpi4py.MPI  # noqa: F401

ANY_TAG = -1  # of MPICH and Open MPI
# A message costs as much as some hundred kB, so smaller ones are joined; larger buckets
# would begin their way later. PyTorch takes 25 MB for networks of cards.
BUCKET_BYTES = 4 * 1024 * 1024


class MpiCommunicatorBase(CommunicatorBase):
    """Everything but `multi_node_mean_grad`, on top of a communicator of mpi4py.

    Args:
        mpi_comm: Communicator of mpi4py.

    Source: compatible with chainermn's MpiCommunicatorBase.
    """

    allreduce_grad_dtype: Any
    batched_copy: bool
    bucket_bytes: int
    # The `multi_node_mean_grad` that is the same as adding up bucket by bucket: a class
    # that brings its own is asked for it.
    _mean_by_buckets: Any = None

    def __init__(self, mpi_comm: Any) -> None:
        super().__init__()
        self.mpi_comm = mpi_comm
        _, *ranks = utility.init_ranks(mpi_comm)
        self._intra_rank, self._intra_size, self._inter_rank, self._inter_size = ranks
        with self.config_scope():
            self.batched_copy = False
            self.allreduce_grad_dtype = None
            self.bucket_bytes = BUCKET_BYTES

    @property
    def rank(self) -> int:
        return int(self.mpi_comm.rank)

    @property
    def size(self) -> int:
        return int(self.mpi_comm.size)

    @property
    def intra_rank(self) -> int:
        return self._intra_rank

    @property
    def intra_size(self) -> int:
        return self._intra_size

    @property
    def inter_rank(self) -> int:
        return self._inter_rank

    @property
    def inter_size(self) -> int:
        return self._inter_size

    def set_config(self, name: str, value: Any = True, **kwargs: Any) -> None:
        if name == 'batched_copy':
            with self.config_scope():
                self.batched_copy = value
        elif name == 'allreduce_grad_dtype':
            dtype = None if value is None else numpy.dtype(value)
            if dtype is not None and not is_float(dtype):
                raise ValueError(
                    'allreduce_grad_dtype must be float16, bfloat16, float32, float64 or '
                    f'None, got {dtype}'
                )
            with self.config_scope():
                self.allreduce_grad_dtype = dtype
        elif name == 'bucket_bytes':
            with self.config_scope():
                self.bucket_bytes = int(value)
        else:
            super().set_config(name, value, **kwargs)

    def split(self, color: int, key: int) -> Self:
        return self._like_this(self.mpi_comm.Split(color, key))

    def _like_this(self, mpi_comm: Any) -> Self:
        made = type(self)(mpi_comm=mpi_comm)
        for name, value in self._configs.items():
            made.set_config(name, value)
        return made

    def _duplicate(self) -> Self:
        """Returns a communicator of the same processes whose messages are its own."""
        return self._like_this(self.mpi_comm.Dup())

    # -- waiting -------------------------------------------------------------------
    #
    # MPI waits in a loop that takes a whole core, and forever. So it is only called to
    # wait when whoever it waits for is there.

    def _meet(self, method: str) -> None:
        """Waits until all processes have come to a collective method."""
        if self.size > 1 and not Pending(self.mpi_comm.Ibarrier()).wait(TIME_LIMIT):
            refuse_to_wait(self.rank, f'in {method}', f'has not called {method}')

    def _expect(self, source: int, tag: int) -> None:
        """Waits until there is a message."""

        def is_there() -> bool:
            return bool(self.mpi_comm.iprobe(source=source, tag=tag))

        if not wait_until(is_there, TIME_LIMIT):
            refuse_to_wait(self.rank, f'for rank {source}', 'has not sent its message')

    def _deliver(self, request: Any, dest: int) -> None:
        """Waits until a message has gone."""
        if not wait_until(lambda: bool(request.test()[0]), TIME_LIMIT):
            refuse_to_wait(
                self.rank, f'for rank {dest}', 'has not received its message'
            )

    # -- arrays --------------------------------------------------------------------

    def alltoall(self, xs: Any) -> tuple[Array, ...]:
        if len(xs) != self.size:
            raise ValueError(
                'alltoall: the length of data must be same as communicator size: '
                f'expected {self.size} arrays, got {len(xs)}'
            )
        mine = [MessageType(x, 'alltoall') for x in xs]
        same_dtype(mine, 'alltoall')
        self._meet('alltoall')
        theirs = self.mpi_comm.alltoall(mine)
        same_dtype([mine[0], *theirs], 'alltoall')
        sent, lengths = _joined(xs)
        received = _Parts(theirs)
        self.mpi_comm.Alltoallv([sent, lengths], received.buffer)
        return received.arrays(get_array_module(*xs))

    def send(self, data: Any, dest: int, tag: int) -> None:
        message = MessageType(data, 'send')
        self._deliver(self.mpi_comm.issend(message, dest=dest, tag=tag), dest)
        for x in data if message.is_tuple else [data]:
            self.mpi_comm.Ssend(as_bytes(to_host(x)), dest=dest, tag=tag)

    def recv(self, source: int, tag: int) -> Any:
        self._expect(source, tag)
        message: MessageType = self.mpi_comm.recv(source=source, tag=tag)
        arrays = [numpy.empty(shape, message.dtype) for shape in message.shapes]
        for x in arrays:
            self.mpi_comm.Recv(as_bytes(x), source=source, tag=tag)
        received = tuple([to_module(x, message.xp) for x in arrays])
        return received if message.is_tuple else received[0]

    # Chainer's communicators take (x, root), whatever its base class says.
    def bcast(self, x: Any, root: int = 0) -> Array:  # type: ignore[override]
        is_root = self.rank == root
        message = MessageType(x, 'bcast') if is_root else None
        if message is not None:
            message.single('bcast')
        self._meet('bcast')
        message = self.mpi_comm.bcast(message, root=root)
        sent = to_host(x) if is_root else numpy.empty(message.shapes[0], message.dtype)
        self.mpi_comm.Bcast(as_bytes(sent), root=root)
        return x if is_root else to_module(sent, message.xp)

    def gather(self, x: Any, root: int = 0) -> tuple[Array, ...] | None:
        message = MessageType(x, 'gather')
        message.single('gather')
        self._meet('gather')
        messages = self.mpi_comm.gather(message, root=root)
        sent = as_bytes(to_host(x))
        if messages is None:
            self.mpi_comm.Gatherv(sent, None, root=root)
            return None
        same_dtype(messages, 'gather')
        received = _Parts(messages)
        self.mpi_comm.Gatherv(sent, received.buffer, root=root)
        return received.arrays(get_array_module(x))

    def allgather(self, x: Array) -> tuple[Array, ...]:
        message = MessageType(x, 'allgather')
        message.single('allgather')
        self._meet('allgather')
        messages = self.mpi_comm.allgather(message)
        same_dtype(messages, 'allgather')
        received = _Parts(messages)
        self.mpi_comm.Allgatherv(as_bytes(to_host(x)), received.buffer)
        return received.arrays(get_array_module(x))

    def allreduce(self, x: Array) -> Array:
        message = MessageType(x, 'allreduce')
        message.single('allreduce')
        total = numpy.array(to_host(x))  # a copy, in which the sum is made
        start_sum(self.mpi_comm, total).wait()
        return to_module(total, get_array_module(x))

    def scatter(self, xs: Any, root: int = 0) -> Array:
        if self.rank != root:
            self._meet('scatter')
            message = self.mpi_comm.scatter(None, root=root)
            mine = numpy.empty(message.shapes[0], message.dtype)
            self.mpi_comm.Scatterv(None, as_bytes(mine), root=root)
            return to_module(mine, message.xp)
        if len(xs) != self.size:
            raise ValueError(
                'scatter: the length of xs must be consistent with communicator size: '
                f'expected {self.size}, got {len(xs)}'
            )
        messages = [MessageType(x, 'scatter') for x in xs]
        same_dtype(messages, 'scatter')
        self._meet('scatter')
        message = self.mpi_comm.scatter(messages, root=root)
        mine = numpy.empty(message.shapes[0], message.dtype)
        self.mpi_comm.Scatterv([*_joined(xs)], as_bytes(mine), root=root)
        return to_module(mine, get_array_module(*xs))

    # -- objects -------------------------------------------------------------------

    def send_obj(self, obj: Any, dest: int, tag: int = 0) -> None:
        self._deliver(self.mpi_comm.isend(obj, dest=dest, tag=tag), dest)

    def recv_obj(self, source: int, status: Any = None, tag: int = ANY_TAG) -> Any:
        self._expect(source, tag)
        return self.mpi_comm.recv(source=source, status=status, tag=tag)

    def bcast_obj(
        self, obj: Any, max_buf_len: int = utility.DEFAULT_CHUNK, root: int = 0
    ) -> Any:
        self._meet('bcast_obj')
        return utility.chunked_bcast_obj(obj, self.mpi_comm, max_buf_len, root)

    def gather_obj(self, obj: Any, root: int = 0) -> list[Any] | None:
        self._meet('gather_obj')
        gathered: list[Any] | None = self.mpi_comm.gather(obj, root=root)
        return gathered

    def allreduce_obj(self, obj: Any) -> Any:
        self._meet('allreduce_obj')
        return self.mpi_comm.allreduce(obj)

    # -- models --------------------------------------------------------------------

    def bcast_data(self, model: Any) -> None:
        self._meet('bcast_data')
        for param in extract_params_set_data(model):
            host = to_host(param.array)
            self.mpi_comm.Bcast(as_bytes(host))
            if host is not param.array:
                with using_device(param.device):
                    param.array[...] = to_module(host, param.xp)

    def _multi_node_mean(self, sendbuf: Any, recvbuf: Array) -> None:
        """Fills ``recvbuf`` with the mean of ``sendbuf`` (None: its own) everywhere."""
        if is_debug():
            self._check_ready_to_allreduce(sendbuf, recvbuf)
        total = numpy.array(to_host(recvbuf if sendbuf is None else sendbuf))
        start_sum(self.mpi_comm, total).wait()
        _divide(total, self.size)
        recvbuf[...] = to_module(total, get_array_module(recvbuf))
        if is_debug():
            self._ensure_all_finite(recvbuf)

    def _mean_in_one_buffer(self, params: list[Any]) -> None:
        """Replaces gradients by their means, packed in one buffer for each dtype."""
        by_dtype: dict[Any, list[Any]] = {}
        for param in params:
            by_dtype.setdefault(param.grad.dtype, []).append(param)
        for dtype, group in by_dtype.items():
            with using_device(group[0].device):
                self._mean_packed(group, self._wire_dtype(dtype))

    def _mean_packed(self, params: list[Any], wire: Any) -> None:
        """Replaces gradients by their means, packed in one buffer of a dtype."""
        xp = get_array_module(params[0].grad)
        buffer = xp.concatenate(
            [p.grad.reshape(-1).astype(wire, copy=False) for p in params]
        )
        self._multi_node_mean(None, buffer)
        start = 0
        for p in params:
            part = buffer[start : start + p.grad.size]
            p.grad[...] = part.reshape(p.grad.shape)
            start += p.grad.size

    def _wire_dtype(self, dtype: Any) -> Any:
        """Returns the dtype in which gradients of a dtype travel."""
        return dtype if self.allreduce_grad_dtype is None else self.allreduce_grad_dtype

    def _adds_in_buckets(self) -> bool:
        own = type(self)
        return own._mean_by_buckets is getattr(own, 'multi_node_mean_grad', None)

    def _start_sum(self, buffer: Array) -> Pending:
        """Begins to replace an array by its sum over the processes."""
        if isinstance(buffer, numpy.ndarray):
            return start_sum(self.mpi_comm, buffer)
        host = to_host(buffer)
        return _Staged(start_sum(self.mpi_comm, host), host, buffer)

    def _check_ready_to_allreduce(self, array_a: Any, array_b: Any) -> None:
        mine = (
            None if array_a is None else (array_a.shape, array_a.dtype),
            (array_b.shape, array_b.dtype),
        )
        for rank, other in enumerate(self.mpi_comm.allgather(mine)):
            if other != mine:
                raise ValueError(
                    f'Shape does not match: {mine} at rank {self.rank} while {other} at '
                    f'rank {rank}'
                )

    def _ensure_all_finite(self, array: Array) -> None:
        if not get_array_module(array).isfinite(array).all():
            raise ValueError('Parameters diverged after allreduce.')


def _divide(array: Array, number: int) -> None:
    # Rounded once, in the dtype of the array.
    array /= array.dtype.type(number)


def _joined(xs: Any) -> tuple[Array, list[int]]:
    """Returns the bytes of all arrays one after another, and how many each has."""
    parts = [as_bytes(to_host(x)) for x in xs]
    return numpy.concatenate(parts), [part.size for part in parts]


class _Staged(Pending):
    """A sum in main memory that goes back to a GPU when it is there."""

    def __init__(self, inner: Pending, host: Array, target: Array) -> None:
        super().__init__(None, (host, target))
        self._inner = inner
        self._copied = False

    def done(self) -> bool:
        if not self._copied and self._inner.done():
            host, target = self._keep
            target[...] = to_module(host, get_array_module(target))
            self._copied = True
        return self._copied


class _Parts:
    """A buffer of bytes for what several processes send, and the arrays in it."""

    def __init__(self, messages: list[MessageType]) -> None:
        self._messages = messages
        self._lengths = [
            numpy.dtype(m.dtype).itemsize * int(numpy.prod(m.shapes[0], dtype=int))
            for m in messages
        ]
        self._bytes = numpy.empty(sum(self._lengths), numpy.uint8)
        self.buffer = [self._bytes, self._lengths]

    def arrays(self, xp: ArrayModule) -> tuple[Array, ...]:
        arrays = []
        for end, length, message in zip(
            accumulate(self._lengths), self._lengths, self._messages, strict=True
        ):
            # A copy: an array of its own, aligned to its dtype.
            part = self._bytes[end - length : end].copy().view(message.dtype)
            arrays.append(to_module(part.reshape(message.shapes[0]), xp))
        return tuple(arrays)
