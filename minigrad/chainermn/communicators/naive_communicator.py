"""The communicator that needs nothing but MPI."""

from __future__ import annotations

from typing import Any

from minigrad.chainermn.communicators._memory_utility import (
    extract_params_set_grad,
)
from minigrad.chainermn.communicators.mpi_communicator_base import MpiCommunicatorBase


class NaiveCommunicator(MpiCommunicatorBase):
    """Averages gradient by gradient through MPI.

    Args:
        mpi_comm: Communicator of mpi4py.

    Source: compatible with chainermn's NaiveCommunicator.
    """

    def multi_node_mean_grad(self, model: Any, zero_fill: bool = False) -> None:
        for param in extract_params_set_grad(model, zero_fill):
            self._mean_in_one_buffer([param])

    _mean_by_buckets = multi_node_mean_grad
