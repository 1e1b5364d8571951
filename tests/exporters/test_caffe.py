"""Models written as files of Caffe, and read again."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.exporters import caffe

pytest.importorskip('google.protobuf', reason='the package protobuf is missing')
rng = np.random.RandomState(0)
X = rng.uniform(-1, 1, (2, 4, 9, 8)).astype('f')


class Apply(minigrad.Chain):
    def __init__(self, function, **links):
        super().__init__(**links)
        self.function = function

    def forward(self, x):
        return self.function(self, x)


def there_and_back(model, x, folder):
    caffe.export(model, [minigrad.Variable(x)], folder, True, 'net')
    net = L.caffe.CaffeFunction(folder / 'chainer_model.caffemodel')
    with minigrad.using_config('train', False):
        wanted = model(x)
        (y,) = net({'data': x}, [net.layers[-1][2][0]])
    np.testing.assert_allclose(y.array, wanted.array, rtol=1e-5, atol=1e-6)
    return net


def normalization():
    link = L.BatchNormalization(4, eps=1e-2)
    link.avg_mean[...] = rng.uniform(-1, 1, 4)
    link.avg_var[...] = rng.uniform(0.5, 1, 4)
    link.gamma.array[...] = rng.uniform(0.5, 1, 4)
    link.beta.array[...] = rng.uniform(-1, 1, 4)
    return link


MODELS = {
    'convolution': Apply(
        lambda m, x: m.c(x), c=L.Convolution2D(4, 6, (3, 2), (2, 1), (1, 0))
    ),
    'groups and dilation': Apply(
        lambda m, x: m.c(x),
        c=L.Convolution2D(4, 6, 3, pad=2, nobias=True, groups=2, dilate=2),
    ),
    'deconvolution': Apply(
        lambda m, x: m.c(x), c=L.Deconvolution2D(4, 3, 3, 2, 1, nobias=True)
    ),
    'linear': Apply(lambda m, x: m.l(F.reshape(x, (2, -1))), l=L.Linear(288, 5)),
    'normalizations': Apply(
        lambda m, x: F.local_response_normalization(m.bn(x), 3, 2, 0.1, 0.5),
        bn=normalization(),
    ),
    'poolings': Apply(
        lambda m, x: F.average_pooling_2d(F.max_pooling_2d(x, 3, 2, 1), 2, 1)
    ),
    'activations': Apply(lambda m, x: F.softmax(F.sigmoid(F.leaky_relu(x, 0.1)))),
    'branches': Apply(lambda m, x: F.concat([F.relu(x), x]) + F.concat([x, x])),
}


@pytest.mark.parametrize('name', MODELS)
def test_there_and_back(name, tmp_path):
    there_and_back(MODELS[name], X, tmp_path)


def test_names_and_text(tmp_path):
    model = Apply(lambda m, x: F.relu(m.c(x)), c=L.Convolution2D(4, 2, 1))
    net = there_and_back(model, X, tmp_path)
    assert [row[0] for row in net.layers] == ['Convolution2DFunction-1-1', 'ReLU-2-1']
    text = (tmp_path / 'chainer_model.prototxt').read_text()
    assert 'name: "net"' in text
    assert 'type: "Input"' in text
    assert 'dim: 9' in text
    assert 'blobs' not in text


def test_only_the_text(tmp_path):
    caffe.export(L.Convolution2D(4, 2, 1), [minigrad.Variable(X)], tmp_path, False)
    assert [p.name for p in tmp_path.iterdir()] == ['chainer_model.prototxt']
    caffe.export(L.Convolution2D(4, 2, 1), [minigrad.Variable(X)])  # nothing is written


@pytest.mark.parametrize(
    ('function', 'args', 'error', 'text'),
    [
        (lambda m, x: F.exp(x), 1, ValueError, 'exp has no layer in Caffe'),
        (
            lambda m, x: F.convolution_2d(x, np.ones((1, 4, 1, 1), 'f'), dilate=(1, 2)),
            1,
            ValueError,
            'dilations 1 and 2',
        ),
        (lambda m, x: x, 2, NotImplementedError, 'expected one input, got 2'),
    ],
)
def test_what_cannot_be_written(function, args, error, text):
    with pytest.raises(error, match=text):
        caffe.export(Apply(function), [minigrad.Variable(X)] * args)


def test_arrays_are_refused():
    with pytest.raises(TypeError, match='list of Variables'):
        caffe.export(L.Linear(3, 2), X)
