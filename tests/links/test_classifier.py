"""Classifier: where it finds the labels, what it keeps and reports."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L

x = np.arange(8, dtype='f').reshape(4, 2)
t = np.array([0, 1, 2, 0], 'i')


class Echo(minigrad.Link):
    """Remembers its arguments and answers with constant scores."""

    def forward(self, *args, **kwargs):
        self.seen = args, kwargs
        return minigrad.Variable(np.eye(4, 3, dtype='f'))


def test_loss_and_accuracy():
    model = L.Classifier(Echo())
    loss = model(x, t)
    assert loss is model.loss
    assert float(model.accuracy.array) == pytest.approx(1.0)
    expected = F.softmax_cross_entropy(model.y, t)
    assert float(loss.array) == float(expected.array)


@pytest.mark.parametrize(
    ('label_key', 'args', 'kwargs'),
    [
        (-1, (x, t), {}),
        (1, (x, t), {}),
        (0, (t, x), {}),
        (-2, (t, x), {}),
        ('t', (x,), {'t': t}),
    ],
)
def test_label_key(label_key, args, kwargs):
    model = L.Classifier(Echo(), label_key=label_key)
    model(*args, **kwargs)
    ((seen,), keywords) = model.predictor.seen
    assert seen is x
    assert keywords == {}


def test_many_inputs():
    model = L.Classifier(Echo(), label_key=1)
    model('a', t, 'b', c='c')
    assert model.predictor.seen == (('a', 'b'), {'c': 'c'})


def test_report():
    model = L.Classifier(Echo())
    reporter = minigrad.Reporter()
    reporter.add_observer('main', model)
    with reporter:
        model(x, t)
        assert set(reporter.observation) == {'main/loss', 'main/accuracy'}


def test_accuracy_can_be_left_out():
    model = L.Classifier(Echo())
    model.compute_accuracy = False
    model(x, t)
    assert model.accuracy is None


def test_other_functions():
    model = L.Classifier(Echo(), lossfun=lambda y, t: 'loss', accfun=lambda y, t: 0.5)
    assert model(x, t) == 'loss'
    assert model.accuracy == 0.5


def test_predictor_is_a_child():
    model = L.Classifier(L.Linear(2, 3))
    assert [path for path, _ in model.namedparams()] == ['/predictor/W', '/predictor/b']


def test_errors():
    with pytest.raises(TypeError, match='int or str, but is float'):
        L.Classifier(Echo(), label_key=0.5)
    with pytest.raises(ValueError, match='Label key 2 is out of bounds'):
        L.Classifier(Echo(), label_key=2)(x, t)
    with pytest.raises(ValueError, match='Label key "t" is not found'):
        L.Classifier(Echo(), label_key='t')(x)
