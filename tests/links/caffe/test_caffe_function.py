"""Networks are written with the messages, read from files, and run beside plain calls."""

import copy
import warnings

import numpy as np
import pytest

import minigrad
import minigrad.functions as F

pytest.importorskip('google.protobuf', reason='the package protobuf is missing')

from minigrad.links.caffe import CaffeFunction
from minigrad.links.caffe.messages import V1_LAYERS, net_parameter
from minigrad.serializers.errors import DamagedFile

rng = np.random.RandomState(0)


def random(*shape):
    return rng.uniform(-1, 1, shape).astype('f')


def fill(message, values):
    """Sets fields; dictionaries are messages, lists are repeated fields."""
    for name, value in values.items():
        if isinstance(value, dict):
            fill(getattr(message, name), value)
        elif isinstance(value, (list, tuple)):
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)


def layer(kind, bottom='x', top='y', blobs=(), **parameters):
    return {
        'kind': kind,
        'bottom': bottom.split(),
        'top': top.split(),
        'blobs': blobs,
        **parameters,
    }


def write(path, layers, old=False):
    net = net_parameter()()
    for i, row in enumerate(layers):
        row = dict(row)
        kind, blobs = row.pop('kind'), row.pop('blobs')
        message = (net.layers if old else net.layer).add()
        numbers = {name: number for number, name in V1_LAYERS.items()}
        fill(message, {'type': numbers[kind] if old else kind, 'name': f'l{i}', **row})
        for array in blobs:
            blob = message.blobs.add()
            if old:
                sizes = (1,) * (4 - array.ndim) + array.shape
                names = ('num', 'channels', 'height', 'width')
                fill(blob, dict(zip(names, sizes, strict=True)))
            else:
                blob.shape.dim.extend(array.shape)
            blob.data.extend(array.ravel().tolist())
    path.write_bytes(net.SerializeToString())
    return str(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'net.caffemodel'


W, b = random(4, 3, 3, 2), random(4)
D = random(3, 2, 3, 3)
x = random(2, 3, 8, 7)
v = random(2, 12)
M, c = random(5, 12), random(5)
mean, var = random(3), random(3) ** 2 + 0.1


def normalized(x):
    shape = (1, 3, 1, 1)
    return (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + np.float32(1e-3))


CASES = {
    'convolution': (
        layer(
            'Convolution',
            blobs=[W, b],
            convolution_param={'kernel_h': 3, 'kernel_w': 2, 'stride': [2], 'pad': [1]},
        ),
        x,
        lambda x: F.convolution_2d(x, W, b, 2, 1),
    ),
    'convolution, sides apart, no bias': (
        layer(
            'Convolution',
            blobs=[W],
            convolution_param={
                'stride_h': 2,
                'stride_w': 1,
                'pad_h': 0,
                'pad_w': 1,
                'bias_term': False,
            },
        ),
        x,
        lambda x: F.convolution_2d(x, W, None, (2, 1), (0, 1)),
    ),
    'convolution, dilated': (
        layer('Convolution', blobs=[W, b], convolution_param={'dilation': [2]}),
        x,
        lambda x: F.convolution_2d(x, W, b, dilate=2),
    ),
    'convolution of groups': (
        layer('Convolution', blobs=[W[:3, :1], b[:3]], convolution_param={'group': 3}),
        x,
        lambda x: F.convolution_2d(x, W[:3, :1], b[:3], groups=3),
    ),
    'deconvolution': (
        layer(
            'Deconvolution',
            blobs=[D, b[:2]],
            convolution_param={'kernel_size': [3], 'stride': [2], 'pad': [1]},
        ),
        x,
        lambda x: F.deconvolution_2d(x, D, b[:2], 2, 1),
    ),
    'inner product': (
        layer('InnerProduct', blobs=[M, c]),
        v,
        lambda v: v @ M.T + c,
    ),
    'dropout': (
        layer('Dropout', dropout_param={'dropout_ratio': 0.25}),
        v,
        lambda v: F.dropout(v, 0.25),
    ),
    'lrn': (
        layer('LRN', lrn_param={'local_size': 3, 'alpha': 6, 'beta': 0.5, 'k': 2}),
        x,
        lambda x: F.local_response_normalization(x, 3, 2, 2, 0.5),
    ),
    'max pooling': (
        layer('Pooling', pooling_param={'kernel_size': 3, 'stride': 2, 'pad': 1}),
        x,
        lambda x: F.max_pooling_2d(x, 3, 2, 1),
    ),
    'average pooling': (
        layer('Pooling', pooling_param={'pool': 1, 'kernel_h': 3, 'kernel_w': 2}),
        x,
        lambda x: F.average_pooling_2d(x, (3, 2), 1),
    ),
    'global pooling': (
        layer('Pooling', pooling_param={'pool': 1, 'global_pooling': True}),
        x,
        lambda x: x.mean((2, 3), keepdims=True),
    ),
    'relu': (layer('ReLU'), x, lambda x: np.maximum(x, 0)),
    'leaky relu': (
        layer('ReLU', relu_param={'negative_slope': 0.5}),
        x,
        lambda x: np.where(x > 0, x, x / 2),
    ),
    'reshape': (
        layer('Reshape', reshape_param={'shape': {'dim': [0, -1]}}),
        x,
        lambda x: x.reshape(2, -1),
    ),
    'batch norm': (
        layer(
            'BatchNorm',
            blobs=[4 * mean, 4 * var, np.array([4], 'f')],
            batch_norm_param={'use_global_stats': True, 'eps': 1e-3},
        ),
        x,
        normalized,
    ),
    'scale': (
        layer('Scale', blobs=[mean, var], scale_param={'bias_term': True}),
        x,
        lambda x: x * mean.reshape(1, 3, 1, 1) + var.reshape(1, 3, 1, 1),
    ),
    'softmax': (layer('Softmax'), v, lambda v: F.softmax(v)),
    'sigmoid': (layer('Sigmoid'), v, lambda v: 1 / (1 + np.exp(-v))),
}
OLD = [name for name, (row, _, _) in CASES.items() if row['kind'] in V1_LAYERS.values()]


@pytest.mark.parametrize(
    ('name', 'old'), [(name, False) for name in CASES] + [(name, True) for name in OLD]
)
def test_layers(name, old, path):
    row, x, expected = CASES[name]
    net = CaffeFunction(write(path, [row], old))
    np.random.seed(1)
    (y,) = net({'x': x}, ['y'])
    np.random.seed(1)
    wanted = minigrad.as_array(expected(x))
    np.testing.assert_allclose(y.array, wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ('row', 'expected'),
    [
        (layer('Concat', 'a b'), np.concatenate([x, 2 * x], 1)),
        (
            layer('Concat', 'a b', concat_param={'axis': 2}),
            np.concatenate([x, 2 * x], 2),
        ),
        (
            layer('Concat', 'a b', concat_param={'concat_dim': 0}),
            np.concatenate([x, 2 * x], 0),
        ),
        (layer('Eltwise', 'a b'), 3 * x),
        (layer('Eltwise', 'a b', eltwise_param={'coeff': [1, -1]}), -x),
        (layer('Eltwise', 'a b', eltwise_param={'operation': 0}), 2 * x * x),
        (layer('Eltwise', 'a b', eltwise_param={'operation': 2}), np.maximum(x, 2 * x)),
        (layer('Scale', 'a b', scale_param={'axis': 0}), 2 * x * x),
    ],
)
def test_layers_of_two_inputs(row, expected, path):
    (y,) = CaffeFunction(write(path, [row]))({'a': x, 'b': 2 * x}, ['y'])
    np.testing.assert_allclose(y.array, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ('parameters', 'parts'),
    [
        ({}, [x[:, :1], x[:, 1:2], x[:, 2:]]),
        (
            {'slice_param': {'slice_point': [2, 6], 'axis': 2}},
            [x[:, :, :2], x[:, :, 2:6], x[:, :, 6:]],
        ),
        (
            {'slice_param': {'slice_point': [1, 2], 'slice_dim': 3}},
            [x[..., :1], x[..., 1:2], x[..., 2:]],
        ),
    ],
)
def test_slice(parameters, parts, path):
    net = CaffeFunction(write(path, [layer('Slice', top='p q r', **parameters)]))
    for y, part in zip(net({'x': x}, ['p', 'q', 'r']), parts, strict=True):
        np.testing.assert_array_equal(y.array, part)


def test_a_loss(path):
    net = CaffeFunction(write(path, [layer('SoftmaxWithLoss', 'x t', 'loss')]))
    t = np.array([3, 0], 'i')
    (loss,) = net({'x': v, 't': t}, ['loss'])
    e = np.exp(v)
    wanted = -np.log(e[[0, 1], t] / e.sum(1)).mean()
    np.testing.assert_allclose(loss.array, wanted, rtol=1e-5)


def test_a_network_learns_and_copies(path):
    layers = [
        layer('Data', '', 'data'),
        layer('Split', 'data', 'data_0 data_1'),
        layer('InnerProduct', 'data_0', 'h', [M, c]),
        layer('ReLU', 'h', 'h'),
        layer('InnerProduct', 'data_1', 'g', [M, c]),
        layer('Eltwise', 'h g', 'sum'),
    ]
    net = CaffeFunction(write(path, layers, old=True))
    assert sorted(name for name, _ in net.namedparams()) == [
        f'/l{i}/{p}' for i in (2, 4) for p in 'Wb'
    ]
    (y,) = net({'data': v}, ['sum'])
    h = v @ M.T + c
    np.testing.assert_allclose(y.array, np.maximum(h, 0) + h, rtol=1e-5, atol=1e-6)
    net.cleargrads()
    F.sum(y).backward()
    assert net['l2'].W.grad.any()
    (alone,) = net({'data': v}, ['h'], disable=['l3'])
    np.testing.assert_allclose(alone.array, h, rtol=1e-5, atol=1e-6)
    other = copy.deepcopy(net)
    other['l2'].W.array[...] = 0
    assert not np.allclose(
        other({'data': v}, ['h'])[0].array, net({'data': v}, ['h'])[0].array
    )


def test_unknown_layers_are_named_when_they_are_missed(path):
    file = write(path, [layer('Python', 'x', 'h'), layer('ReLU', 'h', 'y')])
    with pytest.warns(UserWarning, match='Skip the layer "l0".*Python layer'):
        net = CaffeFunction(file)
    with pytest.raises(KeyError, match=r"'h' is missing.*made by a Python layer"):
        net({'x': x}, ['y'])
    with pytest.raises(KeyError, match=r"'h' is missing.*inputs are \['z'\]|no layer"):
        net({'z': x}, ['z', 'w'])
    assert net({'h': x}, ['y'])[0].shape == x.shape
    with pytest.raises(KeyError, match=r"'z' is missing.*inputs are \['h'\]"):
        net({'h': x}, ['z'])
    with pytest.raises(
        TypeError, match=r'expected inputs as a dictionary.*got ndarray'
    ):
        net(x, ['y'])
    with pytest.raises(TypeError, match="expected outputs as a list of names, got 'y'"):
        net({'h': x}, 'y')


@pytest.mark.parametrize(
    ('row', 'error', 'text'),
    [
        (layer('Softmax', softmax_param={'axis': 2}), NotImplementedError, 'channels'),
        (layer('LRN', lrn_param={'norm_region': 1}), NotImplementedError, 'within'),
        (
            layer('Pooling', pooling_param={'pool': 2}),
            NotImplementedError,
            'stochastic',
        ),
        (
            layer('InnerProduct', blobs=[M], inner_product_param={'axis': 2}),
            NotImplementedError,
            'axis',
        ),
        (layer('Convolution', blobs=[W]), DamagedFile, 'net.caffemodel.*l0'),
        (
            layer('Eltwise', 'a b', eltwise_param={'coeff': [1]}),
            DamagedFile,
            '2 coefficients',
        ),
        (
            layer('Eltwise', 'a b', eltwise_param={'operation': 7}),
            DamagedFile,
            'operation',
        ),
    ],
)
def test_what_cannot_be_run_is_refused_when_it_is_read(row, error, text, path):
    with pytest.raises(error, match=text):
        CaffeFunction(write(path, [row]))


@pytest.mark.parametrize('dim', [[5, 11], [-5, -12], [2**40, 2**40], []])
def test_blobs_of_another_size(dim, path):
    net = net_parameter()()
    message = net.layer.add(type='InnerProduct', name='ip')
    blob = message.blobs.add()
    blob.shape.dim.extend(dim)
    blob.data.extend(M.ravel().tolist())
    path.write_bytes(net.SerializeToString())
    with pytest.raises(DamagedFile, match=r"net.caffemodel: layer 'ip'.*60"):
        CaffeFunction(path)


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 not a network', b'\xff' * 40])
def test_other_files(content, path):
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r'net\.caffemodel: not a network of Caffe'):
        CaffeFunction(path)


def test_mutated_files_give_a_network_or_a_documented_error(path):
    write(path, [layer('InnerProduct', blobs=[M, c]), layer('ReLU', 'y', 'z')])
    whole = path.read_bytes()
    chance = np.random.RandomState(3)
    outcomes = {'network': 0, 'refused': 0}
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            content[chance.randint(len(content))] = chance.randint(256)
        if chance.rand() < 0.3:
            del content[chance.randint(len(content)) :]
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            error = refusal(path)
        outcomes['network' if error is None else 'refused'] += 1
        assert error is None or 'net.caffemodel' in str(error)
    assert min(outcomes.values()) > 30


def refusal(path):
    """The documented error that reading raises, if any."""
    try:
        CaffeFunction(path)
    except (DamagedFile, NotImplementedError) as error:
        return error
    return None
