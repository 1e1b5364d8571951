import itertools

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.optimizer_hooks import WeightDecay
from minigrad.optimizers import SGD, Adam
from minigrad.training import find_rate

TRAIN, _ = minigrad.datasets.get_digits()


def make():
    np.random.seed(0)
    model = L.Classifier(L.Linear(784, 10))
    return model, SGD(lr=0.5).setup(model)


def test_the_suggestion_learns_and_the_extremes_do_not():
    model, optimizer = make()
    curve = find_rate(model, optimizer, TRAIN, high=100.0)
    assert len(curve.rates) == len(curve.losses) <= 100
    assert 1e-3 < curve.suggestion < 1
    assert curve.smooth.min() < 0.7 * curve.losses[0]
    assert abs(curve.losses[20] - curve.losses[0]) < 0.5
    assert 'suggestion' in repr(curve)


def test_nothing_is_changed():
    model, optimizer = make()
    optimizer.add_hook(WeightDecay(0.1))
    before = model.predictor.W.array.copy()
    state = np.random.get_state()[1].copy()
    find_rate(model, optimizer, TRAIN, steps=10)
    np.testing.assert_array_equal(model.predictor.W.array, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert (optimizer.lr, optimizer.t) == (0.5, 0)
    assert model.predictor.W.grad is None or np.isnan(model.predictor.W.grad).all()


def test_another_loss_and_adam(tmp_path):
    curve = find_rate(
        L.Linear(784, 10), Adam(), TRAIN, steps=20,
        lossfun=lambda model, x, t: F.softmax_cross_entropy(model(x), t),
    )  # fmt: skip
    assert curve.name == 'alpha'
    assert curve.plot(tmp_path / 'rates.png').read_bytes().startswith(b'\x89PNG')
    assert curve._repr_png_().startswith(b'\x89PNG')


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        ({'low': 1.0, 'high': 0.1}, '0 < low < high, got 1.0 and 0.1'),
        ({'steps': 3}, 'at least 10 steps, got 3'),
    ],
)
def test_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        find_rate(*make(), TRAIN, **arguments)


def test_a_model_that_learns_nothing_more_is_told():
    model, optimizer = make()
    steps = itertools.count(1)

    def grows(model, x, t):
        return 0 * F.sum(model.predictor.b) + next(steps)

    with pytest.warns(UserWarning, match='least at .* where the rates begin'):
        find_rate(model, optimizer, TRAIN, steps=10, lossfun=grows)


def test_no_loss_and_no_data():
    with pytest.raises(TypeError, match=r'the loss, .*, got shape \(32, 10\)'):
        find_rate(L.Linear(784, 10), SGD(), TRAIN, lossfun=lambda model, x, t: model(x))
    with pytest.raises(ValueError, match='first loss is not finite'):
        find_rate(*make(), [(np.full(784, np.nan, 'f'), 1)])
    with pytest.raises(ValueError, match='the dataset is empty'):
        find_rate(L.Linear(784, 10), SGD(), [])
