"""The array type of the stand-in, and how every call passes through one place."""

from __future__ import annotations

import operator

import numpy

from tests.gpu.stand_in import cuda, strict
from tests.gpu.stand_in.api import check_call, has_method, names

# Functions that take lists of numbers, and those of cuBLAS and its like.
_TAKE_NUMBERS = frozenset({'percentile', 'quantile', 'histogram'})
_BY_LIBRARY = ('dot', 'matmul', 'einsum', 'tensordot', 'inner', 'vdot', 'linalg.')


class _Unsupported(TypeError):
    pass


def supported(dtype):
    """Tells whether CuPy knows a dtype; bfloat16 through ml_dtypes."""
    if dtype.char in 'gG':  # longer than float64
        return False
    return dtype.kind in 'biufc' or dtype.name == 'bfloat16'


def unwrap(value):
    """Returns the NumPy array inside, through lists; refuses NumPy arrays."""
    if isinstance(value, ndarray):
        if value._device_id != cuda.state.device:
            raise ValueError(
                f'Array device must be same as the current device: array device = '
                f'{value._device_id} while current = {cuda.state.device}'
            )
        return value._a
    if isinstance(value, numpy.ndarray):
        raise _Unsupported(f'Unsupported type {type(value)}')
    if isinstance(value, (list, tuple)):
        return type(value)([unwrap(v) for v in value])
    if hasattr(value, 'creator_node'):
        raise _Unsupported(f'Unsupported type {type(value)}')
    return value


def wrap(value):
    """Turns NumPy's arrays and scalars into arrays of the stand-in."""
    if isinstance(value, numpy.ndarray):
        if not supported(value.dtype):
            raise ValueError(f'Unsupported dtype {value.dtype}')
        return _make(value)
    if isinstance(value, numpy.generic):
        return _make(numpy.asarray(value))
    if isinstance(value, (list, tuple)):
        return tuple([wrap(v) for v in value])
    return value


def _make(array):
    made = object.__new__(ndarray)
    made._a = array
    made._device_id = cuda.state.device
    return made


def is_array(value):
    return isinstance(value, ndarray)


def _has_floats(value):
    if isinstance(value, (list, tuple)):
        return any(_has_floats(v) for v in value)
    return isinstance(value, (float, numpy.floating))


def call(name, function, args, kwargs, checked=True):
    """Calls a NumPy function with arrays of the stand-in."""
    if checked:
        check_call(name, args, kwargs)
        strict.refuse_first(name, names().get(name), args, is_array)
    strict.refuse(name, args, kwargs, is_array)
    if name not in _TAKE_NUMBERS and any(
        isinstance(a, (list, tuple)) and _has_floats(a) for a in args
    ):
        raise TypeError(f'Unsupported type <class list> in cupy.{name}')
    capturing = cuda.state.capturing
    if capturing is not None and (
        name.startswith(_BY_LIBRARY) or name.startswith('random.')
    ):
        raise NotImplementedError(f'{name}: calling cuBLAS APIs during stream capture')
    plain_args = [unwrap(a) for a in args]
    if name.startswith(_BY_LIBRARY) and any(
        isinstance(a, numpy.ndarray) and a.dtype.kind == 'V' for a in plain_args
    ):
        raise TypeError(f'{name}: stricter than CuPy, which multiplies some bfloat16')
    plain_kwargs = {k: unwrap(v) for k, v in kwargs.items()}
    out = kwargs.get('out')

    def run():
        with numpy.errstate(all='ignore'):
            result = function(*plain_args, **plain_kwargs)
        # A replay must find the memory again: no scalars.
        return numpy.asarray(result) if isinstance(result, numpy.generic) else result

    if capturing is not None:
        capturing.touch([*plain_args, *plain_kwargs.values()])
    result = run()
    if capturing is not None and name.startswith('empty'):
        capturing.keep(result)
    elif capturing is not None:
        capturing.record(run, result)
    cuda.state.launches += 1
    return out if isinstance(out, ndarray) else wrap(result)


class ndarray:
    """A NumPy array that behaves as if it were far away."""

    __array_priority__ = 100
    __hash__ = None

    def __new__(cls, shape, dtype=float, memptr=None, strides=None, order='C'):
        return _make(numpy.empty(shape, dtype, order=order))

    # -- what NumPy may not do

    def __array__(self, *args, **kwargs):
        raise TypeError(
            'Implicit conversion to a NumPy array is not allowed. Please use `.get()` '
            'to construct a NumPy array explicitly.'
        )

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        name = 'numpy.' + ufunc.__name__
        if method == '__call__' and len(inputs) == 2 and not kwargs:
            # A NumPy scalar on the left of an operator.
            return call(name, ufunc, inputs, kwargs, checked=False)
        raise TypeError(f'{name} was given a GPU array; use xp.{ufunc.__name__}')

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f'numpy.{function.__name__} was given a GPU array; use xp')

    # -- attributes

    shape = property(lambda self: self._a.shape)
    dtype = property(lambda self: self._a.dtype)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    itemsize = property(lambda self: self._a.itemsize)
    nbytes = property(lambda self: self._a.nbytes)
    strides = property(lambda self: self._a.strides)
    flags = property(lambda self: _Flags(self._a))
    T = property(lambda self: self.transpose())
    real = property(lambda self: call('real', lambda a: a.real, (self,), {}))
    imag = property(lambda self: call('imag', lambda a: a.imag, (self,), {}))

    @property
    def device(self):
        return cuda.Device(self._device_id)

    @property
    def data(self):
        return cuda.MemoryPointer(self._a)

    @property
    def base(self):
        return None if self._a.base is None else self

    @property
    def __cuda_array_interface__(self):
        return {'shape': self.shape, 'typestr': self._a.dtype.str, 'version': 3}

    # -- to and from main memory

    def get(self, stream=None, order='C', out=None, blocking=True):
        if stream is None:
            cuda.state.synchronise('get')
        if out is None:
            return numpy.array(self._a, order=order)
        out[...] = self._a
        return out

    def set(self, arr, stream=None):
        if not isinstance(arr, numpy.ndarray):
            raise TypeError('Only numpy.ndarray can be set to cupy.ndarray')
        if self.dtype != arr.dtype or self.shape != arr.shape:
            raise ValueError('set: different dtype or shape')
        self._a[...] = arr

    def item(self):
        cuda.state.synchronise('item')
        return self._a.item()

    def tolist(self):
        cuda.state.synchronise('tolist')
        return self._a.tolist()

    def tobytes(self, order='C'):
        return self._a.tobytes(order)

    def __float__(self):
        return float(self._scalar('float'))

    def __int__(self):
        return int(self._scalar('int'))

    def __complex__(self):
        return complex(self._scalar('complex'))

    def _scalar(self, kind):
        cuda.state.synchronise(kind)
        if self.ndim:
            raise TypeError('only 0-dimensional arrays can be converted')
        return self._a.item()

    def __bool__(self):
        cuda.state.synchronise('bool')
        return bool(self._a)

    def __len__(self):
        return len(self._a)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError('iteration over a 0-d array')
        return (self[i] for i in range(len(self)))

    def __repr__(self):
        return repr(self._a)

    def __str__(self):
        return str(self._a)

    def __format__(self, spec):
        return format(self._a.item() if self.ndim == 0 else str(self), spec)

    def __reduce__(self):
        return _from_host, (self._a.copy(),)

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        with self.device:
            return self.copy()

    # -- indexing

    def __getitem__(self, key):
        key = _index(key)
        return call('getitem', lambda a: a[key], (self,), {}, checked=False)

    def __setitem__(self, key, value):
        key = _index(key)
        if isinstance(value, (list, tuple)):
            raise TypeError(f'Unsupported type {type(value)}')

        def assign(a, value):
            a[key] = value

        call('setitem', assign, (self, value), {}, checked=False)

    def scatter_add(self, key, value):
        key = _index(key)
        call(
            'scatter_add',
            lambda a, v: numpy.add.at(a, key, v),
            (self, value),
            {},
            checked=False,
        )

    def copy(self, order='C'):
        # It lands on the current device, wherever the original lies.
        with self.device:
            plain = unwrap(self)
        return call('copy', lambda: plain.copy(order), (), {}, checked=False)

    def fill(self, value):
        if isinstance(value, numpy.ndarray) and value.ndim:
            raise TypeError(f'Unsupported type {type(value)}')
        call('fill', lambda a, v: a.fill(v), (self, value), {}, checked=False)

    def view(self, dtype=None, type=None):
        if dtype is None:
            return call('view', lambda a: a.view(), (self,), {}, checked=False)
        return call('view', lambda a: a.view(dtype), (self,), {}, checked=False)

    def astype(self, dtype, order='K', casting=None, subok=None, copy=True):
        if not copy and self.dtype == numpy.dtype(dtype):
            return self
        return call('astype', lambda a: a.astype(dtype, order), (self,), {}, False)

    def __getattr__(self, name):
        if name.startswith('_') or not has_method(name):
            raise AttributeError(f"'cupy.ndarray' object has no attribute {name!r}")
        method = getattr(numpy.ndarray, name)
        if not callable(method):
            raise AttributeError(f'{name} is not in the stand-in')

        def bound(*args, **kwargs):
            return call(name, method, (self, *args), kwargs, checked=False)

        return bound


def _from_host(array):
    return _make(array.copy())


def _index(key):
    """Returns an index for NumPy; CuPy takes NumPy's arrays here, and so do we."""
    if isinstance(key, tuple):
        return tuple([_index(k) for k in key])
    return unwrap(key) if isinstance(key, ndarray) else key


class _Flags:
    def __init__(self, array):
        self.c_contiguous = array.flags.c_contiguous
        self.f_contiguous = array.flags.f_contiguous
        self.owndata = array.flags.owndata

    def __getitem__(self, name):
        names = {'C_CONTIGUOUS': 'c_contiguous', 'F_CONTIGUOUS': 'f_contiguous'}
        return getattr(self, names[name])


def _install_operators():
    binary = 'add sub mul truediv floordiv mod pow matmul and or xor lshift rshift'
    for name in binary.split():
        function = getattr(operator, name + '_' * (name in ('and', 'or')))

        def forward(self, other, name=name, function=function):
            if _defers(other):
                return NotImplemented
            return call(name, function, (self, other), {}, checked=False)

        def backward(self, other, name=name, function=function):
            return call(name, function, (other, self), {}, checked=False)

        setattr(ndarray, f'__{name}__', forward)
        setattr(ndarray, f'__r{name}__', backward)
        if name == 'matmul':
            continue

        in_place_function = getattr(operator, 'i' + name)

        def in_place(self, other, name=name, function=in_place_function):
            if _defers(other):
                return NotImplemented
            call(name, function, (self, other), {}, checked=False)
            return self

        setattr(ndarray, f'__i{name}__', in_place)
    for name in ('eq', 'ne', 'lt', 'le', 'gt', 'ge'):
        function = getattr(operator, name)

        def compare(self, other, name=name, function=function):
            if _defers(other):
                return NotImplemented
            if isinstance(other, str) or (other is None and name not in ('eq', 'ne')):
                raise TypeError(f'Unsupported type {type(other)}')
            return call(name, function, (self, other), {}, checked=False)

        setattr(ndarray, f'__{name}__', compare)
    for name in ('neg', 'pos', 'abs', 'invert'):
        function = getattr(operator, name)

        def unary(self, name=name, function=function):
            return call(name, function, (self,), {}, checked=False)

        setattr(ndarray, f'__{name}__', unary)


def _defers(other):
    if isinstance(other, (ndarray, numpy.ndarray, numpy.generic)):
        return False
    return getattr(other, '__array_priority__', 0) > ndarray.__array_priority__


_install_operators()
ndarray.__module__ = 'cupy'
