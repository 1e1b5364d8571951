"""Devices: their names, what they hold, where they send."""

import numpy as np
import pytest

import minigrad
from minigrad import backend
from tests.gpu import stand_in


@pytest.fixture
def cupy():
    with stand_in.installed() as module:
        yield module


def test_cpu():
    cpu = minigrad.get_device('@numpy')
    assert cpu == minigrad.get_device(-1) == minigrad.get_device('-1')
    assert minigrad.get_device(cpu) is cpu
    assert (str(cpu), repr(cpu)) == ('@numpy', '<CpuDevice (numpy)>')
    assert cpu.xp is np
    assert cpu.supported_array_types == (np.ndarray,)
    assert cpu.is_array_supported(np.ones(1))
    x = np.ones(2)
    assert cpu.send(x) is x
    assert cpu.send([x, None]) == [x, None]
    assert cpu.send(np.float32(1)).shape == ()
    cpu.use()


@pytest.mark.parametrize('spec', ['@cupy:1', 1, '1', np.int64(1)])
def test_gpu(spec, cupy):
    gpu = minigrad.get_device(spec)
    assert (str(gpu), repr(gpu)) == ('@cupy:1', '<GpuDevice @cupy:1>')
    assert gpu == minigrad.get_device(cupy.cuda.Device(1))
    assert gpu != minigrad.get_device('@cupy:0')
    assert len({gpu, minigrad.get_device('@cupy:1')}) == 1
    assert gpu.xp is cupy
    x = gpu.send(np.ones(2))
    assert x.device.id == 1
    assert gpu.send(x) is x
    assert gpu.is_array_supported(x)
    assert not minigrad.get_device('@cupy:0').is_array_supported(x)
    with minigrad.using_device(gpu), minigrad.using_device(gpu):
        assert cupy.ones(1).device.id == 1
    assert cupy.ones(1).device.id == 0
    gpu.use()
    assert cupy.ones(1).device.id == 1


@pytest.mark.parametrize('text', ['cupy:0', '@cupy', '@cupy:x', '@cupy:-1', ''])
def test_bad_names(text):
    with pytest.raises(ValueError, match="'@numpy' or '@cupy:N'"):
        minigrad.get_device(text)


def test_bad_specifiers():
    with pytest.raises(TypeError, match='a number or a Device, got float'):
        minigrad.get_device(1.5)
    with pytest.raises(RuntimeError, match=r'use minigrad\.using_device'):
        minigrad.get_device('@numpy').__enter__()


def test_a_device_that_is_not_there(cupy):
    with pytest.raises(RuntimeError, match='invalid device ordinal'):
        minigrad.get_device('@cupy:7')


def test_from_array(cupy):
    x = minigrad.get_device('@cupy:1').send(np.ones(2))
    assert str(backend.get_device_from_array(x)) == '@cupy:1'
    assert str(backend.get_device_from_array(np.ones(2), x)) == '@cupy:1'
    assert str(backend.get_device_from_array(np.ones(2))) == '@numpy'
    assert backend.CpuDevice.from_array(x) is None
    assert backend.GpuDevice.from_array(np.ones(2)) is None


def test_copyto_crosses_devices(cupy):
    here, there = np.zeros(3), minigrad.get_device('@cupy:1').send(np.arange(3.0))
    backend.copyto(here, there)
    assert here.tolist() == [0, 1, 2]
    other = cupy.zeros(3)
    backend.copyto(other, there)
    assert other.tolist() == [0, 1, 2]
    backend.copyto(there, here + 1)
    assert there.tolist() == [1, 2, 3]
    with pytest.raises(TypeError, match='cannot copy from an object of type'):
        backend.copyto(here, [1, 2, 3])


def test_arrays(cupy):
    x = cupy.ones(2)
    assert backend.is_array(x)
    assert not backend.is_array([1])
    assert backend.is_arrays_compatible([x, None, x])
    assert not backend.is_arrays_compatible([x, np.ones(2)])
    assert backend.contains_nan(cupy.asarray([np.nan]))
    assert not backend.contains_nan(cupy.asarray([1]))


def test_mixed_devices_are_all_named(cupy):
    x = minigrad.get_device('@cupy:1').send(np.ones(2, 'f'))
    for other, names in (
        (np.ones(2, 'f'), '@cupy:1 and @numpy'),
        (cupy.ones(2, 'f'), '@cupy:0 and @cupy:1'),
    ):
        with pytest.raises(minigrad.errors.DeviceMismatch) as info:
            minigrad.functions.minimum(x, other)
        message = str(info.value)
        assert f'minimum: expected all inputs on one device, got {names}' in message
        assert 'model.to_device(...)' in message
        assert 'float32 (2,)' in message
