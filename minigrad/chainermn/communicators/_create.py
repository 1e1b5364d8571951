"""The entry point: from a name to a communicator."""

from __future__ import annotations

import os
from typing import Any

from minigrad.chainermn import global_except_hook
from minigrad.kernels import threads
from minigrad.named_arguments import checks_arguments
from minigrad.utils.argument import parse_kwargs


@checks_arguments
def create_communicator(
    communicator_name: str = 'pure_nccl', mpi_comm: Any = None, **kwargs: Any
) -> Any:
    """Creates a communicator among the processes that ``mpiexec`` started.

    ================== =================== ============================================
    Name               Arrays              How gradients travel
    ================== =================== ============================================
    ``naive``          NumPy, CuPy         MPI, through main memory
    ``flat``           NumPy, CuPy         the same, all gradients in one buffer
    ``non_cuda_aware`` CuPy                NCCL inside a machine, MPI between machines
    ``pure_nccl``      CuPy                NCCL everywhere
    ``dummy``          NumPy, CuPy         not at all: measures packing and unpacking
    ================== =================== ============================================

    Where there is more than one process, an uncaught exception of one ends all of them
    (see `global_except_hook`), and each process takes its share of the cores of its
    machine, unless ``MINIGRAD_NUM_THREADS`` or ``OMP_NUM_THREADS`` says how many.

    Args:
        communicator_name: One of the names above.
        mpi_comm: Communicator of mpi4py; that of all processes by default.
        **kwargs: ``allreduce_grad_dtype``: float16, bfloat16, float32 or float64, the
            dtype in which gradients travel (that of the gradients if None; for
            ``pure_nccl`` float16 where ``config.dtype`` is float16 or mixed16).
            ``batched_copy``: accepted; gradients are always packed in one go.

    Returns:
        The communicator.

    Raises:
        ImportError: mpi4py is not installed.
        RuntimeError: The communicator needs NCCL, which is not available.
        ValueError: There is no communicator of this name, or the dtype is no float.
        TypeError: An unknown argument.

    Source: compatible with chainermn.create_communicator, which takes
        ``allreduce_grad_dtype`` for ``pure_nccl`` only.
    """
    dtype, batched_copy = parse_kwargs(
        kwargs, ('allreduce_grad_dtype', None), ('batched_copy', True)
    )
    if mpi_comm is None:
        mpi_comm = _import_mpi().COMM_WORLD
    comm = _class_of(communicator_name)(mpi_comm=mpi_comm)
    comm.set_config('allreduce_grad_dtype', dtype)
    comm.set_config('batched_copy', batched_copy)
    if mpi_comm.size > 1:
        global_except_hook.add_hook_once()
        _share_cores(comm)
    return comm


def _import_mpi() -> Any:
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # no package, or no library
        raise ImportError(
            f'chainermn needs mpi4py and an MPI: {error}\n'
            '  hint: pip install mpi4py mpich brings both; then run the program with '
            'mpiexec -n 2 python ...'
        ) from error
    return MPI


def _class_of(name: str) -> Any:
    if name == 'naive':
        from minigrad.chainermn.communicators.naive_communicator import (
            NaiveCommunicator,
        )

        return NaiveCommunicator
    if name == 'flat':
        from minigrad.chainermn.communicators.flat_communicator import FlatCommunicator

        return FlatCommunicator
    if name == 'non_cuda_aware':
        from minigrad.chainermn.communicators.non_cuda_aware_communicator import (
            NonCudaAwareCommunicator,
        )

        return NonCudaAwareCommunicator
    if name == 'pure_nccl':
        from minigrad.chainermn.communicators.pure_nccl_communicator import (
            PureNcclCommunicator,
        )

        return PureNcclCommunicator
    if name == 'dummy':
        from minigrad.chainermn.communicators.dummy_communicator import (
            DummyCommunicator,
        )

        return DummyCommunicator
    raise ValueError(
        f'Unrecognized communicator: "{name}"; there are naive, flat, non_cuda_aware, '
        'pure_nccl and dummy'
    )


def _share_cores(comm: Any) -> None:
    """Leaves the other processes of this machine their cores.

    Those that mpiexec bound to cores of their own have their share already.
    """
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else None
    everyone = comm.mpi_comm.allgather((comm.inter_rank, mine))
    sharing = everyone.count((comm.inter_rank, mine))
    if threads.get_num_threads() == threads._cores and not any(
        os.environ.get(name) for name in ('MINIGRAD_NUM_THREADS', 'OMP_NUM_THREADS')
    ):
        threads.set_num_threads(max(1, threads._cores // sharing))
