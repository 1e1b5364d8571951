"""CuPy itself without a card: what it asks of CUDA is answered here.

CuPy is Python and Cython above the CUDA runtime, the driver and the libraries. Its
Cython modules find each other's functions in tables named ``__pyx_capi__``. Here the
functions of the lowest layer are exchanged in those tables before anything else of CuPy
is imported: memory is main memory, and a launch is remembered instead of made. All that
lies above is CuPy as it is installed: it decides types, loops and shapes, refuses what
it refuses, compiles by NVRTC, packs the arguments of launches. Only the numbers that
kernels would compute are not there: they are zeros.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import itertools
import os
import re
import sys
from typing import NamedTuple

from tests.judges.libraries import find

_C_TYPES = {
    'PyObject *': ctypes.py_object,
    'int': ctypes.c_int,
    'CUdevice': ctypes.c_int,
    'unsigned int': ctypes.c_uint,
    'size_t': ctypes.c_size_t,
    'intptr_t': ctypes.c_ssize_t,
    'uintmax_t': ctypes.c_ulonglong,
    'PY_LONG_LONG': ctypes.c_longlong,
    'float': ctypes.c_float,
    'double': ctypes.c_double,
}
# Major and minor number of the devices that there are not.
CAPABILITIES = ((9, 0), (8, 0), (7, 5))
_LIBRARIES = ('cublas', 'cusolver', 'cusparse', 'curand')
_FUNCTIONS = ('cython_function_or_method', 'builtin_function_or_method')
_kept = []  # what the tables point to


class Launch(NamedTuple):
    """One launch, as the driver was asked for it."""

    source: bytes
    name: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared: int
    arguments: int  # the address of an array of addresses


class Driver:
    """The answers, and what they depend on.

    Attributes:
        compiles: Whether NVRTC compiles what CuPy asks for, or a launch is enough.
        modules: What was loaded, by number: a cubin, or its source.
        functions: Number of the module and name, by number.
        launches: Function to call with each `Launch`, or None.
        memory: Sizes of what is allocated, by address.
        faults: What went wrong in an answer; Cython cannot be told.
    """

    def __init__(self):
        self._numbers = itertools.count(1 << 20)
        self._libc = ctypes.CDLL(None)
        self._libc.aligned_alloc.restype = ctypes.c_void_p
        self._libc.aligned_alloc.argtypes = [ctypes.c_size_t] * 2
        self._libc.free.argtypes = [ctypes.c_void_p]
        self.modules = {}
        self.functions = {}
        self.memory = {}
        self.reset()

    def reset(self):
        """Forgets what a test set."""
        self.compiles = False
        self.device = 0
        self.launches = None
        self.capturing = False
        self.faults = []

    def number(self, *args):
        return next(self._numbers)

    # -- the runtime

    def getDevice(self, *args):
        return self.device

    def setDevice(self, device, *args):
        self.device = device

    def getDeviceCount(self, *args):
        return len(CAPABILITIES)

    def runtimeGetVersion(self, *args):
        return 13000

    driverGetVersion = runtimeGetVersion

    def deviceGetAttribute(self, attribute, device, *args):
        major, minor = CAPABILITIES[device]
        return {16: 100, 75: major, 76: minor}.get(attribute, 1024)

    def getDeviceProperties(self, device, *args):
        return {
            'name': b'no card',
            'major': CAPABILITIES[device][0],
            'minor': CAPABILITIES[device][1],
            'multiProcessorCount': 100,
            'totalGlobalMem': 8 << 30,
            'warpSize': 32,
            'maxThreadsPerBlock': 1024,
            'sharedMemPerBlock': 48 << 10,
        }

    def memGetInfo(self, *args):
        return 4 << 30, 8 << 30

    def malloc(self, size, *args):
        size = max(-(-size // 512) * 512, 512)  # as aligned as CUDA's
        pointer = self._libc.aligned_alloc(512, size)
        if not pointer:
            raise MemoryError(size)
        ctypes.memset(pointer, 0, size)
        self.memory[pointer] = size
        return pointer

    mallocAsync = mallocManaged = hostAlloc = malloc

    def free(self, pointer, *args):
        if pointer:
            del self.memory[pointer]
            self._libc.free(pointer)

    freeAsync = freeHost = free

    def memset(self, pointer, value, size, *args):
        ctypes.memset(pointer, value, size)

    memsetAsync = memset

    def memcpy(self, target, source, size, *args):
        ctypes.memmove(target, source, size)

    memcpyAsync = memcpy

    def memcpyPeer(self, target, _, source, __, size, *args):
        ctypes.memmove(target, source, size)

    memcpyPeerAsync = memcpyPeer

    def eventElapsedTime(self, *args):
        return 1.0

    eventCreate = eventCreateWithFlags = number
    streamCreate = streamCreateWithFlags = streamCreateWithPriority = number
    graphInstantiate = number

    def streamIsCapturing(self, *args):
        return int(self.capturing)

    def streamBeginCapture(self, *args):
        self.capturing = True

    def streamEndCapture(self, *args):
        self.capturing = False
        return self.number()

    # -- the driver

    def moduleLoadData(self, cubin, *args):
        number = self.number()
        self.modules[number] = bytes(cubin)
        return number

    def moduleGetFunction(self, module, name, *args):
        number = self.number()
        self.functions[number] = module, name
        return number

    def launchKernel(self, function, *args):
        if self.launches is not None and not self.faults:
            module, name = self.functions[function]
            *sizes, shared, _, arguments, _ = args[:10]
            self.launches(
                Launch(
                    self.modules[module], name, tuple(sizes[:3]), tuple(sizes[3:]),
                    shared, arguments,
                )
            )  # fmt: skip

    def occupancyMaxPotentialBlockSize(self, *args):
        return 100, 256

    def get_build_version(self, *args):
        return 13020


driver = Driver()


def _exchange(module, name, function):
    """Makes a function of a Cython module, for Python and for Cython, another."""
    table = module.__pyx_capi__
    signature = _signature(table[name])
    result, arguments = re.match(r'(.*?\*?) ?\((.*)\)$', signature).groups()
    types = [
        _C_TYPES['int']
        if '__pyx_skip' in t
        else ctypes.c_void_p
        if t.startswith('struct')
        else _C_TYPES.get(t)
        for t in arguments.split(', ')
        if t != 'void'
    ]
    if result not in _C_TYPES or None in types:
        return
    zero = None if result == 'PyObject *' else 0

    def answer(*args):
        try:
            given = function(*args)
        except Exception as fault:
            driver.faults.append(fault)
            return zero
        return zero if given is None else given

    made = ctypes.PYFUNCTYPE(_C_TYPES[result], *types)(answer)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype = ctypes.py_object
    new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    signature = signature.encode()
    _kept.append((made, signature))
    # CuPy frees memory until the very end of the process.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))
    table[name] = new(ctypes.cast(made, ctypes.c_void_p), signature, None)
    if hasattr(module, name):
        setattr(module, name, answer)


def _exchange_all(module, answers, default):
    """Exchanges every function of a module that is called from elsewhere."""
    table = getattr(module, '__pyx_capi__', {})
    for name in [n for n, capsule in table.items() if '(' in _signature(capsule)]:
        _exchange(module, name, getattr(answers, name, None) or default(name))
    for name, value in list(vars(module).items()):
        if type(value).__name__ in _FUNCTIONS and name not in table:
            setattr(module, name, getattr(answers, name, None) or default(name))


def _signature(capsule):
    text = ctypes.pythonapi.PyCapsule_GetName
    text.restype, text.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return text(capsule).decode()


def install():
    """Imports CuPy above the answers of `driver`; returns the module."""
    if 'cupy' in sys.modules:
        raise RuntimeError('CuPy was imported before its driver could be exchanged')
    os.environ['CUPY_ACCELERATORS'] = ''  # CUB would compile for minutes
    os.environ['CUPY_CACHE_IN_MEMORY'] = '1'
    for name in ('runtime', 'driver'):
        module = importlib.import_module(f'cupy_backends.cuda.api.{name}')
        _exchange_all(module, driver, lambda name: lambda *args: None)
    libraries = importlib.import_module('cupy_backends.cuda.libs')
    for name in _LIBRARIES:
        module = getattr(libraries, name)
        stem = f'{name}.'
        _exchange_all(module, None, lambda name, stem=stem: find(stem + name))
    cupy = importlib.import_module('cupy')
    thrust = importlib.import_module('cupy.cuda.thrust')
    _exchange_all(thrust, None, lambda name: find('thrust.' + name))
    _remember_sources()
    return cupy


def _remember_sources():
    compiler = importlib.import_module('cupy.cuda.compiler')
    function = importlib.import_module('cupy.cuda.function')
    compile_plainly = compiler._compile_module_with_cache

    def load(source, options=(), **kwargs):
        if driver.compiles:
            return compile_plainly(source, options, **kwargs)
        module = function.Module()
        module.load(source.encode())
        return module

    compiler._compile_module_with_cache = load


@contextlib.contextmanager
def launches():
    """Collects the launches of a ``with`` block."""
    collected = []
    before, driver.launches = driver.launches, collected.append
    try:
        yield collected
    finally:
        driver.launches = before
