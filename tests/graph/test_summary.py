import io

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from models.alexnet import AlexNet
from models.lenet import LeNet
from tests.graph.graph_models import Net, Unrolled


def test_lenet():
    out = io.StringIO()
    model = LeNet()
    data = minigrad.summary(model, (1, 1, 28, 28), file=out)
    rows = {row.path: row for row in data.rows if row.parameters}
    assert [(name, row.parameters) for name, row in rows.items()] == [
        ('LeNet/conv1', 6 * 25 + 6),
        ('LeNet/conv2', 16 * 6 * 25 + 16),
        ('LeNet/fc3', 256 * 120 + 120),
        ('LeNet/fc4', 120 * 84 + 84),
        ('LeNet/fc5', 84 * 10 + 10),
    ]
    assert data.parameters == 44_426
    assert data.parameter_bytes == 4 * 44_426
    conv1 = rows['LeNet/conv1']
    assert conv1.function == 'Convolution2D'
    assert conv1.output_shape == (1, 6, 24, 24)
    assert conv1.flops == 2 * 25 * 6 * 24 * 24 + 6 * 24 * 24
    assert conv1.activation_bytes == 4 * 6 * 24 * 24
    assert data.flops == sum(row.flops for row in data.rows)
    text = out.getvalue()
    assert text.startswith('LeNet for an input of (1, 1, 28, 28)\n')
    assert 'LeNet/conv1  Convolution2D   (1, 6, 24, 24)         156' in text
    assert '44,426 parameters, 178 kB' in text


def test_nothing_is_changed():
    model = LeNet()
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    minigrad.summary(model, (2, 1, 28, 28), show=False)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert model.conv1.W.array is None
    assert minigrad.config.train


def test_alexnet_has_the_numbers_of_the_paper():
    data = minigrad.summary(AlexNet(), (1, 3, 227, 227), show=False)
    assert data.parameters == 62_378_344  # 60 million with the two groups of 2012
    assert 2.2e9 < data.flops < 2.3e9


def test_shared_parameters_count_once_and_calls_add_up():
    model = Unrolled(6)
    data = minigrad.summary(model, (5, 4), show=False)
    (cell,) = (row for row in data.rows if row.path == 'Unrolled/cell')
    assert (cell.parameters, cell.calls) == (20, 6)
    assert cell.flops == 6 * 180
    assert data.parameters == 20


def test_own_parameters_of_a_chain_and_links_that_were_not_called():
    class Model(minigrad.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.used = L.Linear(4, 4)
                self.spare = L.Linear(4, 2)
                self.scale = minigrad.Parameter(1.0, (4,))

        def forward(self, x):
            return self.used(x) * F.broadcast_to(self.scale, x.shape)

    data = minigrad.summary(Model(), (3, 4), show=False)
    assert data.parameters == 20 + 10 + 4
    spare = next(row for row in data.rows if row.path == 'Model/spare')
    assert spare.calls == 0
    assert 'Linear, not called' in str(data)
    own = next(row for row in data.rows if row.path == 'Model' and row.parameters)
    assert own.parameters == 4


def test_several_inputs_and_dtypes():
    class Sum(minigrad.Chain):
        def forward(self, a, b):
            return a + b

    assert minigrad.summary(Sum(), [(2, 3), (3,)], show=False).flops == 6
    ids = minigrad.summary(L.EmbedID(5, 2), (4,), dtype='int32', show=False)
    assert ids.rows[0].output_shape == (4, 2)
    x = np.ones((1, 4), 'f')
    assert minigrad.summary(Net(), [x], show=False).input_shapes == ((1, 4),)


def test_as_data():
    data = minigrad.summary(L.Linear(3, 2), (1, 3), show=False).to_dict()
    assert data['parameters'] == 8
    assert data['rows'][0]['path'] == 'Linear'
    assert data['rows'][0]['output_shape'] == (1, 2)


def test_uninitialized_leftovers_are_named():
    class Model(minigrad.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.used, self.spare = (
                    L.Linear(None, 2),
                    L.Linear(None, 2, nobias=True),
                )

        def forward(self, x):
            return self.used(x)

    with pytest.warns(UserWarning, match='parameter W is not initialized'):
        minigrad.summary(Model(), (1, 3), show=False)
