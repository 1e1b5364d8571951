import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L

X = np.random.default_rng(0).normal(size=(25, 4)).astype('f')
T = np.zeros(25, 'i')


class Watched(minigrad.Chain):
    def __init__(self, wrap=lambda y: y):
        super().__init__()
        self.wrap = wrap
        self.seen = []
        with self.init_scope():
            self.fc = L.Linear(4, 2)

    def forward(self, x):
        config = minigrad.config
        self.seen.append((len(x), config.train, config.enable_backprop))
        return self.wrap(F.dropout(self.fc(x), 0.5))


@pytest.fixture
def model():
    return Watched()


@pytest.mark.parametrize(
    'data',
    [
        X,
        list(X),
        minigrad.datasets.TupleDataset(X),
        minigrad.datasets.TupleDataset(X, T),
        [(x, t) for x, t in zip(X, T, strict=True)],
    ],
    ids=['array', 'list', 'unlabelled', 'labelled', 'pairs'],
)
def test_in_batches_in_test_mode(model, data):
    y = minigrad.predict(model, data, 10)
    assert type(y) is np.ndarray
    np.testing.assert_allclose(y, model.fc(X).array, rtol=1e-5, atol=1e-6)
    assert model.seen == [(10, False, False), (10, False, False), (5, False, False)]
    assert minigrad.config.train


def test_the_predictor_of_a_classifier(model):
    y = minigrad.predict(L.Classifier(model), minigrad.datasets.TupleDataset(X, T))
    np.testing.assert_array_equal(y, minigrad.predict(model, X))


def test_several_inputs_and_outputs():
    class Two(Watched):
        def forward(self, x, y):
            return {'sum': x + y, 'both': (x, [y])}

    data = minigrad.datasets.TupleDataset(X, 2 * X)
    y = minigrad.predict(Two(), data, 10, labels=False)
    np.testing.assert_array_equal(y['sum'], 3 * X)
    np.testing.assert_array_equal(y['both'][1][0], 2 * X)


def test_progress(model, capsys):
    minigrad.predict(model, X, 10, progress=True)
    assert 'predicting' in capsys.readouterr().err
    minigrad.predict(model, X, 10)
    assert capsys.readouterr().err == ''


@pytest.mark.parametrize(
    ('data', 'size', 'error', 'text'),
    [
        (X, 0, ValueError, 'expected batch_size >= 1, got 0'),
        (X[:0], 5, ValueError, 'there is no example'),
        (iter(X), 5, TypeError, 'expected an array or a dataset'),
    ],
)
def test_refused(model, data, size, error, text):
    with pytest.raises(error, match=text):
        minigrad.predict(model, data, size)


def test_a_variable_is_its_array_and_a_function_no_model(model):
    expected = minigrad.predict(model, X, 10)
    np.testing.assert_array_equal(
        minigrad.predict(model, minigrad.Variable(X), 10), expected
    )
    with pytest.raises(TypeError, match='expected the model, a Link, got function'):
        minigrad.predict(lambda x: x, X)
