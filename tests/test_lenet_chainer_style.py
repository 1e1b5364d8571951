"""LeNet as a Chainer user writes it: the import is the only thing that changed."""

import numpy as np
import pytest

import minigrad as chainer
import minigrad.functions as F
import minigrad.links as L


class LeNet(chainer.Chain):
    def __init__(self):
        super(LeNet, self).__init__()  # noqa: UP008 - as such programs do
        with self.init_scope():
            self.conv1 = L.Convolution2D(None, 6, 5)
            self.conv2 = L.Convolution2D(None, 16, 5)
            self.fc1 = L.Linear(None, 120)
            self.fc2 = L.Linear(None, 84)
            self.fc3 = L.Linear(None, 10)

    def forward(self, x):
        h = F.max_pooling_2d(F.relu(self.conv1(x)), 2)
        h = F.max_pooling_2d(F.relu(self.conv2(h)), 2)
        h = F.relu(self.fc1(h))
        h = F.relu(self.fc2(h))
        return self.fc3(h)


SHAPES = {
    '/predictor/conv1/W': (6, 1, 5, 5),
    '/predictor/conv1/b': (6,),
    '/predictor/conv2/W': (16, 6, 5, 5),
    '/predictor/conv2/b': (16,),
    '/predictor/fc1/W': (120, 256),
    '/predictor/fc1/b': (120,),
    '/predictor/fc2/W': (84, 120),
    '/predictor/fc2/b': (84,),
    '/predictor/fc3/W': (10, 84),
    '/predictor/fc3/b': (10,),
}

# The losses Chainer 7.8.1 shows for the same seeds.
LOSSES = [2.37314963, 2.28043222, 2.19851708, 2.11884785, 2.06929255]


@pytest.fixture
def batch():
    rng = np.random.RandomState(1)
    return rng.rand(16, 1, 28, 28).astype('f'), rng.randint(0, 10, 16).astype('i')


@pytest.fixture
def model():
    np.random.seed(0)
    return L.Classifier(LeNet())


def test_learns_as_in_chainer(model, batch):
    optimizer = chainer.optimizers.MomentumSGD(lr=0.05)
    optimizer.setup(model)
    losses = []
    for _ in range(5):
        optimizer.update(model, *batch)
        losses.append(float(model.loss.array))
    np.testing.assert_allclose(losses, LOSSES, rtol=1e-3)
    assert {path: param.shape for path, param in model.namedparams()} == SHAPES


def test_by_hand(model, batch):
    x, t = batch
    optimizer = chainer.optimizers.MomentumSGD(lr=0.05).setup(model)
    losses = []
    for _ in range(5):
        loss = model(chainer.Variable(x), chainer.Variable(t))
        model.cleargrads()
        loss.backward()
        optimizer.update()
        losses.append(float(loss.array))
    np.testing.assert_allclose(losses, LOSSES, rtol=1e-3)


def test_saved_and_loaded(model, batch, tmp_path):
    x, t = batch
    model(x, t)
    path = str(tmp_path / 'lenet.npz')
    chainer.serializers.save_npz(path, model)
    with np.load(path) as saved:
        assert {'/' + name for name in saved.files} == set(SHAPES)
    other = L.Classifier(LeNet())  # lazy still: its shapes come from the file
    chainer.serializers.load_npz(path, other)
    with chainer.using_config('train', False), chainer.no_backprop_mode():
        expected = model.predictor(x).array
        np.testing.assert_array_equal(other.predictor(x).array, expected)


def test_shows_itself(model):
    assert str(model).startswith(
        'Classifier(\n'
        '  (predictor): LeNet(\n'
        '    (conv1): Convolution2D(in_channels=None, out_channels=6, ksize=5, '
        'stride=(1, 1), pad=(0, 0), nobias=False, dilate=(1, 1), groups=1),\n'
    )
