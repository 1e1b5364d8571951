"""Ranks within machines, large objects in chunks, and the setup of NCCL."""

from __future__ import annotations

import math
import pickle
from typing import Any

INT_MAX = 2**31 - 1
DEFAULT_CHUNK = 256 * 1024 * 1024


def init_ranks(mpi_comm: Any) -> tuple[int, int, int, int, int]:
    """Returns ``(rank, intra_rank, intra_size, inter_rank, inter_size)``.

    Machines are told apart by the name that MPI gives them, and numbered in the order
    of their lowest rank.

    Args:
        mpi_comm: Communicator of mpi4py.
    """
    from mpi4py import MPI

    names = mpi_comm.allgather(MPI.Get_processor_name())
    machines = list(dict.fromkeys(names))
    mine = names[mpi_comm.rank]
    return (
        mpi_comm.rank,
        names[: mpi_comm.rank].count(mine),
        names.count(mine),
        machines.index(mine),
        len(machines),
    )


def chunked_bcast_obj(
    obj: Any, mpi_comm: Any, max_buf_len: int = DEFAULT_CHUNK, root: int = 0
) -> Any:
    """Sends an object from the root to all, in chunks of at most this many bytes.

    Args:
        obj: The object; None everywhere but at the root, and not None there.
        mpi_comm: Communicator of mpi4py.
        max_buf_len: Bytes of a chunk, 1 to 2**31 - 2.
        root: Rank of the process that has the object.

    Returns:
        The object.

    Raises:
        AssertionError: ``max_buf_len`` is out of range, or ``obj`` is None at the root
            or something elsewhere. (A program of ChainerMN expects this type.)
    """
    if not 0 < max_buf_len < INT_MAX:
        raise AssertionError(
            f'bcast_obj: expected 0 < max_buf_len < {INT_MAX}, got {max_buf_len}'
        )
    is_root = mpi_comm.rank == root
    if (obj is None) == is_root:
        raise AssertionError(
            f'bcast_obj: the root (rank {root}) must give an object and all others '
            f'None; rank {mpi_comm.rank} gave {type(obj).__name__}'
        )
    data: Any = pickle.dumps(obj, protocol=pickle.HIGHEST_PROTOCOL) if is_root else b''
    size, max_buf_len = mpi_comm.bcast((len(data), max_buf_len), root=root)
    if not is_root:
        data = bytearray(size)
    view = memoryview(data)
    for i in range(math.ceil(size / max_buf_len)):
        mpi_comm.Bcast(view[i * max_buf_len : (i + 1) * max_buf_len], root=root)
    return obj if is_root else pickle.loads(data)


def init_nccl_comm(mpi_comm: Any) -> Any:
    """Returns a communicator of NCCL among the processes of an MPI communicator.

    It belongs to the CUDA device that is current now.

    Args:
        mpi_comm: Communicator of mpi4py; carries the identifier.
    """
    from minigrad.chainermn import nccl

    identifier = nccl.get_unique_id() if mpi_comm.rank == 0 else None
    identifier = mpi_comm.bcast(identifier)
    return nccl.NcclCommunicator(mpi_comm.size, identifier, mpi_comm.rank)


def _get_nccl_type_id(dtype: Any) -> int:
    """Returns NCCL's number of a dtype.

    Raises:
        ValueError: NCCL cannot add numbers of this dtype, or this CuPy cannot say it.
    """
    import numpy

    from minigrad.chainermn import nccl

    name = numpy.dtype(dtype).name.upper()
    number = getattr(nccl, f'NCCL_{name}', None)
    if number is None:
        raise ValueError(
            f'NCCL: dtype must be float16, float32 or float64 (bfloat16 where CuPy has '
            f'NCCL_BFLOAT16), got {numpy.dtype(dtype)}'
        )
    return int(number)
