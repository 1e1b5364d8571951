"""Links that span processes."""

import copy

import numpy
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import chainermn
from minigrad.chainermn.functions.batch_normalization import (
    multi_node_batch_normalization,
)
from minigrad.chainermn.links import MultiNodeBatchNormalization

comm = chainermn.create_communicator('naive')
ranks = range(comm.size)


def batches(sizes, shape=(3, 2), dtype='d'):
    random = numpy.random.RandomState(0)
    return [random.uniform(-1, 3, (n, *shape)).astype(dtype) for n in sizes]


@pytest.mark.parametrize('sizes', [[4] * comm.size, list(range(2, comm.size + 2))])
def test_statistics_and_gradients_are_those_of_all_batches(sizes):
    xs = batches(sizes)
    gys = batches(sizes)
    whole = L.BatchNormalization(3, dtype='d', initial_gamma=1.5, initial_avg_var=0)
    x = minigrad.Variable(numpy.concatenate(xs))
    y = whole(x)
    whole.cleargrads()
    F.sum(y * numpy.concatenate(gys)).backward()

    mine = MultiNodeBatchNormalization(3, comm, dtype='d', initial_gamma=1.5)
    own = minigrad.Variable(xs[comm.rank])
    part = mine(own)
    mine.cleargrads()
    F.sum(part * gys[comm.rank]).backward()
    begin = sum(sizes[: comm.rank])
    end = begin + sizes[comm.rank]
    numpy.testing.assert_allclose(part.array, y.array[begin:end], atol=1e-12)
    numpy.testing.assert_allclose(own.grad, x.grad[begin:end], atol=1e-12)
    # Means over the processes, as ChainerMN's.
    numpy.testing.assert_allclose(
        comm.size * mine.gamma.grad, whole.gamma.grad, atol=1e-11
    )
    numpy.testing.assert_allclose(
        comm.size * mine.beta.grad, whole.beta.grad, atol=1e-11
    )
    numpy.testing.assert_allclose(mine.avg_mean, whole.avg_mean)
    numpy.testing.assert_allclose(mine.avg_var, whole.avg_var, atol=1e-12)


def test_second_derivatives_cross_the_processes():
    sizes = [3] * comm.size
    xs, gys = batches(sizes), batches(sizes, dtype='d')

    def second(function, x, gy):
        x = minigrad.Variable(x)
        loss = F.sum(function(x) ** 2 * gy)
        (g,) = minigrad.grad([loss], [x], enable_double_backprop=True)
        F.sum(g * g).backward()
        return x.grad

    one, zero = numpy.ones(3), numpy.zeros(3)
    expected = second(
        lambda x: F.batch_normalization(x, one, zero),
        numpy.concatenate(xs),
        numpy.concatenate(gys),
    )
    got = second(
        lambda x: multi_node_batch_normalization(comm, x, one, zero),
        xs[comm.rank],
        gys[comm.rank],
    )
    part = expected[3 * comm.rank : 3 * comm.rank + 3]
    numpy.testing.assert_allclose(got, part, rtol=1e-6, atol=1e-8)


def test_copies_speak_to_the_same_processes():
    link = MultiNodeBatchNormalization(3, comm)
    for made in (copy.deepcopy(link), link.copy('copy'), link.copy('init')):
        assert made.comm is comm
        assert made.gamma is not link.gamma
    made = chainermn.links.create_mnbn_model(
        minigrad.Sequential(L.Linear(2, 3), L.BatchNormalization(3), F.relu), comm
    )
    assert isinstance(made[1], MultiNodeBatchNormalization)
    assert made(batches([2], (2,), 'f')[0]).shape == (2, 3)
    with pytest.raises(ValueError, match="expected one of \\('mpi', 'nccl', 'auto'\\)"):
        MultiNodeBatchNormalization(3, comm, communication_backend='smoke')
    with pytest.raises(ValueError, match='take the communicator pure_nccl'):
        MultiNodeBatchNormalization(3, comm, communication_backend='nccl')


@pytest.mark.skipif(comm.size != 2, reason='for two processes')
def test_a_chain_list_that_goes_there_and_back():
    """rank 0: a, c; rank 1: b; the loss is of c(b(a(x)))."""
    links = [L.Linear(2, 2, initialW=w) for w in (1, 2, 3)]
    x = batches([1], (2,), 'f')[0]
    expected = links[2](links[1](links[0](x)))
    for link in links:
        link.cleargrads()
    F.sum(expected).backward()

    model = chainermn.MultiNodeChainList(comm)
    if comm.rank == 0:
        model.add_link(L.Linear(2, 2, initialW=1), rank_in=None, rank_out=1)
        model.add_link(L.Linear(2, 2, initialW=3), rank_in=1, rank_out=None)
        y = model(x)
        model.cleargrads()
        F.sum(y).backward()
        numpy.testing.assert_allclose(y.array, expected.array)
        numpy.testing.assert_allclose(model[0].W.grad, links[0].W.grad)
        numpy.testing.assert_allclose(model[1].W.grad, links[2].W.grad)
        with pytest.raises(ValueError, match='rank_out is None'):
            model.add_link(L.Linear(2, 2), rank_in=None, rank_out=None)
    else:
        model.add_link(L.Linear(2, 2, initialW=2), rank_in=0, rank_out=0)
        delegate = model()
        model.cleargrads()
        delegate.backward()
        numpy.testing.assert_allclose(model[0].W.grad, links[1].W.grad)


@pytest.mark.skipif(comm.size != 2, reason='for two processes')
def test_a_recurrent_network_in_two_processes():
    numpy.random.seed(0)
    parts = [L.NStepLSTM(1, 2, 3, 0.0), L.NStepLSTM(1, 2, 3, 0.0)]
    xs = [numpy.ones((2, 2), 'f')]
    hy, cy, _ = parts[0](None, None, xs)
    hy, cy, ys = parts[1](hy, cy, xs)
    for part in parts:
        part.cleargrads()
    F.sum(ys[0]).backward()

    mine = copy.deepcopy(parts[comm.rank])
    before, after = (None, 1) if comm.rank == 0 else (0, None)
    rnn = chainermn.links.create_multi_node_n_step_rnn(mine, comm, before, after)
    *_, outputs, delegate = rnn(xs)
    rnn.cleargrads()
    (delegate if comm.rank == 0 else F.sum(outputs[0])).backward()
    expected = dict(parts[comm.rank].namedparams())
    for name, param in mine.namedparams():
        numpy.testing.assert_allclose(param.grad, expected[name].grad, atol=1e-6)
    with pytest.raises(ValueError, match='got Linear'):
        chainermn.links.create_multi_node_n_step_rnn(L.Linear(1, 1), comm)
