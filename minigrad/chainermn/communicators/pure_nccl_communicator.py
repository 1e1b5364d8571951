"""The communicator whose gradients never leave the GPUs."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import loaded_cupy
from minigrad.chainermn import nccl
from minigrad.chainermn.communicators._communication_utility import (
    _get_nccl_type_id,
    init_nccl_comm,
)
from minigrad.chainermn.communicators._memory_utility import (
    extract_params_set_data,
    extract_params_set_grad,
)
from minigrad.chainermn.communicators._sums import Pending
from minigrad.chainermn.communicators.mpi_communicator_base import MpiCommunicatorBase
from minigrad.configuration import get_dtype, is_debug
from minigrad.dtypes import is_float
from minigrad.types import Array


class PureNcclCommunicator(MpiCommunicatorBase):
    """Averages gradients and sends parameters through NCCL; the rest through MPI.

    NCCL is set up at the first use, for the CUDA device that is current then.

    Args:
        mpi_comm: Communicator of mpi4py.

    Raises:
        RuntimeError: NCCL is not available; the message says what is missing.

    Source: compatible with chainermn's PureNcclCommunicator.
    """

    nccl_comm: Any

    def __init__(self, mpi_comm: Any) -> None:
        nccl.require('pure_nccl')
        super().__init__(mpi_comm)
        self.nccl_comm = None
        self._stream: Any = None

    def _init_comms(self) -> None:
        if self.nccl_comm is None:
            self.nccl_comm = init_nccl_comm(self.mpi_comm)

    def finalize(self) -> None:
        super().finalize()
        if self.nccl_comm is not None:
            loaded_cupy().cuda.Stream.null.synchronize()
            self.mpi_comm.barrier()
            self.nccl_comm.destroy()
            self.nccl_comm = None

    def bcast_data(self, model: Any) -> None:
        self._init_comms()
        cupy = loaded_cupy()
        stream = cupy.cuda.get_current_stream()
        for param in extract_params_set_data(model):
            array = cupy.ascontiguousarray(param.array)
            kind = _get_nccl_type_id(array.dtype)
            self.nccl_comm.bcast(array.data.ptr, array.size, kind, 0, stream.ptr)
            if array is not param.array:
                param.array[...] = array

    def multi_node_mean_grad(self, model: Any, zero_fill: bool = False) -> None:
        stream = loaded_cupy().cuda.get_current_stream()
        self._multi_node_mean_grad_async(model, zero_fill, stream)

    _mean_by_buckets = multi_node_mean_grad

    def _multi_node_mean_grad_async(
        self, model: Any, zero_fill: bool, stream: Any
    ) -> None:
        """Queues the averaging of all gradients, in one buffer, on a stream."""
        self._init_comms()
        params = extract_params_set_grad(model, zero_fill)
        if not params:
            return
        with stream:
            self._mean_packed(params, self._wire_dtype(params[0].grad.dtype))

    def _wire_dtype(self, dtype: Any) -> Any:
        if self.allreduce_grad_dtype is not None:
            return self.allreduce_grad_dtype
        return get_dtype(map_mixed16=numpy.float16)

    def _multi_node_mean(self, sendbuf: Any, recvbuf: Array) -> None:
        cupy = loaded_cupy()
        if cupy is None or not isinstance(recvbuf, cupy.ndarray):
            super()._multi_node_mean(sendbuf, recvbuf)
            return
        if is_debug():
            self._check_ready_to_allreduce(sendbuf, recvbuf)
        if sendbuf is not None:
            recvbuf[...] = sendbuf
        self._sum(recvbuf, cupy.cuda.get_current_stream())
        recvbuf /= recvbuf.dtype.type(self.size)
        if is_debug():
            self._ensure_all_finite(recvbuf)

    def _sum(self, array: Array, stream: Any) -> None:
        """Queues the sum of an array over the processes, in place."""
        self._init_comms()
        if not (is_float(array.dtype) and array.flags.c_contiguous):
            raise TypeError(
                'NCCL: expected a contiguous float array, got '
                f'{array.dtype} {array.shape}'
            )
        self.nccl_comm.allReduce(
            array.data.ptr,
            array.data.ptr,
            array.size,
            _get_nccl_type_id(array.dtype),
            nccl.NCCL_SUM,
            stream.ptr,
        )

    def _start_sum(self, buffer: Array) -> Pending:
        cupy = loaded_cupy()
        if cupy is None or not isinstance(buffer, cupy.ndarray):
            return super()._start_sum(buffer)
        if self._stream is None:
            self._stream = cupy.cuda.Stream(non_blocking=True)
        filled = cupy.cuda.get_current_stream().record()
        self._stream.wait_event(filled)
        self._sum(buffer, self._stream)
        return _OnStream(self._stream.record(), buffer)


class _OnStream(Pending):
    """A sum that is queued on a stream of its own."""

    def __init__(self, event: Any, keep: Any) -> None:
        super().__init__(None, keep)
        self._event = event

    def done(self) -> bool:
        return bool(self._event.done)

    def wait(self, limit: float | None = None) -> bool:
        # The stream waits, not this process: kernels can be queued behind it.
        loaded_cupy().cuda.get_current_stream().wait_event(self._event)
        return True
