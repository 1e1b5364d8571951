"""The modules ``cupy``, ``cupy.cuda``, ``cupy.random``, ``cupyx``... of the stand-in."""

from __future__ import annotations

import contextlib
import math
import types

import numpy

from tests.gpu.stand_in import cuda, strict
from tests.gpu.stand_in.api import names
from tests.gpu.stand_in.array import (
    _index,
    _make,
    call,
    is_array,
    ndarray,
    supported,
    unwrap,
)


def build_modules():
    """Returns the modules by name, as `sys.modules` wants them."""
    modules = {
        name: types.ModuleType(name)
        for name in ('cupy', 'cupy.cuda', 'cupy.random', 'cupy.linalg', 'cupy.fft')
    }
    modules['cupyx'] = types.ModuleType('cupyx')
    modules['cupy._core._routines_linalg'] = products = types.ModuleType('products')
    products.COMPUTE_TYPE_DEFAULT, products.COMPUTE_TYPE_TF32 = 1, 7
    products.compute_types = {}
    products.set_compute_type = products.compute_types.__setitem__
    products.get_compute_type = lambda dtype: products.compute_types.get(dtype, 1)
    for name, parameters in names().items():
        prefix, _, last = name.rpartition('.')
        if prefix == 'ndarray':
            continue
        home = modules[f'cupy.{prefix}' if prefix else 'cupy']
        with contextlib.suppress(AttributeError):  # what later NumPys took away
            setattr(home, last, _member(name, parameters))
    cupy = modules['cupy']
    cupy.ndarray = ndarray
    cupy.ufunc = _Ufunc
    cupy.__version__ = '14.2.0'
    cupy.newaxis = None
    cupy.asnumpy = _asnumpy
    cupy.get_array_module = _get_array_module
    for creator in ('array', 'asarray', 'asanyarray'):
        setattr(cupy, creator, _creator(creator))
    cupy.copyto = _copyto
    cupy.take = _take
    tricks = types.SimpleNamespace(as_strided=_as_strided)
    cupy.lib = types.SimpleNamespace(stride_tricks=tricks)
    for name in ('cuda', 'random', 'linalg', 'fft'):
        setattr(cupy, name, modules[f'cupy.{name}'])
    cupy.is_available = lambda: cuda.state.devices > 0
    cupy.get_default_memory_pool = cuda.get_default_memory_pool
    cupy.get_default_pinned_memory_pool = cuda.MemoryPool
    _fill_cuda(modules['cupy.cuda'])
    _fill_random(modules['cupy.random'])
    modules['cupyx'].scatter_add = lambda a, key, value: a.scatter_add(key, value)
    modules['cupyx'].empty_pinned = lambda shape, dtype=float: numpy.empty(shape, dtype)
    modules['cupyx.scipy'] = types.ModuleType('cupyx.scipy')
    modules['cupyx.scipy.special'] = _special_functions()
    return modules


_SPECIAL = (
    'digamma', 'erf', 'erfc', 'erfcinv', 'erfcx', 'erfinv', 'gammaln', 'log_ndtr',
    'ndtr', 'ndtri', 'polygamma', 'zeta',
)  # fmt: skip


def _special_functions():
    """Makes ``cupyx.scipy.special`` out of SciPy's, where that is installed."""
    module = types.ModuleType('cupyx.scipy.special')
    with contextlib.suppress(ImportError):
        from scipy import special

        for name in _SPECIAL:
            setattr(module, name, _special_function(name, getattr(special, name)))
    return module


def _special_function(name, function):
    return lambda *args: call(f'special.{name}', function, args, {}, False)


class _Ufunc:
    """A function of NumPy's ufunc; ``at`` exists, ``reduce`` and the rest do not."""

    def __init__(self, name):
        self.__name__ = name
        self._function = getattr(numpy, name)

    def __call__(self, *args, **kwargs):
        for arg in args:
            if isinstance(arg, (list, tuple)):
                raise TypeError(f'Unsupported type {type(arg)}')
        strict.refuse_operands(self.__name__, args, is_array)
        return call(self.__name__, self._function, args, kwargs)

    def at(self, a, indices, b=None):
        if b is None:
            raise NotImplementedError('ufunc.at of one operand')
        key = _index(indices)
        call(
            self.__name__,
            lambda a, b: self._function.at(a, key, b),
            (a, b),
            {},
            checked=False,
        )


def _member(name, parameters):
    home = numpy
    *path, last = name.split('.')
    for step in path:
        home = getattr(home, step)
    original = getattr(home, last)
    if parameters == ['=type'] or parameters == ['=constant']:
        return original
    if parameters == ['=ufunc']:
        return _Ufunc(name)

    def function(*args, **kwargs):
        return call(name, original, args, kwargs)

    function.__name__ = last
    return function


def _creator(name):
    def create(obj, dtype=None, copy=True, **kwargs):
        if name != 'array' and isinstance(obj, ndarray):
            unwrap(obj)
            return obj if dtype is None else obj.astype(dtype, copy=False)
        if isinstance(obj, ndarray):
            if obj._device_id == cuda.state.device:
                return call('copy', numpy.array, (obj,), {'dtype': dtype}, False)
            return _make(numpy.array(obj._a, dtype))
        if hasattr(obj, 'creator_node'):
            raise TypeError(f'Unsupported type {type(obj)}')
        if isinstance(obj, (list, tuple)) and any(isinstance(o, ndarray) for o in obj):
            return call('stack', numpy.stack, (list(obj),), {}, False)
        if cuda.state.capturing is not None and isinstance(obj, numpy.ndarray):
            raise cuda.CUDARuntimeError('cudaErrorStreamCaptureUnsupported: a copy')
        made = numpy.array(obj, dtype)
        if not supported(made.dtype):
            raise ValueError(f'Unsupported dtype {made.dtype}')
        return _make(made)

    create.__name__ = name
    return create


def _take(a, indices, axis=None, out=None):
    if not isinstance(a, ndarray):
        raise AttributeError(f'cupy.take was given {type(a)}')
    # Indices may come from anywhere.
    key = _index(indices)
    return call('take', lambda a: numpy.take(a, key, axis), (a,), {}, False)


def _as_strided(x, shape=None, strides=None):
    function = numpy.lib.stride_tricks.as_strided
    return call('as_strided', lambda a: function(a, shape, strides), (x,), {}, False)


def _asnumpy(a, stream=None, order='C', out=None, blocking=True):
    if isinstance(a, ndarray):
        return a.get(stream, order, out)
    return numpy.asarray(a)


def _copyto(dst, src, casting='same_kind', where=None):
    if not isinstance(dst, ndarray) or isinstance(src, numpy.ndarray):
        raise TypeError(f'Unsupported type {type(src)} or {type(dst)}')
    if not isinstance(casting, str):
        raise TypeError(f'casting must be str, not {type(casting)}')
    dst[...] = src


def _get_array_module(*args):
    import cupy

    return cupy if any(isinstance(a, ndarray) for a in args) else numpy


def _fill_cuda(module):
    for name in [
        'Device',
        'Event',
        'Stream',
        'Graph',
        'get_elapsed_time',
        'get_current_stream',
        'alloc',
        'alloc_pinned_memory',
        'MemoryPool',
        'MemoryPointer',
        'using_allocator',
    ]:
        setattr(module, name, getattr(cuda, name))
    module.runtime = cuda.Runtime
    module.PinnedMemoryPool = cuda.MemoryPool
    module.memory_hook = types.SimpleNamespace(MemoryHook=cuda.MemoryHook)
    module.nvtx = types.SimpleNamespace(RangePush=lambda *a: None, RangePop=lambda: 0)
    module.is_available = lambda: cuda.state.devices > 0


def _fill_random(module):
    """Draws with NumPy's global generator, so that a seed gives the same numbers."""
    for name, parameters in names().items():
        prefix, _, last = name.rpartition('.')
        if prefix == 'random' and parameters[:1] != ['=type']:
            setattr(module, last, _draw(name, getattr(numpy.random, last), parameters))


def _draw(name, function, parameters):
    def draw(*args, **kwargs):
        if 'dtype' in parameters and parameters[: len(args)][-1:] != ['dtype']:
            dtype = kwargs.pop('dtype', None)
        else:
            dtype = None
        result = call(name, function, args, kwargs)
        wanted = kwargs.get('size')
        if wanted is not None and isinstance(result, ndarray):
            size = math.prod(wanted) if isinstance(wanted, tuple) else wanted
            if result.size != size and size:
                raise ValueError('size')
        return result.astype(dtype, copy=False) if dtype is not None else result

    draw.__name__ = name.rpartition('.')[2]
    return draw
