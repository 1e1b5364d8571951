"""float16 values, float32 masters and a scaled loss, on the CPU and the stand-in."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import optimizers
from tests.gpu import stand_in


class Model(minigrad.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.conv = L.Convolution2D(1, 4, 3, nobias=True)
            self.norm = L.BatchNormalization(4)
            self.fc = L.Linear(None, 3)

    def forward(self, x):
        h = F.max_pooling_2d(F.relu(self.norm(self.conv(x))), 2)
        return self.fc(h)


@pytest.fixture(params=['@numpy', '@cupy:1'])
def device(request):
    with stand_in.installed():
        yield minigrad.get_device(request.param)


def make(device, optimizer=None):
    np.random.seed(0)
    with minigrad.using_config('dtype', minigrad.mixed16):
        model = Model()
        x = np.random.rand(6, 1, 8, 8).astype(minigrad.get_dtype())
        model.to_device(device)
        model(device.send(x))
    optimizer = optimizers.MomentumSGD(0.1) if optimizer is None else optimizer
    optimizer.setup(model)
    optimizer.use_fp32_update()
    t = device.send(np.array([0, 1, 2, 0, 1, 2], 'i'))
    return model, optimizer, device.send(x), t


def test_dtypes_are_chainers(device):
    model, _, x, _ = make(device)
    assert x.dtype == np.float16
    assert model.conv.W.dtype == model.fc.W.dtype == model.fc.b.dtype == np.float16
    # Sums of batch normalization need more than ten bits.
    assert model.norm.gamma.dtype == model.norm.beta.dtype == np.float32
    assert model.norm.avg_mean.dtype == np.float32
    with minigrad.using_config('dtype', minigrad.mixed16):
        assert model(x).dtype == np.float16


def train(device, steps, optimizer=None, loss_scale=None, dynamic=False):
    model, optimizer, x, t = make(device, optimizer)
    if loss_scale is not None:
        optimizer.set_loss_scale(loss_scale)
    if dynamic:
        optimizer.loss_scaling(interval=2)
    losses = []

    def lossfun():
        loss = F.softmax_cross_entropy(model(x), t)
        losses.append(float(loss.array))
        return loss

    with minigrad.using_config('dtype', minigrad.mixed16):
        for _ in range(steps):
            optimizer.update(lossfun)
    return model, optimizer, losses


@pytest.mark.parametrize('name', ['SGD', 'MomentumSGD', 'Adam', 'RMSprop', 'AdaGrad'])
def test_loss_falls(name, device):
    model, _, losses = train(device, 8, getattr(optimizers, name)(), loss_scale=128)
    assert losses[-1] < losses[0]
    rule = model.conv.W.update_rule
    assert rule._fp32_param.dtype == np.float32
    assert all(a.dtype == np.float32 for a in rule.state.values())
    # The float16 parameter is its master, rounded.
    master = minigrad.backend.to_cpu(rule._fp32_param.array)
    shown = minigrad.backend.to_cpu(model.conv.W.array)
    np.testing.assert_array_equal(shown, master.astype(np.float16))


def test_small_steps_add_up_in_the_master(device):
    """Each step is below half a unit of float16, and would be lost in it."""
    parameter = minigrad.Parameter(device.send(np.ones(1, np.float16)))
    link = minigrad.Link(p=None)
    with link.init_scope():
        link.p = parameter
    optimizer = optimizers.SGD(lr=1e-4).setup(link)
    optimizer.use_fp32_update()
    for _ in range(20):
        parameter.grad = device.send(np.ones(1, np.float16))
        optimizer.update()
    (value,) = minigrad.backend.to_cpu(parameter.array).tolist()
    assert value == pytest.approx(1 - 20e-4, abs=5e-4)
    assert value != 1


def test_scaled_gradients_do_not_vanish(device):
    """A gradient of 2**-26 is zero in float16, and is not with a scale of 2**10."""

    def gradient(scale):
        x = minigrad.Variable(device.send(np.ones(1, np.float16)))
        y = F.sum(x * float(2.0**-13) * float(2.0**-13))
        y.backward(loss_scale=scale)
        return minigrad.backend.to_cpu(x.grad).item()

    assert gradient(None) == 0
    assert gradient(2.0**10) == 2.0**-16


def test_static_scale_is_taken_back(device):
    plain = train(device, 3)[0]
    scaled = train(device, 3, loss_scale=256)[0]
    for a, b in zip(plain.params(), scaled.params(), strict=True):
        np.testing.assert_allclose(
            minigrad.backend.to_cpu(a.array),
            minigrad.backend.to_cpu(b.array),
            rtol=2e-2,
            atol=2e-2,
        )


def test_dynamic_scale_doubles_and_halves(device):
    model, optimizer, x, t = make(device)
    optimizer.loss_scaling(interval=2)

    def lossfun():
        return F.softmax_cross_entropy(model(x), t)

    with minigrad.using_config('dtype', minigrad.mixed16):
        optimizer.update(lossfun)
        assert optimizer._loss_scale == 2
        optimizer._loss_scale = 2.0**20  # too much for float16
        before = minigrad.backend.to_cpu(model.fc.W.array).copy()
        with (
            np.errstate(over='ignore', invalid='ignore'),
            pytest.warns(UserWarning, match='not finite'),
        ):
            optimizer.update(lossfun)
        assert optimizer._loss_scale == 65504  # half of it, and float16's largest
        np.testing.assert_array_equal(minigrad.backend.to_cpu(model.fc.W.array), before)
