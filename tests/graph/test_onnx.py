import sys

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import no_backprop_mode, using_config
from minigrad.graph.onnx import UnsupportedFunction, load_onnx, save_onnx, to_onnx
from models.alexnet import AlexNet, AlexNetSmall
from models.lenet import LeNet
from models.mlp import MLP
from tests.graph.onnx_evaluator import evaluate

onnx = pytest.importorskip('onnx', reason='needs onnx: pip install onnx')


class Apply(minigrad.Chain):
    """A function as a model."""

    def __init__(self, function, **links):
        super().__init__(**links)
        self.function = function

    def forward(self, *xs):
        return self.function(self, *xs)


def array(*shape):
    return np.random.default_rng(1).standard_normal(shape).astype('f')


def run_ours(model, xs):
    with using_config('train', False), no_backprop_mode():
        return model(*[minigrad.Variable(x) for x in xs]).array


def check(model, *xs, tmp_path=None, rtol=1e-5, opset=17):
    """Compares ONNX's reference and our import with our forward."""
    proto = to_onnx(model, list(xs), opset=opset)
    want = run_ours(model, xs)
    names = [value.name for value in proto.graph.input]
    (got,) = evaluate(proto, dict(zip(names, xs, strict=True)))
    scale = max(1, float(abs(want).max()))
    np.testing.assert_allclose(got / scale, want / scale, rtol=rtol, atol=1e-5)
    assert got.dtype == want.dtype
    if tmp_path is not None:
        save_onnx(tmp_path / 'x.onnx', model, list(xs), opset=opset)
        again = load_onnx(tmp_path / 'x.onnx')
        np.testing.assert_allclose(run_ours(again, xs), want, rtol=1e-5, atol=1e-5)
        return proto, again
    return proto


@pytest.mark.parametrize(
    ('make', 'shape'),
    [
        (LeNet, (2, 1, 28, 28)),
        (LeNet, (1, 3, 32, 32)),
        (MLP, (3, 784)),
        (AlexNetSmall, (2, 1, 28, 28)),
    ],
)
def test_models(make, shape, tmp_path):
    model = make()
    x = array(*shape)
    run_ours(model, [x])
    for link in model.links():
        if isinstance(link, L.BatchNormalization):
            link.avg_mean[:] = array(*link.avg_mean.shape)
            link.avg_var[:] = abs(array(*link.avg_var.shape)) + 0.5
    proto, again = check(model, x, tmp_path=tmp_path)
    ours = {path: param.array for path, param in model.namedparams()}
    theirs = {path: param.array for path, param in again.namedparams()}
    assert ours.keys() == theirs.keys()
    for path in ours:
        np.testing.assert_array_equal(ours[path], theirs[path])
    # the batch may have another size
    bigger = array(5, *shape[1:])
    np.testing.assert_allclose(
        run_ours(again, [bigger]), run_ours(model, [bigger]), rtol=1e-4, atol=1e-4
    )
    dimension = proto.graph.input[0].type.tensor_type.shape.dim[0]
    assert dimension.dim_param == 'N'


@pytest.mark.slow
def test_alexnet():
    check(AlexNet(n_out=10), array(1, 3, 227, 227))


def test_convolutional_part_of_alexnet(tmp_path):
    """The layers of the model with LRN, on small images with few channels."""

    def forward(self, x):
        h = F.local_response_normalization(F.relu(self.conv1(x)))
        h = F.max_pooling_2d(h, ksize=3, stride=2)
        h = F.local_response_normalization(F.relu(self.conv2(h)), n=4, k=1, alpha=0.1)
        return F.softmax(self.fc(F.dropout(F.max_pooling_2d(h, ksize=3, stride=2))))

    model = Apply(
        forward,
        conv1=L.Convolution2D(3, 8, ksize=7, stride=4),
        conv2=L.Convolution2D(8, 8, ksize=5, pad=2),
        fc=L.Linear(None, 4),
    )
    # As many images as channels: then the evaluator of onnx itself is right about LRN.
    proto, _ = check(model, array(8, 3, 47, 50), tmp_path=tmp_path)
    operators = [node.op_type for node in proto.graph.node]
    assert operators[:4] == ['Conv', 'Relu', 'LRN', 'MaxPool']
    assert 'Dropout' not in operators
    assert proto.graph.node[0].name == 'conv1/Conv_0'


FUNCTIONS = {
    'cover': (lambda m, x: F.max_pooling_2d(x, 3, 2, 1), (1, 2, 8, 7)),
    'floor': (lambda m, x: F.max_pooling_2d(x, 3, 2, cover_all=False), (1, 2, 8, 7)),
    'average': (lambda m, x: F.average_pooling_2d(x, 3, 2, 1), (1, 2, 8, 7)),
    'concat': (lambda m, x: F.concat([x, x * 2, 1 / (x * x + 1)]), (2, 3)),
    'arithmetic': (lambda m, x: -((3 - x) ** 2) / 2 + abs(x) - x * x, (2, 3)),
    'powers': (lambda m, x: 2**x + (x * x + 1) ** 0.5, (2, 3)),
    'activations': (
        lambda m, x: F.leaky_relu(F.elu(F.tanh(F.sigmoid(x) - 0.5) * 3), 0.3),
        (2, 3),
    ),
    'log_softmax': (lambda m, x: F.log_softmax(x), (2, 3, 4)),
    'softmax': (lambda m, x: F.softmax(x, axis=2), (2, 3, 4)),
    'sum': (lambda m, x: F.sum(x, axis=(1, 2)), (2, 3, 4)),
    'mean': (lambda m, x: F.mean(x, axis=1, keepdims=True), (2, 3, 4)),
    'max': (lambda m, x: F.max(x, axis=-1) + F.min(x, axis=2), (2, 3, 4)),
    'shape': (lambda m, x: F.transpose(F.reshape(x, (2, -1)), (1, 0)), (2, 3, 4)),
    'turned': (lambda m, x: F.transpose(x), (2, 3, 4)),
    'squeeze': (lambda m, x: F.squeeze(F.expand_dims(x, 2), 2), (2, 3)),
    'clip': (lambda m, x: F.clip(x, -0.5, 0.5) + F.clipped_relu(x, 1.0), (2, 3)),
    'matmul': (lambda m, x: F.matmul(x, x, transb=True), (2, 3)),
    'transposed': (lambda m, x: F.matmul(x, x, transa=True), (2, 3)),
    'elementary': (lambda m, x: F.exp(F.sin(x)) + F.sqrt(F.log(x * x + 2)), (2, 3)),
    'broadcast': (lambda m, x: F.broadcast_to(x[0:1] if 0 else x, (4, 2, 3)), (2, 3)),
    'extrema': (lambda m, x: F.maximum(x, F.cos(x)) + F.minimum(x, x * 2), (2, 3)),
    'sum of many': (lambda m, x: F.add(x, x * 2, x * 3), (2, 3)),
    'nothing': (lambda m, x: x, (2, 3)),
}


@pytest.mark.parametrize('name', FUNCTIONS)
def test_functions(name, tmp_path):
    function, shape = FUNCTIONS[name]
    check(Apply(function), array(*shape), tmp_path=tmp_path)


def test_later_opset():
    check(Apply(lambda m, x: F.mean(x, axis=1)), array(2, 3), opset=20)
    with pytest.raises(ValueError, match='too old'):
        to_onnx(Apply(lambda m, x: x + 1), (2, 3), opset=12)


@pytest.mark.parametrize(
    'link',
    [
        L.Convolution2D(4, 6, 3, stride=2, pad=1, groups=2),
        L.Convolution2D(4, 5, (3, 2), pad=(2, 0), dilate=2, nobias=True),
        L.Deconvolution2D(4, 3, 3, stride=2, pad=1),
        L.Deconvolution2D(4, 3, 4, stride=3, outsize=(24, 24)),
        L.Linear(4 * 8 * 8, 5, nobias=True),
        L.BatchNormalization(4),
    ],
)
def test_links(link, tmp_path):
    model = Apply(lambda m, x: m.link(x), link=link)
    check(model, array(2, 4, 8, 8), tmp_path=tmp_path)


def test_several_inputs_and_shared_weights(tmp_path):
    model = Apply(lambda m, a, b: m.fc(a) + m.fc(b) * m.fc(a), fc=L.Linear(3, 2))
    proto, again = check(model, array(2, 3), array(2, 3) + 1, tmp_path=tmp_path)
    assert [value.name for value in proto.graph.input] == ['input', 'input1']
    assert sorted(tensor.name for tensor in proto.graph.initializer) == ['fc/W', 'fc/b']
    with pytest.raises(TypeError, match='takes 2 inputs'):
        again(array(2, 3))


def test_an_import_can_be_trained(tmp_path):
    save_onnx(tmp_path / 'x.onnx', MLP((5,), 3), (1, 4))
    model = load_onnx(tmp_path / 'x.onnx')
    F.softmax_cross_entropy(model(array(6, 4)), np.zeros(6, 'i')).backward()
    assert all(param.grad is not None for param in model.params())


def test_what_cannot_be_saved_is_named():
    model = Apply(lambda m, x: F.fft((x, x))[0])
    with pytest.raises(UnsupportedFunction, match='fft has no ONNX operator here'):
        to_onnx(model, (2, 3))


def test_what_cannot_be_loaded_is_named(tmp_path):
    node = onnx.helper.make_node('NonMaxSuppression', ['x', 'x'], ['y'])
    x, y = (onnx.helper.make_tensor_value_info(name, 1, [1, 2]) for name in 'xy')
    graph = onnx.helper.make_graph([node], 'g', [x], [y])
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / 'x.onnx'))
    with pytest.raises(ValueError, match='cannot run NonMaxSuppression'):
        load_onnx(tmp_path / 'x.onnx')


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(ImportError, match='pip install'):
        to_onnx(LeNet(), (1, 1, 28, 28))
