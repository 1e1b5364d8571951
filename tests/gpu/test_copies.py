"""Gradients lie where their variables lie, whatever way a value took."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F

DEVICES = ('@numpy', '@cupy:0', '@cupy:1')


def on(device, shape=(2, 3)):
    array = np.arange(1, 7, dtype='f').reshape(shape)
    return minigrad.Variable(minigrad.get_device(device).send(array))


def cpu(variable):
    return minigrad.backend.to_cpu(variable.array)


@pytest.mark.parametrize('there', DEVICES)
@pytest.mark.parametrize('here', DEVICES)
def test_gradients_of_a_copy(here, there, cupy):
    x = on(here)
    y = F.copy(x, there)
    assert str(y.device) == there
    loss = F.sum(y**3)
    assert str(loss.device) == there
    (gx,) = minigrad.grad([loss], [x], enable_double_backprop=True)
    assert str(gx.device) == here
    np.testing.assert_array_equal(cpu(gx), 3 * cpu(x) ** 2)
    F.sum(F.copy(gx, there) ** 2).backward()
    assert str(x.grad_var.device) == here
    np.testing.assert_array_equal(cpu(x.grad_var), 36 * cpu(x) ** 3)


@pytest.mark.parametrize('there', DEVICES)
@pytest.mark.parametrize('here', DEVICES)
def test_a_value_used_here_and_there(here, there, cupy):
    x = on(here)
    y = F.copy(x, there)
    back = F.copy(y * y, here)
    F.sum(back + x).backward(retain_grad=True)
    assert str(x.grad_var.device) == here
    assert str(y.grad_var.device) == there
    assert str(back.grad_var.device) == here
    np.testing.assert_array_equal(cpu(x.grad_var), 2 * cpu(x) + 1)


@pytest.mark.parametrize('device', DEVICES)
def test_a_parameter_that_moved(device, cupy):
    model = minigrad.links.Linear(3, 2)
    model.cleargrads()
    x = on('@numpy')
    F.sum(model(x)).backward()
    expected = cpu(model.W.grad_var)
    model.to_device(device)
    assert str(model.W.grad_var.device) == device
    model.cleargrads()
    F.sum(model(F.copy(x, device))).backward()
    assert str(model.W.grad_var.device) == device
    np.testing.assert_allclose(cpu(model.W.grad_var), expected, 1e-6)
    assert str(x.grad_var.device) == '@numpy'
