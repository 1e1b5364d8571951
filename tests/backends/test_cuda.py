"""``minigrad.backends.cuda`` without a GPU, and on the stand-in."""

import sys

import numpy as np
import pytest

import minigrad
from minigrad import backend
from minigrad.backends import cuda
from tests.gpu import emulator, stand_in


@pytest.fixture
def no_cupy(monkeypatch):
    """A machine on which ``import cupy`` fails."""
    monkeypatch.setitem(sys.modules, 'cupy', None)
    cuda._state.cache_clear()
    yield
    cuda._state.cache_clear()


@pytest.fixture
def no_device():
    """CuPy is there, but the driver lists no card."""
    with stand_in.installed(devices=0) as cupy:
        yield cupy


@pytest.fixture
def cupy():
    with stand_in.installed() as module:
        yield module


NEEDS_GPU = {
    'to_gpu': lambda: cuda.to_gpu(np.ones(2)),
    'copy': lambda: cuda.copy(np.ones(2)),
    'elementwise': lambda: cuda.elementwise('T x', 'T y', 'y = x', 'same'),
    'reduce': lambda: cuda.reduce('T x', 'T y', 'x', 'a + b', 'y = a', 0, 'add'),
    'raw': lambda: cuda.raw('extern "C" __global__ void f() {}', 'f'),
    'get_device_from_id': lambda: cuda.get_device_from_id(0),
    'get_compute_capability': lambda: cuda.get_compute_capability(),
    'Stream': lambda: cuda.Stream(),
    'Event': lambda: cuda.Event(),
    'Device': lambda: cuda.Device(0),
    'check_cuda_available': cuda.check_cuda_available,
    'Variable.to_gpu': lambda: minigrad.Variable(np.ones(2)).to_gpu(),
    'Variable.to_device': lambda: minigrad.Variable(np.ones(2)).to_device('@cupy:0'),
    'Link.to_device': lambda: minigrad.links.Linear(2, 2).to_device('@cupy:0'),
    'get_device': lambda: minigrad.get_device(0),
    'concat_examples': lambda: minigrad.dataset.concat_examples([1, 2], 0),
}


@pytest.mark.parametrize('name', NEEDS_GPU)
def test_without_cupy_the_message_says_what_to_install(name, no_cupy):
    with pytest.raises(
        RuntimeError,
        match=r'GPU was asked for, but CuPy cannot be imported(.|\n)*'
        r'pip install "cupy-cuda12x\[ctk\]" nvidia-cudnn-cu12',
    ):
        NEEDS_GPU[name]()


@pytest.mark.parametrize('name', NEEDS_GPU)
def test_without_a_device_the_message_says_so(name, no_device):
    with pytest.raises(RuntimeError, match='GPU was asked for, but CUDA lists no dev'):
        NEEDS_GPU[name]()


def test_broken_driver(cupy, monkeypatch):
    def fail():
        raise cupy.cuda.runtime.CUDARuntimeError('cudaErrorInsufficientDriver: old')

    monkeypatch.setattr(cupy.cuda.runtime, 'getDeviceCount', staticmethod(fail))
    with pytest.raises(
        RuntimeError,
        match=r'CUDA finds none \(cudaErrorInsufficientDriver: old\)\n.*nvidia-smi',
    ):
        backend.import_cupy()


def test_without_cupy_programs_can_ask(no_cupy):
    assert not cuda.available
    assert not cuda.cudnn_enabled
    assert not isinstance(np.ones(1), cuda.ndarray)
    assert not isinstance(0, cuda.Device)
    assert cuda.cupy.__name__ == 'cupy'
    with pytest.raises(
        AttributeError, match=r"(?s)no attribute 'zeros': .*pip install"
    ):
        cuda.cupy.zeros(3)
    assert not hasattr(cuda.cupy, '__wrapped__')
    assert cuda.memory_pool is None
    assert cuda.get_array_module(np.ones(1)) is np
    assert cuda.get_device_from_id(None) is cuda.DummyDevice
    assert cuda.get_device_from_id(-1) is cuda.DummyDevice
    assert cuda.get_device_from_array(np.ones(1)) is cuda.DummyDevice
    assert cuda.to_cpu([np.ones(1), None])[1] is None
    assert cuda.fuse(len) is len
    assert cuda.fuse()(len) is len
    assert cuda.memoize()(len) is len
    cuda.clear_memo()
    assert not cuda.should_use_cudnn('>=auto')
    with pytest.raises(AttributeError, match='nonsense'):
        cuda.nonsense  # noqa: B018


def test_dummy_device():
    with cuda.DummyDevice as device:
        assert int(device) == -1
        device.use()
        device.synchronize()
    assert cuda.DummyDeviceType() == cuda.DummyDevice
    assert hash(cuda.DummyDeviceType()) == hash(cuda.DummyDevice)


def test_names_of_cupy(cupy):
    assert cuda.available
    assert cuda.cupy is cupy
    assert cuda.cuda is cupy.cuda
    assert cuda.ndarray is cupy.ndarray
    assert cuda.Stream is cupy.cuda.Stream
    assert cuda.get_array_module(cupy.ones(1)) is cupy
    assert cuda.get_array_module(minigrad.Variable(cupy.ones(1))) is cupy
    assert cuda.get_compute_capability() == (9, 0)


def test_moving(cupy):
    x = np.arange(3.0)
    there = cuda.to_gpu(x, 1)
    assert there.device.id == 1
    assert cuda.to_gpu(there, 1) is there
    assert cuda.to_gpu(there, cupy.cuda.Device(0)).device.id == 0
    assert cuda.to_gpu(x, cuda.DummyDevice).device.id == 0
    assert cuda.to_gpu(None) is None
    both = cuda.to_gpu((x, x))
    assert both[0] is both[1]
    assert cuda.to_gpu(np.float32(2)).dtype == np.float32
    with pytest.warns(DeprecationWarning, match='stream'):
        cuda.to_gpu(x, stream=cupy.cuda.Stream())
    np.testing.assert_array_equal(cuda.to_cpu(there), x)
    np.testing.assert_array_equal(cuda.to_cpu(there, cupy.cuda.Stream()), x)
    assert cuda.to_cpu(x) is x
    with pytest.raises(TypeError, match='to_gpu: expected an array, got str'):
        cuda.to_gpu('x')
    with pytest.raises(TypeError, match='to_cpu: expected an array, got list'):
        cuda.to_cpu([[1.0]])
    for bad in (-1, 'a', 1.5):
        with pytest.raises(ValueError, match='a GPU number of 0 or more'):
            cuda.to_gpu(x, bad)


def test_copy(cupy):
    x = cuda.to_gpu(np.arange(3.0), 1)
    assert cuda.copy(x).device.id == 1
    assert cuda.copy(x, out_device=0).device.id == 0
    out = cupy.zeros(3)
    assert cuda.copy(x, out) is out
    np.testing.assert_array_equal(out.get(), x.get())
    with pytest.raises(ValueError, match='stream=None'):
        cuda.copy(x, stream=cupy.cuda.Stream())


def test_get_device_is_deprecated(cupy):
    x = cuda.to_gpu(np.ones(1), 1)
    for args, number in (((1,), 1), ((x,), 1), ((cupy.cuda.Device(1),), 1), ((), -1)):
        with pytest.warns(DeprecationWarning, match='cuda.get_device is deprecated'):
            assert int(cuda.get_device(*args)) == number


@pytest.mark.skipif(emulator.COMPILER is None, reason='needs g++')
def test_kernels_of_ones_own_are_compiled_once():
    with stand_in.installed(ElementwiseKernel=emulator.ElementwiseKernel) as cupy:
        text = 'T x', 'T y', 'y = x * 2;', 'twice'
        assert cuda.elementwise(*text) is cuda.elementwise(*text)
        y = cupy.empty(2)
        cuda.elementwise(*text)(cupy.ones(2), y)
        assert y.tolist() == [2, 2]


@pytest.mark.parametrize(
    ('use', 'level', 'expected'),
    [
        ('always', '==always', True),
        ('auto', '==always', False),
        ('auto', '>=auto', True),
        ('never', '>=auto', False),
    ],
)
def test_should_use_cudnn(use, level, expected, monkeypatch):
    monkeypatch.setattr(cuda, '_cudnn_version', lambda: 92800)
    with minigrad.using_config('use_cudnn', use):
        assert cuda.should_use_cudnn(level) is expected
        assert cuda.should_use_cudnn(level, 92800) is expected
        assert not cuda.should_use_cudnn(level, 99999)


def test_bad_words(cupy):
    with pytest.raises(ValueError, match="expected '==always' or '>=auto', got 'x'"):
        cuda.should_use_cudnn('x')
    with (
        minigrad.using_config('use_cudnn', True),
        pytest.raises(ValueError, match=r"config.use_cudnn: expected 'always', .*True"),
    ):
        cuda.should_use_cudnn('>=auto')
    with (
        minigrad.using_config('use_cudnn_tensor_core', 1),
        pytest.raises(ValueError, match=r'config.use_cudnn_tensor_core: .* got 1'),
    ):
        cuda.should_use_cudnn_tensor_core('f')


def test_tensor_cores():
    assert cuda.should_use_cudnn_tensor_core('e')
    assert not cuda.should_use_cudnn_tensor_core('f')
    with minigrad.using_config('use_cudnn_tensor_core', 'always'):
        assert cuda.should_use_cudnn_tensor_core('f')


def test_workspace():
    before = cuda.get_max_workspace_size()
    cuda.set_max_workspace_size(123)
    assert cuda.get_max_workspace_size() == 123
    cuda.set_max_workspace_size(before)
