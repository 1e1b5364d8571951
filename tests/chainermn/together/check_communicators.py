"""What communicators do with arrays, objects and models."""

import numpy
import pytest

import minigrad
import minigrad.links as L
from minigrad import chainermn

NAMES = ['naive', 'flat']
DTYPES = ['bool', 'uint8', 'int32', 'int64', 'float16', 'float32', 'float64']
comm = chainermn.create_communicator('naive')
ranks = range(comm.size)


def arrays(dtype):
    """One array for each rank, of different shapes."""
    return [numpy.arange(6 * (r + 1)).reshape(2, 3, r + 1).astype(dtype) for r in ranks]


@pytest.mark.parametrize('dtype', DTYPES)
def test_arrays_arrive_as_they_are(dtype):
    xs = arrays(dtype)
    mine = xs[comm.rank]
    for received, sent in zip(comm.allgather(mine), xs, strict=True):
        assert received.dtype == sent.dtype
        numpy.testing.assert_array_equal(received, sent)
    for received in comm.alltoall([mine] * comm.size):
        assert received.dtype == mine.dtype
    root = comm.size - 1
    gathered = comm.gather(mine, root=root)
    assert (gathered is None) == (comm.rank != root)
    if comm.rank == root:
        assert [x.shape for x in gathered] == [x.shape for x in xs]
    scattered = comm.scatter(xs if comm.rank == root else None, root=root)
    numpy.testing.assert_array_equal(scattered, mine)
    got = comm.bcast(xs[0] if comm.rank == root else None, root)
    numpy.testing.assert_array_equal(got, xs[0])


@pytest.mark.parametrize('dtype', ['int32', 'float16', 'float32', 'float64'])
def test_sums(dtype):
    x = (numpy.arange(6).reshape(2, 3) + comm.rank).astype(dtype)
    total = comm.allreduce(x)
    assert total.dtype == x.dtype
    expected = sum((numpy.arange(6).reshape(2, 3) + r).astype(dtype) for r in ranks)
    numpy.testing.assert_array_equal(total, expected)
    numpy.testing.assert_array_equal(
        x, (numpy.arange(6).reshape(2, 3) + comm.rank).astype(dtype)
    )


def test_arrays_that_are_not_contiguous():
    x = numpy.arange(18.0).reshape(3, 3, 2)[:, 1, :]
    for received in comm.allgather(x):
        numpy.testing.assert_array_equal(received, x)
    numpy.testing.assert_array_equal(comm.allreduce(x), comm.size * x)


def test_messages_go_round():
    following, before = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    if comm.size == 1:
        return
    data = (numpy.full(3, comm.rank, 'f'), numpy.full((2, 2), comm.rank, 'f'))
    if comm.rank == 0:
        comm.send(data, following, tag=1)
    one, two = comm.recv(before, tag=1)
    if comm.rank != 0:
        comm.send(data, following, tag=1)
    assert one.tolist() == [before] * 3
    assert two.shape == (2, 2)
    if comm.rank == 0:
        comm.send_obj({'from': 0}, following)
    assert comm.recv_obj(before) == {'from': before}
    if comm.rank != 0:
        comm.send_obj({'from': comm.rank}, following)


def test_objects():
    assert comm.gather_obj(comm.rank) == (list(ranks) if comm.rank == 0 else None)
    assert comm.allreduce_obj([comm.rank]) == list(ranks)
    text = 'x' * 1000
    assert comm.bcast_obj(text if comm.rank == 0 else None, max_buf_len=7) == text


def test_refusals_name_what_came():
    with pytest.raises(TypeError, match='same dtype, got'):
        comm.allgather([numpy.zeros(2, 'f'), numpy.zeros(2, 'd')])
    with pytest.raises(TypeError, match='allreduce cannot handle tuple data'):
        comm.allreduce((numpy.zeros(2), numpy.zeros(2)))
    with pytest.raises(
        TypeError, match='expected an array or a tuple of arrays, got int'
    ):
        comm.bcast(3, root=comm.rank)
    with pytest.raises(ValueError, match=f'expected {comm.size} arrays, got'):
        comm.alltoall([numpy.zeros(2)] * (comm.size + 1))
    with pytest.raises(ValueError, match='unknown config'):
        comm.set_config('blah')
    with pytest.raises(ValueError, match='there are naive, flat'):
        chainermn.create_communicator('fast')
    with pytest.raises(TypeError, match="takes no argument 'dtype'"):
        chainermn.create_communicator('naive', dtype='f')
    with pytest.raises(ValueError, match='allreduce_grad_dtype must be'):
        chainermn.create_communicator('naive', allreduce_grad_dtype='i')


@pytest.mark.parametrize('name', ['pure_nccl', 'non_cuda_aware'])
def test_nccl_without_a_card_says_what_is_missing(name):
    with pytest.raises(RuntimeError, match=r'requires NCCL, but .*\n.*"naive"'):
        chainermn.create_communicator(name)


def test_ranks_and_parts():
    assert (comm.intra_rank, comm.intra_size) == (comm.rank, comm.size)
    assert (comm.inter_rank, comm.inter_size) == (0, 1)
    comm.set_config('bucket_bytes', 100)
    part = comm.split(comm.rank % 2, -comm.rank)
    comm.set_config('bucket_bytes', 2**22)
    assert part.size == len(ranks[comm.rank % 2 :: 2])
    assert part.rank == part.size - 1 - comm.rank // 2
    assert part.get_config('bucket_bytes') == 100
    with comm.config_scope():
        comm.colour = 'red'
    assert comm.get_config()['colour'] == 'red'
    assert 'colour' not in part.get_config()


def make_model(dtype='f'):
    with minigrad.using_config('dtype', numpy.dtype(dtype)):
        model = minigrad.Sequential(L.Linear(3, 4), L.Linear(4, 2), L.Linear(None, 2))
        model[0].b.cleargrad()
    return model


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
def test_means_of_gradients(name, dtype):
    other = chainermn.create_communicator(name)
    model = make_model(dtype)
    model[0].W.grad[...] = comm.rank
    model[1].W.grad[...] = comm.rank + 1
    model[1].b.grad = numpy.zeros(2, dtype) if comm.rank == 0 else None
    other.multi_node_mean_grad(model, zero_fill=True)
    mean = (comm.size - 1) / 2
    numpy.testing.assert_allclose(model[0].W.grad, numpy.full((4, 3), mean))
    numpy.testing.assert_allclose(model[1].W.grad, numpy.full((2, 4), mean + 1))
    assert model[1].b.grad.tolist() == [0, 0]
    with pytest.warns(DeprecationWarning, match='multi_node_mean_grad'):
        other.allreduce_grad(model)


def test_dummy_sends_nothing():
    dummy = chainermn.create_communicator('dummy')
    model = make_model()
    model[0].W.grad[...] = comm.rank
    dummy.multi_node_mean_grad(model, zero_fill=True)
    assert (model[0].W.grad == comm.rank).all()


def test_parameters_of_rank_0():
    model = make_model()
    model[0].W.array[...] = comm.rank + 5
    model[1].W.array = numpy.asfortranarray(numpy.full((2, 4), comm.rank, 'f'))
    comm.bcast_data(model)
    assert (model[0].W.array == 5).all()
    assert (model[1].W.array == 0).all()


def test_narrow_dtypes_are_added_in_float32():
    x = numpy.array([2048, 1], numpy.float16)  # float16 has no 2049
    total = comm.allreduce(x)
    assert total.dtype == numpy.float16
    bfloat16 = pytest.importorskip('ml_dtypes', reason='not installed').bfloat16
    total = comm.allreduce(numpy.array([1.5, 256], bfloat16))
    assert total.astype('f').tolist() == [1.5 * comm.size, 256 * comm.size]
