"""Datasets and iterators of several processes."""

import numpy
import pytest

import minigrad
from minigrad import chainermn

comm = chainermn.create_communicator('naive')
ranks = range(comm.size)


@pytest.mark.parametrize('n', [0, 1, 7, 12])
@pytest.mark.parametrize('equal', [True, False])
@pytest.mark.parametrize('shuffle', [True, False])
def test_scatter(n, equal, shuffle):
    root = comm.size - 1
    data = [(numpy.float32(i), i) for i in range(n)] if comm.rank == root else None
    share = chainermn.scatter_dataset(
        data, comm, root, shuffle, seed=0, force_equal_length=equal, max_buf_len=50
    )
    shares = comm.mpi_comm.allgather([i for _, i in share[:]])
    assert [len(s) for s in shares] == [
        -(-n // comm.size) if equal else (n + comm.size - 1 - r) // comm.size
        for r in ranks
    ]
    together = sorted(i for s in shares for i in s)
    assert sorted(set(together)) == list(range(n))
    assert equal or together == list(range(n))
    begin, end = chainermn.scatter_index(n, comm, force_equal_length=equal)
    assert end - begin == len(share)
    assert len(chainermn.datasets.create_empty_dataset(share)) == len(share)
    with pytest.raises(ValueError, match='expected 0 <= root'):
        chainermn.scatter_dataset([], comm, root=comm.size)


@pytest.mark.parametrize('dtype', ['float32', 'int64', 'uint8'])
@pytest.mark.parametrize('paired', [True, False])
def test_all_get_the_batches_of_one(paired, dtype):
    data = numpy.arange(10).astype(dtype)
    if paired:
        data = list(zip(data, data + 1, strict=True))
    root = comm.size - 1
    iterator = minigrad.iterators.SerialIterator(data, 3, repeat=False)
    iterator = chainermn.iterators.create_multi_node_iterator(iterator, comm, root)
    details = []
    for batch in iterator:
        for other in comm.mpi_comm.allgather(batch):
            assert other == batch
        if paired:
            assert batch[0][0].dtype == dtype
        details.append((iterator.epoch, iterator.is_new_epoch, iterator.epoch_detail))
    assert len(details) == 4
    assert details[-1] == (1, True, 1.0)


def test_all_shuffle_alike():
    numpy.random.seed(comm.rank)
    iterator = chainermn.iterators.create_synchronized_iterator(
        minigrad.iterators.SerialIterator(list(range(9)), 4), comm
    )
    for _ in range(6):
        batch = next(iterator)
        for other in comm.mpi_comm.allgather(batch):
            assert other == batch
    with pytest.raises(ValueError, match='must have order_sampler'):
        chainermn.iterators.create_synchronized_iterator(iter([]), comm)


def test_shares_of_one_shuffling_are_the_batches_of_one_process():
    def read(communicator, n):
        sampler = chainermn.iterators.ShareOrderSampler(communicator, seed=1)
        return minigrad.iterators.SerialIterator(
            list(range(24)), 12 // n, order_sampler=sampler
        )

    class Alone:
        rank, size = 0, 1

    if 12 % comm.size:
        return
    mine, whole = read(comm, comm.size), read(Alone, 1)
    for _ in range(7):
        parts = comm.mpi_comm.allgather(next(mine))
        assert sorted(i for part in parts for i in part) == sorted(next(whole))
        assert mine.epoch_detail == whole.epoch_detail
