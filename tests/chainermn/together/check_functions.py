"""Gradients, and gradients of gradients, across processes."""

import numpy
import pytest

import minigrad
import minigrad.functions as F
from minigrad import chainermn
from minigrad.chainermn import functions as C

comm = chainermn.create_communicator('naive')
ranks = range(comm.size)


def value(rank, shape=(2, 3), dtype='d'):
    return numpy.random.RandomState(rank).uniform(0.5, 1.5, shape).astype(dtype)


def variable(rank=comm.rank, dtype='d'):
    return minigrad.Variable(value(rank, dtype=dtype))


def losses(function, n_inputs=1):
    """Returns the sum of the losses of all processes, for numerical derivatives."""
    return comm.allreduce(numpy.asarray(function().array))


def check(function, x, order=1):
    """Compares x.grad with differences of the sum of all losses, rank after rank."""
    if order == 1:
        x.cleargrad()
        loss = function()
        loss.backward()
        analytic = x.grad.copy()
    else:

        def first():
            (g,) = minigrad.grad([plain()], [x], enable_double_backprop=True)
            return F.sum(g * g)

        plain, function = function, first
        x.cleargrad()
        first().backward()
        analytic = x.grad.copy()
    eps = 1e-6
    for rank in ranks:  # all have to take part in the differences of one
        for i in numpy.ndindex(x.shape):
            total = []
            for sign in (1, -1):
                if comm.rank == rank:
                    x.array[i] += sign * eps
                total.append(losses(function))
                if comm.rank == rank:
                    x.array[i] -= sign * eps
            if comm.rank == rank:
                numeric = (total[0] - total[1]) / (2 * eps)
                assert abs(numeric - analytic[i]) < 1e-5 * max(1, abs(numeric)), (
                    order,
                    i,
                    numeric,
                    analytic[i],
                )


def weights(n):
    return [comm.rank + i + 1.0 for i in range(n)]


def cube(ys):
    return sum(w * F.sum(y**3) for w, y in zip(weights(len(ys)), ys, strict=True))


@pytest.mark.parametrize('order', [1, 2])
def test_allgather(order):
    x = variable()
    for y, rank in zip(C.allgather(comm, x), ranks, strict=True):
        numpy.testing.assert_array_equal(y.array, value(rank))
    check(lambda: cube(C.allgather(comm, x)), x, order)


@pytest.mark.parametrize('order', [1, 2])
def test_alltoall(order):
    x = variable()
    check(
        lambda: cube(C.alltoall(comm, [x * (i + 1) for i in ranks])),
        x,
        order,
    )


@pytest.mark.parametrize('order', [1, 2])
def test_allreduce(order):
    x = variable()
    numpy.testing.assert_allclose(
        C.allreduce(comm, x).array, sum(value(rank) for rank in ranks)
    )
    check(lambda: cube([C.allreduce(comm, x)]), x, order)


def test_bcast_gather_and_scatter():
    root = comm.size - 1
    x = variable()
    x.cleargrad()
    F.sum(C.bcast(comm, x, root) ** 3).backward()
    if comm.rank == root:
        numpy.testing.assert_allclose(x.grad, comm.size * 3 * value(root) ** 2)
    else:
        assert x.grad is None

    y = C.gather(comm, x, root)
    x.cleargrad()
    if comm.rank == root:
        cube(y).backward()
        numpy.testing.assert_allclose(x.grad, weights(root + 1)[root] * 3 * x.array**2)
    else:
        y.backward()
        numpy.testing.assert_allclose(
            x.grad, (root + comm.rank + 1) * 3 * value(comm.rank) ** 2
        )

    xs = [variable(rank) for rank in ranks]
    y = C.scatter(comm, xs if comm.rank == root else None, root)
    numpy.testing.assert_array_equal(y.array, value(comm.rank))
    F.sum(y**3 * (comm.rank + 1)).backward()
    if comm.rank == root:
        for rank, x in enumerate(xs):
            numpy.testing.assert_allclose(x.grad, 3 * (rank + 1) * x.array**2)


@pytest.mark.skipif(comm.size < 2, reason='nobody to send to')
def test_an_output_that_is_not_used_has_a_gradient_of_zeros():
    x = variable()
    F.sum(C.allgather(comm, x)[0]).backward()
    assert (x.grad == (comm.size if comm.rank == 0 else 0)).all()


@pytest.mark.skipif(comm.size < 2, reason='nobody to send to')
@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
def test_a_model_that_is_cut(dtype):
    """x -> rank 0 squares -> rank 1 triples -> rank 0 sums."""
    x = minigrad.Variable(value(0, dtype=dtype))
    if comm.rank == 0:
        sent = C.send(x * x, comm, 1)
        y = C.recv(comm, 1, delegate_variable=sent)
        F.sum(y).backward()
        numpy.testing.assert_allclose(x.grad, 6 * x.array, rtol=1e-3)
    elif comm.rank == 1:
        C.send(C.recv(comm, 0) * 3, comm, 0).backward()


@pytest.mark.skipif(comm.size < 2, reason='nobody to send to')
def test_several_at_once_and_their_order():
    x = variable(0)
    if comm.rank == 0:
        sent = C.send((x, 2 * x), comm, 1, tag=3)
        (y,) = C.pseudo_connect(sent, x * 5)
        F.sum(y).backward()
        numpy.testing.assert_allclose(x.grad, numpy.full((2, 3), 1 + 2 * 10 + 5))
    elif comm.rank == 1:
        one, two = C.recv(comm, 0, tag=3)
        F.sum(one + 10 * two).backward()


def test_nobody_sends_to_itself():
    with pytest.raises(ValueError, match='otherwise deadlock occurs'):
        C.send(variable(), comm, comm.rank)
    with pytest.raises(ValueError, match='otherwise deadlock occurs'):
        C.recv(comm, comm.rank)
    with pytest.raises(ValueError, match=f'expected {comm.size}, got'):
        C.alltoall(comm, [variable()] * (comm.size + 1))
