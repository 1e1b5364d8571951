"""A share of the data for each process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy

from minigrad.datasets import SubDataset
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array

MAX_BUF_LEN = 256 * 1024 * 1024


class DataSizeError(RuntimeError):
    """Kept for programs that catch it: data of any size are sent."""


class ScatteredDataset(SubDataset):
    """The share of one process; remembers which examples of the whole it holds.

    Args:
        dataset: The whole dataset.
        start: Position of the first example.
        finish: Position behind the last one.
        order: A permutation of the whole, or None.
    """

    @property
    def indexes(self) -> Array:
        """Numbers of the examples in the whole dataset, in the order of this share."""
        positions = numpy.arange(self._start_, self._finish)
        return (
            positions if self._order is None else numpy.asarray(self._order)[positions]
        )

    @property
    def whole_size(self) -> int:
        """Number of examples of the whole."""
        return len(self._dataset)

    def deal(self, indexes: Array) -> None:
        """Replaces the share by other examples of the whole, by their numbers."""
        self._start_, self._finish, self._order = 0, len(indexes), indexes


@checks_arguments
def scatter_dataset(
    dataset: Any,
    comm: Any,
    root: int = 0,
    shuffle: bool = False,
    seed: int | None = None,
    max_buf_len: int = MAX_BUF_LEN,
    *,
    force_equal_length: bool = True,
) -> ScatteredDataset:
    """Gives each process its share of the dataset of the root.

    The whole is sent to all, so a dataset of file names is better than one of images.

    Args:
        dataset: The dataset; ignored but at the root.
        comm: Communicator.
        root: Rank of the process that has it.
        shuffle: Whether to shuffle before cutting.
        seed: Seed of the shuffling; NumPy's generator decides if None.
        max_buf_len: Bytes that are sent at once.
        force_equal_length: Whether all shares have one length; some examples then are in
            two of them. Training wants it: all processes make the same steps. If False
            each example is in one share, as an evaluation wants.

    Returns:
        The share, a `SubDataset`.

    Raises:
        ValueError: There is no such root.

    Source: compatible with chainermn.scatter_dataset.
    """
    if not 0 <= root < comm.size:
        raise ValueError(
            f'scatter_dataset: expected 0 <= root < {comm.size}, the number of '
            f'processes, got {root}'
        )
    data = None
    if comm.rank == root:
        order = None
        if shuffle:
            order = numpy.random.RandomState(seed).permutation(len(dataset))
        data = (dataset, order)
    dataset, order = comm.bcast_obj(data, max_buf_len=max_buf_len, root=root)
    begin, end = _share(len(dataset), comm.size, force_equal_length, comm.rank)
    return ScatteredDataset(dataset, begin, end, order)


@checks_arguments
def scatter_index(
    n_total_samples: int,
    comm: Any,
    root: int = 0,
    *,
    force_equal_length: bool = True,
) -> tuple[int, int]:
    """Returns where the share of this process begins and ends.

    For datasets that every process can open by itself.

    Args:
        n_total_samples: Number of examples; that of the root counts.
        comm: Communicator.
        root: Rank of the process that decides.
        force_equal_length: As in `scatter_dataset`.

    Source: compatible with chainermn.scatter_index.
    """
    total = comm.bcast_obj(n_total_samples if comm.rank == root else None, root=root)
    return _share(total, comm.size, force_equal_length, comm.rank)


def _scatter_index(
    n_total_samples: int, size: int, force_equal_length: bool
) -> Iterator[tuple[int, int, int]]:
    """Yields ``(rank, begin, end)`` of each process."""
    if force_equal_length:
        length = -(-n_total_samples // size)
        for i in range(size):
            begin = n_total_samples * i // size
            yield i, begin, begin + length
        return
    length, longer = divmod(n_total_samples, size)
    begin = 0
    for i in range(size):
        end = begin + length + (i < longer)
        yield i, begin, end
        begin = end


def _share(total: int, size: int, equal: bool, rank: int) -> tuple[int, int]:
    _, begin, end = list(_scatter_index(total, size, equal))[rank]
    return begin, end


def get_n_iterations_for_one_epoch(
    dataset: Any, local_batch_size: int, comm: Any
) -> int:
    """Returns the number of batches of rank 0; deprecated: use epoch triggers."""
    warnings.warn(
        'get_n_iterations_for_one_epoch is deprecated. Please use standard epoch '
        'triggers.',
        DeprecationWarning,
        stacklevel=2,
    )
    n = -(-len(dataset) // local_batch_size) if comm.rank == 0 else None
    return int(comm.bcast_obj(n))


def get_epoch_trigger(
    n_epochs: int, dataset: Any, local_batch_size: int, comm: Any
) -> tuple[int, str]:
    """Returns a trigger after so many epochs; deprecated: use epoch triggers."""
    warnings.warn(
        'get_epoch_trigger is deprecated. Please use standard epoch triggers.',
        DeprecationWarning,
        stacklevel=2,
    )
    n = get_n_iterations_for_one_epoch(dataset, local_batch_size, comm)
    return n_epochs * n, 'iteration'
