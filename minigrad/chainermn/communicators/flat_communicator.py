"""The communicator that averages all gradients in one message."""

from __future__ import annotations

from typing import Any

from minigrad.chainermn.communicators._memory_utility import (
    extract_params_set_grad,
)
from minigrad.chainermn.communicators.mpi_communicator_base import MpiCommunicatorBase


class FlatCommunicator(MpiCommunicatorBase):
    """Packs all gradients of a dtype into one buffer and averages that through MPI.

    Args:
        mpi_comm: Communicator of mpi4py.

    Source: compatible with chainermn's FlatCommunicator, which works on GPUs only.
    """

    def multi_node_mean_grad(self, model: Any, zero_fill: bool = False) -> None:
        self._mean_in_one_buffer(extract_params_set_grad(model, zero_fill))

    _mean_by_buckets = multi_node_mean_grad
