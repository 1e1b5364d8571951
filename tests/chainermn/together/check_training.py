"""N processes with batches of B take the steps of one with batches of N * B."""

import numpy
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import chainermn
from models.alexnet import AlexNetSmall
from models.lenet import LeNet

comm = chainermn.create_communicator('naive')
STEPS = 10


def data(shape, n=STEPS):
    random = numpy.random.RandomState(3)
    x = random.uniform(0, 1, (n, *shape)).astype(minigrad.get_dtype())
    return x, random.randint(0, 10, (n, shape[0])).astype('i')


def train(make, shape, optimizer, steps=STEPS, name='naive', **options):
    """Returns the parameters and losses after some steps of all processes."""
    other = chainermn.create_communicator(name, **options)
    numpy.random.seed(comm.rank)  # rank 0's parameters are sent to the others
    model = L.Classifier(make(other))
    optimizer = chainermn.create_multi_node_optimizer(optimizer(), other)
    optimizer.setup(model)
    losses = []
    for x, t in zip(*data(shape, steps), strict=True):
        optimizer.update(model, x[comm.rank :: comm.size], t[comm.rank :: comm.size])
        losses.append(comm.allreduce_obj(float(model.loss.array)) / comm.size)
    assert optimizer.t == steps
    return [p.array.copy() for _, p in sorted(model.namedparams())], losses


def train_alone(make, shape, optimizer, steps=STEPS):
    numpy.random.seed(0)
    model = L.Classifier(make(None))
    optimizer = optimizer().setup(model)
    losses = []
    for x, t in zip(*data(shape, steps), strict=True):
        optimizer.update(model, x, t)
        losses.append(float(model.loss.array))
    return [p.array for _, p in sorted(model.namedparams())], losses


def make_lenet(_):
    return LeNet()


def make_alexnet(communicator):
    model = AlexNetSmall()
    if communicator is None:
        return model
    return chainermn.links.create_mnbn_model(model, communicator)


def distance(one, other):
    """Returns the largest difference, relative to the largest entry of its array."""
    return max(
        float(abs(a - b).max() / abs(b).max()) for a, b in zip(one, other, strict=True)
    )


@pytest.fixture
def no_dropout(monkeypatch):
    monkeypatch.setattr(F, 'dropout', lambda x, *args, **kwargs: x)


def momentum():
    return minigrad.optimizers.MomentumSGD(0.01)


@pytest.mark.parametrize('optimizer', [momentum, minigrad.optimizers.SGD])
def test_lenet(optimizer):
    shape = (12, 1, 28, 28)
    params, losses = train(make_lenet, shape, optimizer)
    expected, expected_losses = train_alone(make_lenet, shape, optimizer)
    numpy.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    assert distance(params, expected) < 1e-5
    again, _ = train(make_lenet, shape, optimizer)
    assert all((a == b).all() for a, b in zip(params, again, strict=True))


@pytest.mark.usefixtures('no_dropout')
@pytest.mark.parametrize(
    ('dtype', 'steps', 'limit'), [('float32', 1, 1e-5), ('float64', STEPS, 1e-10)]
)
def test_alexnet_with_batch_normalization(dtype, steps, limit):
    """Ten steps in float64: in float32 a rounding error makes a ReLU switch over."""
    shape = (12, 1, 28, 28)
    with minigrad.using_config('dtype', numpy.dtype(dtype)):
        params, losses = train(make_alexnet, shape, momentum, steps)
        expected, expected_losses = train_alone(make_alexnet, shape, momentum, steps)
    numpy.testing.assert_allclose(losses, expected_losses, rtol=limit)
    assert distance(params, expected) < limit


@pytest.mark.parametrize('name', ['flat', 'dummy'])
def test_other_communicators(name):
    params, _ = train(make_lenet, (4, 1, 28, 28), momentum, 2, name)
    expected, _ = train(make_lenet, (4, 1, 28, 28), momentum, 2)
    if name == 'flat' or comm.size == 1:
        assert all((a == b).all() for a, b in zip(params, expected, strict=True))


@pytest.mark.parametrize('bucket_bytes', [1, 1000, 2**30])
def test_the_size_of_buckets_does_not_matter(bucket_bytes):
    def make(other):
        other.set_config('bucket_bytes', bucket_bytes)
        return LeNet()

    params, _ = train(make, (4, 1, 28, 28), momentum, 3)
    expected, _ = train(make_lenet, (4, 1, 28, 28), momentum, 3)
    assert all((a == b).all() for a, b in zip(params, expected, strict=True))


@pytest.mark.parametrize(
    ('dtype', 'limit'), [('float16', 2**-9), ('bfloat16', 2**-6), ('float64', 1e-6)]
)
def test_gradients_may_travel_in_another_dtype(dtype, limit):
    if dtype == 'bfloat16':
        dtype = pytest.importorskip('ml_dtypes', reason='not installed').bfloat16
    shape = (4, 1, 28, 28)
    params, _ = train(
        make_lenet, shape, momentum, 3, allreduce_grad_dtype=numpy.dtype(dtype)
    )
    expected, _ = train(make_lenet, shape, momentum, 3)
    assert distance(params, expected) < limit  # two units of the last bit
    everyones = comm.mpi_comm.allgather(params)
    for other in everyones:
        assert all((a == b).all() for a, b in zip(params, other, strict=True))


def with_hooks():
    class Decaying(minigrad.optimizers.MomentumSGD):
        def setup(self, link):
            super().setup(link)
            self.add_hook(minigrad.optimizer_hooks.WeightDecay(0.01))
            self.add_hook(minigrad.optimizer_hooks.GradientClipping(0.1))
            return self

    return Decaying(0.01)


def with_loss_scale():
    optimizer = minigrad.optimizers.MomentumSGD(0.01)
    optimizer.loss_scaling()
    return optimizer


@pytest.mark.parametrize('optimizer', [with_hooks, with_loss_scale])
def test_hooks_and_loss_scales_see_the_means(optimizer):
    shape = (12, 1, 28, 28)
    params, _ = train(make_lenet, shape, optimizer, 4)
    expected, _ = train_alone(make_lenet, shape, optimizer, 4)
    assert distance(params, expected) < 1e-5


class TwoHeads(minigrad.Chain):
    """Uses one head in one process, the other in the others, and a third nowhere."""

    def __init__(self, bits):
        super().__init__()
        self.bits = bits
        with self.init_scope():
            for name in ('a', 'b', 'c'):
                setattr(self, name, L.Linear(3, 2, initialW=1))
            self.d = L.Linear(None, 2)

    def forward(self, x):
        return F.sum(self.a(x) if comm.rank == 0 else self.b(x))


@pytest.mark.parametrize('zero_fill', [True, False])
def test_missing_gradients(zero_fill):
    model = TwoHeads(None)
    optimizer = chainermn.create_multi_node_optimizer(
        minigrad.optimizers.SGD(1), comm, zero_fill=zero_fill
    ).setup(model)
    for _ in range(2):
        optimizer.update(model, numpy.ones((1, 3), 'f'))
    numpy.testing.assert_allclose(model.a.W.array, 1 - 2 / comm.size, rtol=1e-6)
    others = (comm.size - 1) / comm.size
    numpy.testing.assert_allclose(model.b.W.array, 1 - 2 * others, rtol=1e-6)
    numpy.testing.assert_allclose(model.c.W.array, 1)
    assert (
        model.c.W.grad == 0
    ).all()  # the optimizer gives zeros, as without chainermn


def test_gradients_that_were_computed_before():
    model = L.Linear(2, 2, initialW=comm.rank)
    optimizer = chainermn.create_multi_node_optimizer(
        minigrad.optimizers.SGD(1), comm
    ).setup(model)
    for _ in range(3):
        model.cleargrads()
        F.sum(model(numpy.full((1, 2), comm.rank, 'f'))).backward()
        optimizer.update()
    assert optimizer.t == 2  # the first sends the parameters, as in ChainerMN
    numpy.testing.assert_allclose(model.W.array, -2 * (comm.size - 1) / 2)


def test_double_buffering_updates_with_the_gradients_of_the_step_before():
    model = L.Linear(2, 1, initialW=comm.rank)
    optimizer = chainermn.create_multi_node_optimizer(
        minigrad.optimizers.SGD(1), comm, double_buffering=True
    ).setup(model)
    seen = []
    for step in range(4):
        optimizer.update(lambda x: F.sum(model(x)), numpy.full((1, 2), step, 'f'))
        seen.append(float(model.W.array[0, 0]))
    optimizer.wait()
    # The first call sends the parameters; those of steps 1 and 2 arrived in time.
    assert seen == [0, 0, -1, -3]


def test_times_add_up():
    model = L.Classifier(LeNet())
    optimizer = chainermn.create_multi_node_optimizer(momentum(), comm).setup(model)
    for x, t in zip(*data((4, 1, 28, 28), 3), strict=True):
        optimizer.update(model, x, t)
    times = optimizer.times
    assert times.computing > 0
    assert 0 <= times.hidden <= times.communicating


def test_a_part_that_is_new_is_sent_too():
    model = minigrad.Sequential(L.Linear(2, 2, initialW=1))
    optimizer = chainermn.create_multi_node_optimizer(momentum(), comm).setup(model)
    x = numpy.ones((1, 2), 'f')
    optimizer.update(lambda: F.sum(model(x)))
    model.append(L.Linear(None, 2, initialW=comm.rank))
    optimizer.setup(model)
    optimizer.update(lambda: F.sum(model(x)))
    for other in comm.mpi_comm.allgather(model[1].W.array):
        numpy.testing.assert_array_equal(other, model[1].W.array)


def test_it_stands_for_the_optimizer():
    actual = minigrad.optimizers.Adam()
    optimizer = chainermn.create_multi_node_optimizer(actual, comm)
    optimizer.alpha = 0.5
    assert actual.alpha == 0.5
    assert optimizer.setup(L.Linear(2, 2)) is optimizer
    assert optimizer.target is actual.target
    with pytest.raises(AttributeError):
        optimizer.nothing  # noqa: B018
