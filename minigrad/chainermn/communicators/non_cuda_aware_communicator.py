"""NCCL inside machines, MPI between them."""

from __future__ import annotations

from typing import Any

from minigrad.backend import loaded_cupy
from minigrad.chainermn import nccl
from minigrad.chainermn.communicators._communication_utility import (
    _get_nccl_type_id,
    init_nccl_comm,
)
from minigrad.chainermn.communicators._memory_utility import (
    extract_params_set_grad,
    to_host,
)
from minigrad.chainermn.communicators._sums import start_sum
from minigrad.chainermn.communicators.mpi_communicator_base import MpiCommunicatorBase
from minigrad.types import Array


class NonCudaAwareCommunicator(MpiCommunicatorBase):
    """Adds up the gradients of a machine by NCCL, and those of the machines by MPI.

    The first process of each machine speaks for it.

    Args:
        mpi_comm: Communicator of mpi4py.

    Raises:
        RuntimeError: NCCL is not available; the message says what is missing.

    Source: compatible with chainermn's NonCudaAwareCommunicator.
    """

    inter_mpi_comm: Any
    intra_nccl_comm: Any

    def __init__(self, mpi_comm: Any) -> None:
        nccl.require('non_cuda_aware')
        super().__init__(mpi_comm)
        self.inter_mpi_comm = None
        self.intra_nccl_comm = None

    def _init_comms(self) -> None:
        if self.intra_nccl_comm is not None:
            return
        intra = self.mpi_comm.Split(self.inter_rank, self.intra_rank)
        self.inter_mpi_comm = self.mpi_comm.Split(self.intra_rank, self.inter_rank)
        self.intra_nccl_comm = init_nccl_comm(intra)

    def finalize(self) -> None:
        super().finalize()
        if self.intra_nccl_comm is not None:
            loaded_cupy().cuda.Stream.null.synchronize()
            self.mpi_comm.barrier()
            self.intra_nccl_comm.destroy()
            self.intra_nccl_comm = None

    def multi_node_mean_grad(self, model: Any, zero_fill: bool = False) -> None:
        self._mean_in_one_buffer(extract_params_set_grad(model, zero_fill))

    def _multi_node_mean(self, sendbuf: Any, recvbuf: Array) -> None:
        cupy = loaded_cupy()
        on_gpu = cupy is not None and isinstance(recvbuf, cupy.ndarray)
        if not on_gpu or self.intra_size == 1:
            super()._multi_node_mean(sendbuf, recvbuf)
            return
        self._init_comms()
        if sendbuf is not None:
            recvbuf[...] = sendbuf
        kind = _get_nccl_type_id(recvbuf.dtype)
        pointer, stream = recvbuf.data.ptr, cupy.cuda.get_current_stream().ptr
        self.intra_nccl_comm.reduce(
            pointer, pointer, recvbuf.size, kind, nccl.NCCL_SUM, 0, stream
        )
        if self.intra_rank == 0:
            total = to_host(recvbuf)
            start_sum(self.inter_mpi_comm, total).wait()
            recvbuf[...] = cupy.asarray(total)
        self.intra_nccl_comm.bcast(pointer, recvbuf.size, kind, 0, stream)
        recvbuf /= recvbuf.dtype.type(self.size)
