"""Shapes, and parameters counted as in the papers."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
from models.alexnet import (
    VARIANTS,
    AlexNet,
    AlexNetCIFAR,
    AlexNetOWT,
    AlexNetSmall,
    AlexNetStrided,
)
from models.deepconvnet import DeepConvNet
from models.lenet import LeNet
from models.mlp import MLP


def dense(*widths):
    return sum((n + 1) * m for n, m in itertools.pairwise(widths))


def convolutions(*layers):
    return sum(out * (n * k * k + 1) for n, out, k in layers)


FIVE = [(96, 256, 5), (256, 384, 3), (384, 384, 3), (384, 256, 3)]
SMALL_FIVE = [(96, 256, 3), *FIVE[1:]]

# model, shape of a batch, number of parameters
MODELS = {
    'MLP': (MLP, (2, 784), dense(784, 1000, 1000, 10)),
    'LeNet 28': (
        LeNet,
        (2, 1, 28, 28),
        convolutions((1, 6, 5), (6, 16, 5)) + dense(256, 120, 84, 10),
    ),
    'LeNet 32': (
        LeNet,
        (2, 3, 32, 32),
        convolutions((3, 6, 5), (6, 16, 5)) + dense(400, 120, 84, 10),
    ),
    'DeepConvNet': (
        DeepConvNet,
        (2, 1, 28, 28),
        convolutions(
            (1, 16, 3), (16, 16, 3), (16, 32, 3), (32, 32, 3), (32, 64, 3), (64, 64, 3)
        )
        + dense(64 * 4 * 4, 50, 10),
    ),
    # The paper's 60,965,224 have groups in three convolutions; without: 62,378,344.
    'AlexNet': (AlexNet, (1, 3, 227, 227), 62378344),
    'AlexNetOWT': (AlexNetOWT, (1, 3, 224, 224), 61100840),  # torchvision's count
    # No bias before batch normalization, which has two numbers per channel: one more.
    'AlexNetCIFAR': (
        AlexNetCIFAR,
        (2, 3, 32, 32),
        convolutions((3, 96, 3), *SMALL_FIVE)
        + 96 + 256 + 384 + 384 + 256
        + dense(256 * 4 * 4, 4096, 4096, 10),
    ),
    'AlexNetSmall': (
        AlexNetSmall,
        (2, 1, 28, 28),
        convolutions((1, 96, 11), *FIVE)
        + 96 + 256 + 384 + 384 + 256
        + dense(256, 2048, 2048, 10),
    ),
    'AlexNetStrided': (
        AlexNetStrided,
        (2, 3, 224, 224),
        convolutions((3, 96, 11), *FIVE) + dense(256, 4096, 4096, 10),
    ),
}  # fmt: skip


@pytest.mark.parametrize('name', MODELS)
def test_shape_and_number_of_parameters(name):
    make, shape, n_params = MODELS[name]
    model = make()
    n_out = 1000 if make in (AlexNet, AlexNetOWT) else 10
    with mg.using_config('train', False), mg.no_backprop_mode():
        y = model(np.zeros(shape, 'f'))
    assert y.shape == (shape[0], n_out)
    assert y.dtype == np.float32
    assert model.count_params() == n_params


def test_maps_of_deep_conv_net():
    model = DeepConvNet()
    model(np.zeros((1, 1, 28, 28), 'f'))
    assert model.fc7.W.shape == (50, 64 * 4 * 4)
    assert model.count_params() == 123552


@pytest.mark.parametrize('make', [MLP, LeNet, DeepConvNet, AlexNetSmall, AlexNetCIFAR])
def test_every_parameter_gets_a_gradient(make, rng):
    model = make()
    shape = (2, 3, 32, 32) if make is AlexNetCIFAR else (2, 1, 28, 28)
    x = rng.standard_normal(shape, dtype=np.float32)
    loss = mg.functions.softmax_cross_entropy(model(x), np.array([1, 2]))
    model.cleargrads()
    loss.backward()
    missing = [name for name, param in model.namedparams() if param.grad is None]
    assert missing == []


@pytest.mark.parametrize(
    ('make', 'shape'),
    [(LeNet, (2, 1, 28, 28)), (DeepConvNet, (2, 1, 28, 28)), (MLP, (2, 784))],
)
def test_number_of_classes(make, shape):
    assert make(n_out=3)(np.zeros(shape, 'f')).shape == (2, 3)


def test_small_alexnet_takes_larger_images_and_colours():
    assert AlexNetSmall()(np.zeros((2, 3, 32, 32), 'f')).shape == (2, 10)


def in_torch(torch, model, x):
    """AlexNetStrided by PyTorch, which takes the parameters but not the padding."""
    functional = torch.nn.functional
    params = {
        name[1:]: torch.tensor(param.array, requires_grad=True)
        for name, param in model.namedparams()
    }

    def same(h, ksize, stride, value):
        sides = []
        for size in h.shape[:1:-1]:  # PyTorch pads the last axis first
            before_next = size % stride if size % stride else stride
            total = max(ksize - before_next, 0)
            sides += [total // 2, (total + 1) // 2]
        return functional.pad(h, sides, value=value)

    def convolution(h, name):
        W, b = params[f'{name}/W'], params[f'{name}/b']
        return functional.conv2d(same(h, W.shape[2], 4, 0.0), W, b, stride=4)

    def normalization_and_pooling(h):
        # PyTorch divides alpha by the size.
        h = functional.local_response_norm(h, 5, alpha=5e-4, beta=0.75, k=2.0).relu()
        return functional.max_pool2d(same(h, 3, 2, -np.inf), 3, 2)

    def dense(h, name):
        return functional.linear(h, params[f'{name}/W'], params[f'{name}/b'])

    h = normalization_and_pooling(convolution(x, 'conv1'))
    h = normalization_and_pooling(convolution(h, 'conv2'))
    for name in ('conv3', 'conv4', 'conv5'):
        h = convolution(h, name).relu()
    h = h.flatten(1)
    for name in ('fc6', 'fc7'):
        h = dense(h, name).relu()
    return dense(h, 'fc8'), params


@pytest.mark.torch
def test_strided_alexnet_is_that_of_pytorch(rng):
    torch = pytest.importorskip('torch', reason='compares with PyTorch')
    # In float32 a value near 0 may fall on either side of a ReLU.
    with mg.using_config('dtype', np.float64):
        model = AlexNetStrided()
    x = mg.Variable(rng.standard_normal((2, 3, 224, 224)))
    with mg.using_config('train', False):  # without dropout
        y = model(x)
    loss = mg.functions.softmax_cross_entropy(y, np.array([1, 2]))
    model.cleargrads()
    loss.backward()

    x_ = torch.tensor(x.array, requires_grad=True)
    y_, params = in_torch(torch, model, x_)
    torch.nn.functional.cross_entropy(y_, torch.tensor([1, 2])).backward()

    def same(ours, theirs):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10 * scale)

    same(y.array, y_.detach().numpy())
    same(x.grad, x_.grad.numpy())
    for name, param in model.namedparams():
        same(param.grad, params[name[1:]].grad.numpy())


def test_variants_tell_their_image_size():
    assert {name: variant.insize for name, variant in VARIANTS.items()} == {
        '2012': 227,
        'owt': 224,
        'cifar': 32,
        'small': 28,
        'strided': 224,
    }


def test_dropout_only_in_training(rng):
    model = DeepConvNet()
    x = rng.standard_normal((4, 1, 28, 28), dtype=np.float32)
    with mg.using_config('train', False):
        np.testing.assert_array_equal(model(x).array, model(x).array)
    assert np.any(model(x).array != model(x).array)


@pytest.mark.parametrize(
    'module',
    ['alexnet', 'deepconvnet', 'digits', 'lenet', 'mlp', 'torch_file', 'weights'],
)
def test_import_has_no_side_effects(module, tmp_path):
    program = (
        'import sys, numpy, minigrad\n'
        'numpy.random.seed(0)\n'
        'before = numpy.random.get_state()[1].tolist(), numpy.random.get_state()[2]\n'
        f'import models.{module}\n'
        'state = numpy.random.get_state()\n'
        'assert (state[1].tolist(), state[2]) == before\n'
        "assert not {'torch', 'matplotlib', 'PIL'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')
