"""The communicator that does not communicate gradients."""

from __future__ import annotations

from typing import Any

from minigrad.chainermn.communicators._memory_utility import (
    extract_params_set_grad,
)
from minigrad.chainermn.communicators._sums import Pending
from minigrad.chainermn.communicators.mpi_communicator_base import MpiCommunicatorBase
from minigrad.types import Array


class DummyCommunicator(MpiCommunicatorBase):
    """Packs and unpacks gradients, to measure what that takes, and sends nothing.

    Args:
        mpi_comm: Communicator of mpi4py.

    Source: compatible with chainermn's DummyCommunicator.
    """

    def multi_node_mean_grad(self, model: Any, zero_fill: bool = False) -> None:
        self._mean_in_one_buffer(extract_params_set_grad(model, zero_fill))

    _mean_by_buckets = multi_node_mean_grad

    def _multi_node_mean(self, sendbuf: Any, recvbuf: Array) -> None:
        if sendbuf is not None:
            recvbuf[...] = sendbuf

    def _start_sum(self, buffer: Array) -> Pending:
        buffer *= buffer.dtype.type(self.size)  # as if all had sent the same
        return _Done()


class _Done(Pending):
    """A communication that has ended already."""

    def __init__(self) -> None:
        super().__init__(None)

    def done(self) -> bool:
        return True
