"""Every kernel through NVRTC as CuPy calls it, for three generations of cards."""

import io
import re

import numpy as np
import pytest

from minigrad.kernels.gpu import raw, table
from minigrad.kernels.gpu.elementwise import ELEMENTWISE
from minigrad.kernels.gpu.launch import Launcher, wide
from tests.judges import cubin
from tests.judges.driver import CAPABILITIES, driver

DEVICES = [
    pytest.param(i, id=f'sm_{major}{minor}')
    for i, (major, minor) in enumerate(CAPABILITIES)
]
RAW = [(m, t, t) for m in raw.RAW for t in 'efd' if m != 'random' or t == 'f']
RAW += [('batch_norm', 'e', 'f')]
OF_MANY = [(n, t, t) for n in (*table.OF_MANY, 'finite') for t in 'efd']
OF_MANY += [('cast', 'e', 'f'), ('cast', 'f', 'e')]
# What the smallest of these cards gives a block, and a launch its arguments.
REGISTERS, SHARED, ARGUMENTS = 64 << 10, 48 << 10, 4 << 10
_POINTER = 8
_SIZES = {'int': 4, 'float': 4, 'double': 8, 'long long': 8}
_SIZES['Table'] = table.TABLE.itemsize


@pytest.fixture
def launcher(cupy, monkeypatch):
    monkeypatch.setattr(driver, 'compiles', True)
    # What is loaded now is for a card: other tests, whose kernels the CPU carries out,
    # find their own again.
    monkeypatch.setattr(driver, 'modules', {})
    cupy.clear_memo()
    yield Launcher(cupy)
    cupy.clear_memo()


def check(threads):
    """Checks the kernels that were compiled last; returns them."""
    kernels = cubin.kernels(list(driver.modules.values())[-1])
    for kernel in kernels.values():
        assert kernel.registers * threads <= REGISTERS
        assert kernel.shared <= SHARED
        end = 0
        for offset, size in kernel.parameters:
            assert offset % min(size, 8) == 0
            assert offset >= end
            end = offset + size
        assert end <= ARGUMENTS
    return kernels


def check_source(code, dtype):
    """Checks that each kernel takes what its text declares, byte for byte."""
    kernels = check(raw.THREADS)
    declared = re.findall(r'__global__ void (\w+)\(([^)]*)\)', code)
    assert sorted(kernels) == sorted(name for name, _ in declared)
    sizes = _SIZES | {'A': np.dtype(wide(np.dtype(dtype))).itemsize}
    for name, parameters in declared:
        expected = []
        for parameter in parameters.split(','):
            kind = parameter.rsplit(maxsplit=1)[0].replace('const ', '').strip()
            expected.append(_POINTER if '*' in parameter else sizes[kind])
        assert [size for _, size in kernels[name].parameters] == expected


def compile_quietly(kernel):
    said = io.StringIO()
    kernel.compile(log_stream=said)
    assert said.getvalue() == ''


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize(('module', 'dtype', 'other'), RAW)
def test_raw(module, dtype, other, device, launcher, cupy):
    name = re.search(r'__global__ void (\w+)', raw.RAW[module])[1]
    with cupy.cuda.Device(device):
        kernel = launcher.raw(module, name, np.dtype(dtype), np.dtype(other))
        compile_quietly(kernel)
    check_source(raw.RAW[module], dtype)


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize(('name', 'dtype', 'other'), OF_MANY)
def test_of_many(name, dtype, other, device, launcher, cupy):
    with cupy.cuda.Device(device):
        compile_quietly(launcher.of_many(name, dtype, other))
    check_source(table.source(name, dtype, other), dtype)


def arguments(name, array, dtype):
    """Returns what a kernel of ``elementwise.py`` takes; ``array`` makes an array."""
    given = []
    for parameter in ', '.join(ELEMENTWISE[name][:2]).split(','):
        kind, variable = parameter.split()
        if kind == 'A':
            given.append(wide(np.dtype(dtype))(0.5))
        elif variable == 'ratio':
            given.append(np.float32(0.5))
        else:
            given.append(array(np.float32 if kind == 'U' else np.dtype(dtype)))
    return given


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize('name', ELEMENTWISE)
def test_elementwise(name, dtype, device, launcher, cupy):
    with cupy.cuda.Device(device):
        launcher.elementwise(
            name, *arguments(name, lambda dtype: cupy.zeros((2, 3), dtype), dtype)
        )
    check(128)


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize('name', ELEMENTWISE)
def test_strided(name, dtype, launcher, cupy):
    def strided(dtype):
        return cupy.zeros((2, 3, 4, 10), dtype)[:, :, ::2, ::3]

    launcher.elementwise(name, *arguments(name, strided, dtype))
    check(128)


@pytest.mark.parametrize('name', ELEMENTWISE)
def test_more_elements_than_an_int_counts(name, launcher, cupy, monkeypatch):
    made = []
    monkeypatch.setattr(driver, 'launches', made.append)
    size = (1 << 31) + 5

    def large(dtype):  # nothing reads or writes there
        memory = cupy.cuda.UnownedMemory(1 << 40, size * dtype.itemsize, None, 0)
        return cupy.ndarray(size, dtype, cupy.cuda.MemoryPointer(memory, 0))

    monkeypatch.setattr(driver, 'compiles', False)
    launcher.elementwise(name, *arguments(name, lambda d: large(np.dtype(d)), 'f'))
    (launch,) = made
    assert launch.grid[0] * launch.block[0] >= size
    assert b'CIndexer<1, 0>' in launch.source  # places are counted in 64 bits
