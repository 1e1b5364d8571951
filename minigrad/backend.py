"""Which array module an array belongs to, and which device it lives on.

CuPy is imported when a GPU is first asked for, never by ``import minigrad``. A CuPy
array cannot exist before that, so recognising one costs a look into `sys.modules`.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy

from minigrad.configuration import config
from minigrad.errors import DeviceMismatch
from minigrad.types import Array, ArrayModule


def loaded_cupy() -> Any:
    """Returns the ``cupy`` module if the program has imported it, else None."""
    return sys.modules.get('cupy')


def import_cupy() -> Any:
    """Imports CuPy and checks that a device answers.

    Raises:
        RuntimeError: CuPy is not installed, or no CUDA device can be used; the message
            says which, and what to install.
    """
    try:
        import cupy
    except ImportError as error:
        raise RuntimeError(
            f'a GPU was asked for, but CuPy cannot be imported ({error})\n'
            '  hint: pip install "cupy-cuda12x[ctk]" nvidia-cudnn-cu12'
            '  (or cuda13x and cu13, as your driver has it)'
        ) from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:
        raise RuntimeError(
            f'a GPU was asked for, but CUDA finds none ({error})\n'
            '  hint: check that nvidia-smi lists a card and that its driver is recent'
        ) from error
    if count == 0:
        raise RuntimeError('a GPU was asked for, but CUDA lists no device')
    return cupy


def get_array_types() -> tuple[type, ...]:
    """Returns the array types that a Variable may hold.

    Example:
        >>> np.ndarray in minigrad.backend.get_array_types()
        True
    """
    cupy = loaded_cupy()
    return (numpy.ndarray,) if cupy is None else (numpy.ndarray, cupy.ndarray)


def get_cpu_array_types() -> tuple[type, ...]:
    """Returns the array types that live in main memory.

    Example:
        >>> minigrad.backend.get_cpu_array_types()
        (<class 'numpy.ndarray'>,)
    """
    return (numpy.ndarray,)


def is_array(value: Any) -> bool:
    """Tells whether ``value`` is an array that a Variable may hold.

    Example:
        >>> minigrad.backend.is_array(np.ones(3)), minigrad.backend.is_array([1, 2])
        (True, False)
    """
    return isinstance(value, get_array_types())


def is_arrays_compatible(arrays: Any) -> bool:
    """Tells whether all arrays (None passed over) belong to one array module.

    Example:
        >>> minigrad.backend.is_arrays_compatible([np.ones(3), None, np.zeros(2)])
        True
    """
    kinds = {get_array_module(a) for a in arrays if a is not None}
    return len(kinds) <= 1 and all(is_array(a) for a in arrays if a is not None)


def get_array_module(*args: Any) -> ArrayModule:
    """Returns ``cupy`` if any argument is a CuPy array or a Variable of one.

    Example:
        >>> minigrad.backend.get_array_module(np.ones(2)).__name__
        'numpy'
    """
    cupy = loaded_cupy()
    if cupy is None:
        return numpy
    for arg in args:
        if isinstance(arg, cupy.ndarray) or isinstance(
            getattr(arg, 'array', None), cupy.ndarray
        ):
            return cupy
    return numpy


_NUMBERS = (numpy.generic, int, float, complex)


class Device:
    """A place where arrays live: `CpuDevice` or `GpuDevice`.

    Example:
        >>> device = minigrad.get_device('@numpy')
        >>> device.name, device.send(np.arange(3))
        ('@numpy', array([0, 1, 2]))
    """

    @property
    def xp(self) -> ArrayModule:
        """The array module, ``numpy`` or ``cupy``."""
        raise NotImplementedError

    @property
    def supported_array_types(self) -> tuple[type, ...]:
        """The array types of the module."""
        return (self.xp.ndarray,)

    @property
    def name(self) -> str:
        """What `get_device` takes for this device, such as ``@cupy:0``."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f'<{type(self).__name__} {self.name}>'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __enter__(self) -> None:
        raise RuntimeError('a Device is no context; use minigrad.using_device(device)')

    def __exit__(self, *args: object) -> None:
        pass

    def create_context(self) -> AbstractContextManager[Any]:
        """Returns a context inside which new arrays are made on this device."""
        return contextlib.nullcontext()

    def send(self, arrays: Any) -> Any:
        """Copies an array, or a list or tuple of them, to this device if needed.

        None stays None, and an array that stands twice in the list is sent once.
        """
        if not isinstance(arrays, (list, tuple)):
            return self.send_array(arrays)
        sent: dict[int, Array] = {}
        for array in arrays:
            if id(array) not in sent:
                sent[id(array)] = None if array is None else self.send_array(array)
        return type(arrays)([sent[id(array)] for array in arrays])

    def send_array(self, array: Array) -> Array:
        """Copies one array to this device if it is not there."""
        raise NotImplementedError

    def use(self) -> None:
        """Makes this the current device."""

    def synchronize(self) -> None:
        """Waits until the device has done what it was given; the CPU always has."""

    def is_array_supported(self, array: Any) -> bool:
        """Tells whether ``array`` lives on this device."""
        raise NotImplementedError


class CpuDevice(Device):
    """Main memory, through NumPy.

    Example:
        >>> device = minigrad.get_device('@numpy')
        >>> device, device.xp is np
        (<CpuDevice (numpy)>, True)
    """

    @property
    def xp(self) -> ArrayModule:
        """``numpy``."""
        return numpy

    @property
    def name(self) -> str:
        """``@numpy``."""
        return '@numpy'

    @staticmethod
    def from_array(array: Any) -> CpuDevice | None:
        """Returns the CPU if ``array`` is a NumPy array, else None."""
        return CpuDevice() if isinstance(array, numpy.ndarray) else None

    def __repr__(self) -> str:
        return '<CpuDevice (numpy)>'

    def send_array(self, array: Array) -> Array:
        """Returns a NumPy array with the values of ``array``."""
        if array is None or isinstance(array, numpy.ndarray):
            return array
        cupy = loaded_cupy()
        if cupy is not None and isinstance(array, cupy.ndarray):
            with array.device:
                return array.get()
        if isinstance(array, (*_NUMBERS, str, bytes)):  # serializers keep names
            return numpy.asarray(array)
        raise TypeError(f'to_cpu: expected an array, got {type(array).__name__}')

    def is_array_supported(self, array: Any) -> bool:
        """Tells whether ``array`` is a NumPy array."""
        return isinstance(array, numpy.ndarray)


class GpuDevice(Device):
    """One CUDA device, through CuPy."""

    def __init__(self, device: Any) -> None:
        self.device = device

    @property
    def name(self) -> str:
        """``@cupy:N``."""
        return f'@cupy:{self.device.id}'

    @staticmethod
    def from_device_id(device_id: int) -> GpuDevice:
        """Returns device number ``device_id``."""
        if device_id < 0:
            raise ValueError(f'a GPU number is 0 or more, got {device_id}')
        return GpuDevice(import_cupy().cuda.Device(device_id))

    @staticmethod
    def from_array(array: Any) -> GpuDevice | None:
        """Returns the device that a CuPy array lives on, else None."""
        cupy = loaded_cupy()
        if cupy is None or not isinstance(array, cupy.ndarray):
            return None
        return GpuDevice(array.device)

    @property
    def xp(self) -> ArrayModule:
        """``cupy``."""
        return loaded_cupy()

    def create_context(self) -> AbstractContextManager[Any]:
        """Returns a context in which this is CUDA's current device."""
        return _CurrentDevice(self.device)

    def send_array(self, array: Array) -> Array:
        """Returns a CuPy array on this device with the values of ``array``."""
        if array is None or self.is_array_supported(array):
            return array
        if not (is_array(array) or isinstance(array, _NUMBERS)):
            raise TypeError(f'to_gpu: expected an array, got {type(array).__name__}')
        with self.create_context():
            # From another GPU: `asarray` might leave it there, `copy` never does.
            if isinstance(array, self.xp.ndarray):
                return array.copy()
            return self.xp.asarray(array)

    def use(self) -> None:
        """Makes this CUDA's current device."""
        self.device.use()

    def synchronize(self) -> None:
        """Waits for what its current stream was given."""
        with self.create_context():
            self.xp.cuda.get_current_stream().synchronize()

    def is_array_supported(self, array: Any) -> bool:
        """Tells whether ``array`` is a CuPy array on this very device."""
        cupy = loaded_cupy()
        return (
            cupy is not None
            and isinstance(array, cupy.ndarray)
            and array.device.id == self.device.id
        )


class _CurrentDevice:
    """Enters a CUDA device; a fresh object each time, so that contexts nest."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def __enter__(self) -> Any:
        return self._device.__enter__()

    def __exit__(self, *args: Any) -> Any:
        return self._device.__exit__(*args)


def get_device(device_spec: Any) -> Device:
    """Returns the device that a specifier names.

    Args:
        device_spec: ``'@numpy'``, ``'@cupy:0'``, a GPU number (negative: the CPU), its
            text, a `Device`, or a ``cupy.cuda.Device``.

    Raises:
        ValueError: The text names no device.
        TypeError: The specifier is of another type.

    Example:
        >>> minigrad.get_device('@numpy')
        <CpuDevice (numpy)>
    """
    if isinstance(device_spec, Device):
        return device_spec
    cupy = loaded_cupy()
    if cupy is not None and isinstance(device_spec, cupy.cuda.Device):
        return GpuDevice(device_spec)
    if isinstance(device_spec, (int, numpy.integer)):
        return (
            CpuDevice()
            if device_spec < 0
            else GpuDevice.from_device_id(int(device_spec))
        )
    if not isinstance(device_spec, str):
        raise TypeError(
            "get_device: expected '@numpy', '@cupy:N', a number or a Device, got "
            f'{type(device_spec).__name__}'
        )
    try:
        return get_device(int(device_spec))
    except ValueError:
        pass
    module, _, number = device_spec.partition(':')
    if device_spec == '@numpy':
        return CpuDevice()
    if module == '@cupy' and number.isdecimal():
        return GpuDevice.from_device_id(int(number))
    raise ValueError(
        f"get_device: expected '@numpy' or '@cupy:N' such as '@cupy:0', got "
        f'{device_spec!r}'
    )


def get_device_from_array(*arrays: Any) -> Device:
    """Returns the device of the first CuPy array, or the CPU if there is none.

    Example:
        >>> minigrad.backend.get_device_from_array(np.ones(3))
        <CpuDevice (numpy)>
    """
    for array in arrays:
        device = GpuDevice.from_array(array)
        if device is not None:
            return device
    return CpuDevice()


_ON_CPU = contextlib.nullcontext()


def on_device_of(*arrays: Any) -> AbstractContextManager[Any]:
    """Returns a context inside which the arrays' device is the current one.

    Example:
        >>> with minigrad.backend.on_device_of(np.ones(2)):
        ...     pass
    """
    if arrays[0].__class__ is numpy.ndarray:  # the usual case, at no cost
        return _ON_CPU
    return get_device_from_array(*arrays).create_context()


def using_device(device_spec: Any) -> AbstractContextManager[Any]:
    """Returns a context inside which new arrays are made on a device.

    Example:
        >>> with minigrad.using_device('@numpy'):
        ...     pass
    """
    return get_device(device_spec).create_context()


def to_cpu(array: Any) -> Any:
    """Copies an array, or a list or tuple of them, to main memory if needed.

    Example:
        >>> minigrad.backend.to_cpu([np.ones(2), np.zeros(1)])
        [array([1., 1.]), array([0.])]
    """
    return CpuDevice().send(array)


def copyto(dst: Array, src: Array) -> None:
    """Copies the values of ``src`` into ``dst``, across devices if need be.

    Raises:
        TypeError: One of them is not an array.

    Example:
        >>> x = np.zeros(3)
        >>> minigrad.backend.copyto(x, np.arange(3.0))
        >>> x
        array([0., 1., 2.])
    """
    for role, value in (('to', dst), ('from', src)):
        if not is_array(value):
            raise TypeError(f'cannot copy {role} an object of type {type(value)}')
    if isinstance(dst, numpy.ndarray):
        numpy.copyto(dst, to_cpu(src))
    else:
        device = get_device_from_array(dst)
        with device.create_context():
            dst[...] = device.send(src)


# What differs between arrays of main memory and of a GPU, for functions above: these
# questions are asked here, and nowhere else.


def may_look_at(array: Array) -> bool:
    """Tells whether a check may read values of ``array``.

    In main memory always; on a GPU in debug mode only, because there it waits for the
    device.

    Example:
        >>> minigrad.backend.may_look_at(np.ones(3))
        True
    """
    return isinstance(array, numpy.ndarray) or bool(config.debug)


def owner_of(array: Array) -> Array:
    """Returns the array that owns the memory of ``array``.

    Example:
        >>> x = np.arange(6)
        >>> minigrad.backend.owner_of(x[2:4]) is x
        True
    """
    if not isinstance(array, numpy.ndarray):
        return array if array.base is None else array.base
    base = array.base
    while base is not None:
        # NumPy's own as_strided hides it in something else.
        if isinstance(base, numpy.ndarray):
            array = base
        base = getattr(base, 'base', None)
    return array


def address_of(array: Array) -> int:
    """Returns where the first element of ``array`` lies."""
    if isinstance(array, numpy.ndarray):
        return int(array.__array_interface__['data'][0])
    return int(array.data.ptr)


def memory_view(
    memory: Array, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> Array:
    """Returns a view of a flat array; strides and offset in elements, unchecked."""
    steps = [stride * memory.itemsize for stride in strides]
    if isinstance(memory, numpy.ndarray):
        start = offset * memory.itemsize
        return numpy.ndarray(shape, memory.dtype, memory, start, steps)
    view = get_array_module(memory).lib.stride_tricks.as_strided
    return view(memory[offset:], shape, steps)


def scipy_of(xp: ArrayModule, part: str) -> Any:
    """Imports a part of SciPy, or of CuPy's counterpart.

    Raises:
        ImportError: It is missing.
    """
    return importlib.import_module(
        f'{"scipy" if xp is numpy else "cupyx.scipy"}.{part}'
    )


class Stopwatch:
    """Measures how long the CPU, or a GPU's current stream, works from now on.

    A GPU works on after a call returned, so there the clock is an event in its queue.

    Args:
        xp: The array module that is used.

    Example:
        >>> watch = minigrad.backend.Stopwatch(np)
        >>> 0 <= watch.seconds() < 60
        True
    """

    def __init__(self, xp: ArrayModule) -> None:
        self._events: Any = None if xp is numpy else xp.cuda
        self._start_ = self._now()

    def _now(self) -> Any:
        if self._events is None:
            return time.perf_counter()
        event = self._events.Event()
        event.record()
        return event

    def seconds(self) -> float:
        """Returns the seconds since it was made; waits for the GPU."""
        now = self._now()
        if self._events is None:
            return float(now - self._start_)
        now.synchronize()
        return float(self._events.get_elapsed_time(self._start_, now)) / 1000


def contains_nan(array: Array) -> bool:
    """Tells whether a floating-point array holds a NaN.

    Example:
        >>> minigrad.backend.contains_nan(np.array([1.0, np.nan]))
        True
    """
    if array.dtype.kind not in 'fc':
        return False
    with get_device_from_array(array).create_context():
        return bool(get_array_module(array).isnan(array).any())


def check_same_backend(
    function: str, describe_inputs: Callable[[], str], arrays: tuple[Any, ...]
) -> None:
    """Raises unless all arrays are arrays of one module.

    Raises:
        TypeError: One of them is no array.
        DeviceMismatch: They live on different devices.
    """
    for array in arrays:
        if not is_array(array):
            raise TypeError(
                f'{function}: expected arrays or Variables, got '
                f'{type(array).__name__}\n{describe_inputs()}'
            )
    if isinstance(arrays[0], numpy.ndarray):
        alike = all(isinstance(array, numpy.ndarray) for array in arrays)
    else:
        number = arrays[0].device.id
        alike = not any(
            isinstance(a, numpy.ndarray) or a.device.id != number for a in arrays
        )
    if not alike:
        devices = {str(get_device_from_array(array)) for array in arrays}
        raise DeviceMismatch(
            f'{function}: expected all inputs on one device, got '
            f'{" and ".join(sorted(devices))}\n{describe_inputs()}\n'
            '  hint: move the model with model.to_device(...) and the data with '
            'minigrad.get_device(...).send(x)'
        )
