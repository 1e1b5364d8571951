"""What learners stumbled over, done again: the doctor names it."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.initializers import HeNormal, Normal
from minigrad.optimizers import SGD, Adam, MomentumSGD
from models.experiments.lenets import LeNet as UnsizedLeNet
from models.lenet import LeNet
from models.mlp import MLP
from tests.diagnosis.runs import (
    IMAGES,
    T_TEST,
    TEST,
    TEST_IMAGES,
    TRAIN,
    X_TEST,
    T,
    changed,
    names,
    run_loop,
    run_trainer,
)


def find(doctor, name):
    return next(f for f in doctor.findings if f.name == name)


class TestIllByDesign:
    """Rows of the learners' reports that are published as failures."""

    def test_sigmoid_with_small_gauss(self, tmp_path):  # I1
        predictor = MLP((40, 20), activation=F.sigmoid, initialW=Normal(0.01))
        doctor = run_trainer(tmp_path, predictor, SGD(lr=0.15), 400, batch=200)
        assert names(doctor) == ['vanishing gradients', 'loss at ln C']
        finding = find(doctor, 'vanishing gradients')
        assert finding.link == '/predictor/0/W'
        assert '/predictor/2/W' in finding.evidence

    def test_few_examples_are_learnt_by_heart(self, tmp_path):  # R1
        predictor = MLP((100,) * 6, initialW=HeNormal())
        doctor = run_trainer(
            tmp_path, predictor, SGD(lr=0.05), 200, batch=100, train=TRAIN[:300]
        )
        assert names(doctor) == ['overfitting']
        assert 'the gap opened at epoch' in doctor.findings[0].evidence

    def test_pixels_to_255_sit_at_ln_10(self, tmp_path):  # L2
        predictor = UnsizedLeNet()
        for link in predictor.children():
            link.W.initializer = Normal(0.012)
        train, test = (changed(d, lambda x: x * 255) for d in (IMAGES, TEST_IMAGES))
        doctor = run_trainer(
            tmp_path, predictor, SGD(lr=0.001), 400, batch=16, train=train, test=test
        )
        assert names(doctor) == ['unscaled inputs', 'loss at ln C']
        assert 'divide the pixels by 255' in doctor.findings[0].fix

    def test_photographs_are_learnt_by_heart(self, tmp_path):  # A3, in small
        rng = np.random.default_rng(0)
        means = rng.normal(size=(10, 3, 8, 8))

        def make(n):
            t = rng.integers(0, 10, n)
            x = means[t] * 0.15 + rng.normal(size=(n, 3, 8, 8))
            return minigrad.datasets.TupleDataset(x.astype('f'), t.astype('i'))

        doctor = run_trainer(
            tmp_path, _Small(), Adam(), 200, batch=32, train=make(320), test=make(200)
        )
        assert names(doctor) == ['overfitting']

    def test_channels_last_data(self, tmp_path):  # A3's other run
        train, test = (
            changed(d, lambda x: x.transpose(0, 2, 3, 1).copy())
            for d in (IMAGES, TEST_IMAGES)
        )
        with pytest.warns(UserWarning, match='looks like channels last'):
            doctor = run_trainer(tmp_path, _Small(), Adam(), 8, train=train, test=test)
        assert names(doctor) == ['layout']
        assert '(50, 28, 28, 1)' in doctor.findings[0].evidence
        assert 'transpose(0, 3, 1, 2)' in doctor.findings[0].fix

    def test_reshaped_instead_of_transposed(self):
        rng = np.random.default_rng(0)
        smooth = rng.normal(size=(64, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2)
        images = (smooth + 0.1 * rng.normal(size=smooth.shape)).astype('f')
        t = np.arange(64, dtype='i') % 10
        for x, expected in (
            (images.transpose(0, 3, 1, 2), []),
            (images.reshape(64, 3, 32, 32), ['layout']),
        ):
            model = _Small()
            optimizer = Adam().setup(model)
            with minigrad.doctor(model, optimizer, show=None) as doctor:
                for _ in range(3):
                    optimizer.update(lambda: F.softmax_cross_entropy(model(x), t))  # noqa: B023
            assert names(doctor) == expected


class _Small(minigrad.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.conv = L.Convolution2D(None, 16, 3, pad=1)
            self.fc = L.Linear(None, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)))


class TestData:
    def test_shuffled_labels(self, tmp_path):
        rng = np.random.default_rng(0)
        train = changed(TRAIN, of_t=rng.permutation)
        doctor = run_trainer(tmp_path, MLP((100,)), Adam(), 260, train=train)
        assert names(doctor) == ['shuffled labels']
        assert 'nearest neighbour' in doctor.findings[0].evidence

    def test_constant_labels(self, tmp_path):
        train = changed(TRAIN, of_t=np.zeros_like)
        doctor = run_trainer(tmp_path, MLP((20,)), Adam(), 180, train=train)
        assert names(doctor) == ['constant labels']

    def test_sorted_data(self, tmp_path):
        order = np.argsort(T, kind='stable')
        train = minigrad.datasets.SubDataset(TRAIN, 0, 4000, order)
        doctor = run_trainer(
            tmp_path, MLP((20,)), Adam(), 30, train=train, shuffle=False
        )
        assert names(doctor) == ['unshuffled data']

    def test_label_out_of_range(self, tmp_path):
        with pytest.raises(ValueError, match='expected labels'):
            run_trainer(tmp_path, MLP((20,), n_out=9), Adam(), 30)
        text = (tmp_path / 'doctor.json').read_text()
        assert 'labels out of range' in text

    def test_validation_of_training_examples(self, tmp_path):
        doctor = run_trainer(tmp_path, MLP((20,)), Adam(), 5, test=TRAIN[3000:])
        assert names(doctor) == ['validation overlaps training']
        assert '1000 of 1000' in doctor.findings[0].evidence

    def test_offset_inputs(self, tmp_path):
        train, test = (changed(d, lambda x: x + 5) for d in (TRAIN, TEST))
        doctor = run_trainer(tmp_path, MLP((20,)), Adam(), 5, train=train, test=test)
        assert names(doctor) == ['unstandardised inputs']

    def test_columns_of_unequal_scale(self):
        x = np.random.default_rng(0).normal(size=(64, 3)).astype('f')
        x *= np.array([1e-4, 1.0, 1.0], 'f')
        model = L.Linear(3, 2)
        optimizer = SGD().setup(model)
        with minigrad.doctor(model, optimizer, show=None) as doctor:
            optimizer.update(lambda: F.sum(model(x)))
        assert names(doctor) == ['unstandardised inputs']


class TestRate:
    def test_too_high(self, tmp_path):
        doctor = run_trainer(
            tmp_path, LeNet(), Adam(alpha=0.1), 60, train=IMAGES, test=TEST_IMAGES
        )
        assert 'rate too high' in names(doctor)
        assert 'the rate is 0.1' in find(doctor, 'rate too high').fix

    def test_far_too_high(self, tmp_path):
        doctor = run_trainer(tmp_path, MLP((100,)), MomentumSGD(lr=1e6), 20)
        assert 'loss is not finite' in names(doctor) or 'rate too high' in names(doctor)

    def test_too_low(self, tmp_path):
        doctor = run_trainer(tmp_path, MLP((100,)), SGD(lr=1e-5), 260)
        assert names(doctor) == ['rate too low']


class TestLayers:
    def test_dead_units(self):
        model = MLP((100, 100))
        model(np.zeros((1, 784), 'f'))
        model[0].b.array[:80] = -20
        doctor = run_loop(model, Adam().setup(model))
        assert names(doctor) == ['dead ReLUs']
        assert doctor.findings[0].link == '/0'

    def test_six_layers_of_sigmoid(self):
        model = MLP((50,) * 6, activation=F.sigmoid)
        doctor = run_loop(model, SGD(lr=0.1).setup(model))
        assert names(doctor) == ['vanishing gradients']

    def test_large_initial_weights(self):
        model = MLP((100,) * 6, initialW=Normal(0.5))
        doctor = run_loop(model, SGD(lr=1e-8).setup(model), n=10)
        assert names(doctor) == ['exploding gradients']

    def test_tiny_batches(self, tmp_path):
        predictor = MLP((20,), normalize=True)
        doctor = run_trainer(tmp_path, predictor, Adam(), 20, batch=2)
        assert names(doctor) == ['tiny batches']
        assert doctor.findings[0].link == '/predictor/2'

    def test_softmax_twice(self):
        class Probabilities(MLP):
            def forward(self, x):
                return F.softmax(super().forward(x))

        model = Probabilities((20,))
        assert names(run_loop(model, Adam().setup(model), n=10)) == ['softmax twice']

    def test_a_link_that_forward_forgets(self):
        class Forgets(MLP):
            def forward(self, x):
                return self[2](F.relu(self[0](x)))

        model = Forgets((20, 20))
        model[1](np.zeros((1, 20), 'f'))
        doctor = run_loop(model, Adam().setup(model), n=20)
        assert names(doctor) == ['parameters without gradient']
        assert doctor.findings[0].link == '/1'

    def test_a_graph_that_is_cut(self):
        class Cuts(MLP):
            def forward(self, x):
                return self[1](F.relu(self[0](x)).array)

        model = Cuts((20,))
        doctor = run_loop(model, Adam().setup(model), n=20)
        assert names(doctor) == ['parameters without gradient']
        assert '/0/W' in doctor.findings[0].evidence


class TestLoop:
    def model(self, **kwargs):
        model = MLP((20,), **kwargs)
        return model, Adam().setup(model)

    def test_gradients_not_cleared(self):
        def step(model, optimizer, x, t):
            F.softmax_cross_entropy(model(x), t).backward()
            optimizer.update()

        # The gradients of new parameters are NaN until they are cleared.
        with pytest.warns(UserWarning, match='before any backward'):
            doctor = run_loop(*self.model(), step)
        assert names(doctor) == ['gradients not cleared']

    def test_no_backward(self):
        def step(model, optimizer, x, t):
            F.softmax_cross_entropy(model(x), t)
            model.cleargrads()
            optimizer.update()

        with pytest.warns(UserWarning, match='before any backward'):
            doctor = run_loop(*self.model(), step)
        assert names(doctor) == ['update without backward']

    def test_backward_twice(self):
        def step(model, optimizer, x, t):
            loss = F.softmax_cross_entropy(model(x), t)
            model.cleargrads()
            loss.backward()
            loss.backward()
            optimizer.update()

        assert names(run_loop(*self.model(), step)) == ['backward twice']

    @pytest.mark.parametrize('n', [5, 40])
    def test_no_update(self, n):
        def step(model, optimizer, x, t):
            loss = F.softmax_cross_entropy(model(x), t)
            model.cleargrads()
            loss.backward()

        assert names(run_loop(*self.model(), step, n)) == ['optimizer not used']

    def test_an_optimizer_without_a_model(self):
        doctor = minigrad.doctor(MLP((20,)), Adam(), show=None)
        doctor.start()
        assert names(doctor) == ['optimizer not used']

    def test_a_second_optimizer_takes_over(self):
        model, optimizer = self.model()
        SGD(lr=0.5).setup(model)
        doctor = run_loop(model, optimizer, n=3)
        assert names(doctor) == ['optimizer not used']
        assert 'rule of another optimizer' in doctor.findings[0].evidence

    def test_an_optimizer_of_another_model(self):
        model, _ = self.model()
        _, optimizer = self.model()
        with pytest.warns(UserWarning, match='before any backward'):
            doctor = run_loop(model, optimizer)
        assert 'parameters outside the optimizer' in names(doctor)

    def test_links_in_a_list(self):
        model, _ = self.model()
        model.more = {'head': L.Linear(10, 10)}
        model.forward, forward = (
            lambda x: model.more['head'](forward(x)),
            model.forward,
        )
        with pytest.warns(UserWarning, match='holds a Linear'):
            optimizer = Adam().setup(model)
        doctor = run_loop(model, optimizer, n=5)
        assert names(doctor) == ['parameters outside the optimizer']
        assert 'ChainList' in doctor.findings[0].fix

    def test_trained_in_test_mode(self):
        def step(model, optimizer, x, t):
            with minigrad.using_config('train', False):
                optimizer.update(lambda: F.softmax_cross_entropy(model(x), t))

        doctor = run_loop(*self.model(dropout=0.3), step)
        assert names(doctor) == ['test mode in training']

    @pytest.mark.parametrize('kwargs', [{'dropout': 0.3}, {'normalize': True}])
    @pytest.mark.parametrize('graph', [True, False])
    def test_evaluated_in_training_mode(self, kwargs, graph):
        def evaluate(model):
            with minigrad.using_config('enable_backprop', graph):
                return F.accuracy(model(X_TEST), T_TEST)

        doctor = run_loop(*self.model(**kwargs), evaluate=evaluate)
        assert names(doctor) == ['train mode in evaluation']

    def test_overfitting_is_seen_in_a_loop_too(self):
        model = MLP((200,), initialW=HeNormal())
        optimizer = Adam().setup(model)

        def step(model, optimizer, x, t):
            x, t = minigrad.dataset.concat_examples(TRAIN[:100])
            optimizer.update(lambda: F.softmax_cross_entropy(model(x), t))

        doctor = run_loop(model, optimizer, step, n=80, every=10)
        assert names(doctor) == ['overfitting']
