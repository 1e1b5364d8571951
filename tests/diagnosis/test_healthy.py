"""Healthy trainings, of which the doctor has nothing to say."""

import copy

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.initializers import HeNormal
from minigrad.optimizers import SGD, AdaGrad, Adam, MomentumSGD, RMSprop
from models.alexnet import AlexNetSmall
from models.deepconvnet import DeepConvNet
from models.experiments.deepconvnet import rise_and_fall
from models.lenet import LeNet
from models.mlp import MLP
from tests.diagnosis.runs import IMAGES, TEST_IMAGES, X, names, run_loop, run_trainer


@pytest.mark.parametrize('seed', [0, 1])
@pytest.mark.parametrize(
    ('rule', 'rates'),
    [
        (MomentumSGD, {'lr': 0.1}), (AdaGrad, {'lr': 0.01}), (RMSprop, {'lr': 0.001}),
        (Adam, {}),
    ],
)  # fmt: skip
def test_optimizers(rule, rates, seed, tmp_path):  # O1
    doctor = run_trainer(tmp_path, MLP((100, 100)), rule(**rates), 160, 100, seed=seed)
    assert names(doctor) == []


def test_batch_normalization(tmp_path):  # O1
    predictor = MLP((100, 100), initialW=HeNormal(), normalize=True)
    assert names(run_trainer(tmp_path, predictor, Adam(), 160, 100)) == []


def test_lenet(tmp_path):
    doctor = run_trainer(tmp_path, LeNet(), Adam(), 80, train=IMAGES, test=TEST_IMAGES)
    assert names(doctor) == []


@pytest.mark.slow
def test_deepconvnet(tmp_path):  # D1
    doctor = run_trainer(
        tmp_path, DeepConvNet(), Adam(alpha=0.0), 45, 100, train=IMAGES,
        test=TEST_IMAGES, extend=[rise_and_fall],
    )  # fmt: skip
    assert names(doctor) == []


@pytest.mark.slow
def test_alexnet(tmp_path):  # A1
    doctor = run_trainer(
        tmp_path, AlexNetSmall(), SGD(lr=0.01), 30, 16, train=IMAGES, test=TEST_IMAGES
    )
    assert names(doctor) == []


def test_gradients_added_over_two_batches():
    def step(model, optimizer, x, t):
        model.cleargrads()
        for half in (slice(0, 25), slice(25, 50)):
            F.softmax_cross_entropy(model(x[half]), t[half]).backward()
        optimizer.update()

    model = MLP((20,), dropout=0.3)
    assert names(run_loop(model, Adam().setup(model), step)) == []


def test_a_penalty_on_gradients():
    def step(model, optimizer, x, t):
        x = minigrad.Variable(x)
        y = F.sum(model(x), axis=1)
        (g,) = minigrad.grad([y], [x], enable_double_backprop=True)
        loss = F.mean(F.square(F.sqrt(F.sum(F.square(g), axis=1) + 1e-8) - 1))
        loss += F.mean(y)
        model.cleargrads()
        loss.backward()
        optimizer.update()

    model = MLP((20,))
    assert names(run_loop(model, Adam().setup(model), step, n=20)) == []


def test_regression():
    def step(model, optimizer, x, t):
        optimizer.update(lambda: F.mean_squared_error(model(x), x[:, :1] + x[:, 9:10]))

    model = MLP((20,), n_out=1)
    doctor = run_loop(model, Adam().setup(model), step, evaluate=lambda model: None)
    assert names(doctor) == []


def test_a_recurrent_network_on_parts_of_sequences():
    class Language(minigrad.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.embed = L.EmbedID(20, 8)
                self.lstm = L.LSTM(8, 16)
                self.out = L.Linear(16, 20)

        def forward(self, words):
            return self.out(self.lstm(self.embed(words)))

    words = np.tile(np.arange(20, dtype='i'), (10, 6))
    model = Language()
    optimizer = Adam(alpha=0.01).setup(model)
    with minigrad.doctor(model, optimizer, show=None) as doctor:
        for _ in range(5):
            model.lstm.reset_state()
            loss = 0
            for i in range(100):
                loss += F.softmax_cross_entropy(model(words[:, i]), words[:, i + 1])
                if i % 10 == 9:
                    model.cleargrads()
                    loss.backward()
                    loss.unchain_backward()
                    optimizer.update()
                    loss = 0
    assert names(doctor) == []


def test_two_networks_that_train_each_other():
    generator = MLP((50,), n_out=784, normalize=True)
    critic = MLP((50,), n_out=1, normalize=True)
    optimizers = [Adam().setup(generator), Adam().setup(critic)]
    rng = np.random.default_rng(0)
    one, zero = np.ones((50, 1), 'i'), np.zeros((50, 1), 'i')
    with (
        minigrad.doctor(generator, optimizers[0], show=None) as first,
        minigrad.doctor(critic, optimizers[1], show=None) as second,
    ):
        for _ in range(60):
            z = rng.normal(size=(50, 20)).astype('f')
            with minigrad.no_backprop_mode():
                fake = generator(z)
            real = critic(X[rng.integers(0, len(X), 50)])
            loss = F.sigmoid_cross_entropy(real, one)
            loss += F.sigmoid_cross_entropy(critic(fake), zero)
            critic.cleargrads()
            loss.backward()
            optimizers[1].update()
            loss = F.sigmoid_cross_entropy(critic(generator(z)), one)
            generator.cleargrads()
            critic.cleargrads()
            loss.backward()
            optimizers[0].update()
    assert names(first) + names(second) == []


def test_nothing_is_left_behind():
    model = MLP((20,))
    optimizer = Adam().setup(model)

    def fail():
        with minigrad.doctor(model, optimizer, show=None):
            model(X[:8])
            raise KeyError('in the loop')

    with pytest.raises(KeyError, match='in the loop'):
        fail()
    assert minigrad.get_function_hooks() == {}
    assert minigrad.link_hook.get_link_hooks() == {}
    assert model.local_link_hooks == {}
    optimizer.update(lambda: F.sum(model(X[:8])))  # its hooks would raise


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        ((F.relu, Adam()), 'expected the model, a Link, got function'),
        ((MLP((5,)), 0.1), 'expected an optimizer, got float'),
    ],
)
def test_refused(arguments, text):
    with pytest.raises(TypeError, match=text):
        minigrad.doctor(*arguments)


def test_a_long_training_does_not_fill_the_memory():
    model = MLP((5,))
    doctor = minigrad.doctor(model, Adam().setup(model), show=None)
    for i in range(5000):
        doctor.loss(i + 1, 1.0)
    assert len(doctor.history.losses) <= 2000
    assert doctor.history.losses[0] == (1, 1.0)
    assert doctor.history.losses[-1] == (5000, 1.0)


def test_copies_of_the_model_are_not_watched():
    model = MLP((20,))
    optimizer = Adam().setup(model)
    with minigrad.doctor(model, optimizer, show=None) as doctor:
        optimizer.update(lambda: F.sum(model(X[:8])))
        for copied in (model.copy(), copy.deepcopy(model)):
            copied(X[:8] * 1000)
            assert minigrad.get_function_hooks() == {}
    assert names(doctor) == []


def test_a_watched_training_is_the_same(tmp_path):
    """The doctor changes nothing, to the last bit."""

    def train(watch):
        np.random.seed(0)
        model = MLP((20,), dropout=0.2, normalize=True)
        optimizer = Adam().setup(model)
        doctor = minigrad.doctor(model, optimizer, show=None)
        if watch:
            doctor.start()
        for i in range(10):
            x = X[i * 20 : i * 20 + 20]
            optimizer.update(lambda: F.sum(F.square(model(x))))  # noqa: B023
        if watch:
            doctor.stop()
        return [parameter.array for parameter in model.params()]

    for mine, other in zip(train(True), train(False), strict=True):
        np.testing.assert_array_equal(mine, other)
