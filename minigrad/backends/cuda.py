"""CuPy, by the names that Chainer's users know from ``chainer.backends.cuda``.

Importing this module does not import CuPy; asking it for ``cupy``, ``available`` or any
other name that needs it does. Where CuPy or a GPU is missing all names still exist, so
that programs import and ask ``available``; using one raises and says what to install.
"""

from __future__ import annotations

import functools
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy

from minigrad import backend
from minigrad.backend import GpuDevice as GpuDevice
from minigrad.configuration import config
from minigrad.types import Array

get_array_module = backend.get_array_module


@functools.cache
def _state() -> tuple[Any, str | None]:
    """Returns CuPy and None, or None and why it cannot be used."""
    try:
        return backend.import_cupy(), None
    except RuntimeError as error:
        return None, str(error)


def _missing_class(name: str) -> type:
    """Returns a class that stands for CuPy's where that is missing: no instances."""

    def refuse(self: object, *args: Any, **kwargs: Any) -> None:
        check_cuda_available()

    return type(name, (), {'__init__': refuse, '__doc__': f'Stands for cupy {name}.'})


class _MissingModule(types.ModuleType):
    """Stands for a module of CuPy's where that is missing: it has nothing."""

    def __getattr__(self, name: str) -> Any:
        # Not for names such as __wrapped__, which tools look for in any module.
        why = '' if name.startswith('__') else f': {_state()[1]}'
        raise AttributeError(f'module {self.__name__!r} has no attribute {name!r}{why}')


_MISSING = {
    name: _missing_class(name) for name in ('ndarray', 'Device', 'Stream', 'Event')
}


def __getattr__(name: str) -> Any:
    if name == 'available':
        return _state()[0] is not None
    if name == 'cudnn_enabled':
        return _cudnn_version() > 0
    cupy = _state()[0] if name in _FROM_CUPY else None
    if name not in _FROM_CUPY:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    if cupy is None:
        if name in _MISSING:
            return _MISSING[name]
        return _MissingModule(name) if name in ('cupy', 'cuda') else None
    return _FROM_CUPY[name](cupy)


_FROM_CUPY: dict[str, Callable[[Any], Any]] = {
    'cupy': lambda cupy: cupy,
    'cuda': lambda cupy: cupy.cuda,
    'ndarray': lambda cupy: cupy.ndarray,
    'Device': lambda cupy: cupy.cuda.Device,
    'Stream': lambda cupy: cupy.cuda.Stream,
    'Event': lambda cupy: cupy.cuda.Event,
    'memory_pool': lambda cupy: cupy.get_default_memory_pool(),
    'pinned_memory_pool': lambda cupy: cupy.get_default_pinned_memory_pool(),
}


def check_cuda_available() -> None:
    """Raises RuntimeError, saying what is missing, unless a GPU can be used."""
    reason = _state()[1]
    if reason is not None:
        raise RuntimeError(reason)


# -- devices


class DummyDeviceType:
    """A device that stands for main memory; a context that does nothing."""

    id = -1

    def __int__(self) -> int:
        return -1

    def __enter__(self) -> DummyDeviceType:
        return self

    def __exit__(self, *args: object) -> None:
        pass

    def use(self) -> None:
        """Does nothing."""

    def synchronize(self) -> None:
        """Does nothing."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DummyDeviceType)

    def __hash__(self) -> int:
        return hash(DummyDeviceType)


DummyDevice = DummyDeviceType()


def get_device_from_id(device_id: int | None) -> Any:
    """Returns ``cupy.cuda.Device(device_id)``; the dummy device for None or below 0.

    Raises:
        RuntimeError: There is no GPU; the message says what is missing.
    """
    if device_id is None or device_id < 0:
        return DummyDevice
    check_cuda_available()
    return _state()[0].cuda.Device(int(device_id))


def get_device_from_array(*arrays: Array) -> Any:
    """Returns the CUDA device of the first CuPy array, the dummy one if there is none.

    Example:
        >>> from minigrad.backends import cuda
        >>> cuda.get_device_from_array(np.ones(3)) is cuda.DummyDevice
        True
    """
    for array in arrays:
        device = backend.GpuDevice.from_array(array)
        if device is not None:
            return device.device
    return DummyDevice


def get_device(*args: Any) -> Any:
    """Returns the device of the first number, array or device; deprecated."""
    warnings.warn(
        'cuda.get_device is deprecated; use get_device_from_id or '
        'get_device_from_array',
        DeprecationWarning,
        stacklevel=2,
    )
    for arg in args:
        if isinstance(arg, (int, numpy.integer)) and not isinstance(arg, bool):
            check_cuda_available()
            return _state()[0].cuda.Device(int(arg))
        device = get_device_from_array(arg)
        if device is not DummyDevice:
            return device
        if backend.loaded_cupy() is not None and isinstance(
            arg, backend.loaded_cupy().cuda.Device
        ):
            return arg
    return DummyDevice


def get_compute_capability(device: Any = None) -> tuple[int, int]:
    """Returns the compute capability of a device, such as ``(9, 0)``.

    Raises:
        RuntimeError: There is no GPU; the message says what is missing.
    """
    number = str(_chosen_device(device).compute_capability)
    return int(number[:-1]), int(number[-1])


def _chosen_device(device: Any) -> Any:
    """Returns a CUDA device from a device, a number or None: the current one."""
    check_cuda_available()
    kind = _state()[0].cuda.Device
    if device is None or device is DummyDevice:
        return kind()
    if isinstance(device, kind):
        return device
    if isinstance(device, (int, numpy.integer)) and device >= 0:
        return kind(int(device))
    raise ValueError(
        f'expected a GPU number of 0 or more or a cupy.cuda.Device, got {device!r}'
    )


# -- moving arrays


def to_gpu(array: Any, device: Any = None, stream: Any = None) -> Any:
    """Copies an array, or a list or tuple of them, to a GPU.

    An array that is there already, and None, are returned as they are.

    Args:
        array: NumPy or CuPy array, or a list or tuple of them.
        device: GPU number or ``cupy.cuda.Device``; the current one by default.
        stream: If given, the copy is asynchronous on this ``cupy.cuda.Stream``;
            deprecated.

    Raises:
        RuntimeError: There is no GPU; the message says what is missing.
        TypeError: It is no array.
    """
    check_cuda_available()
    target = backend.GpuDevice(_chosen_device(device))
    if stream is None:
        return target.send(array)
    _warn_stream('to_gpu')
    with target.create_context(), stream:
        return target.send(array)


def to_cpu(array: Any, stream: Any = None) -> Any:
    """Copies an array, or a list or tuple of them, to main memory if needed.

    Args:
        array: NumPy or CuPy array, or a list or tuple of them.
        stream: If given, CuPy arrays are read on this stream, after what it was given
            before; the call waits for that, and no other stream.

    Example:
        >>> from minigrad.backends import cuda
        >>> cuda.to_cpu(np.arange(3))
        array([0, 1, 2])
    """
    if stream is None:
        return backend.to_cpu(array)
    if isinstance(array, (list, tuple)):
        return type(array)([to_cpu(a, stream) for a in array])
    device = backend.GpuDevice.from_array(array)
    if device is None:
        return backend.to_cpu(array)
    with device.create_context():
        return array.get(stream)


def copy(
    array: Array, out: Array | None = None, out_device: Any = None, stream: Any = None
) -> Array:
    """Copies a CuPy array, within or between devices.

    Args:
        array: CuPy array.
        out: Array to copy into; ``out_device`` is then ignored.
        out_device: Device of the copy; that of ``array`` by default.
        stream: None; nothing else was ever supported.

    Raises:
        RuntimeError: There is no GPU; the message says what is missing.
    """
    check_cuda_available()
    if stream is not None:
        raise ValueError('cuda.copy copies on the current stream; pass stream=None')
    if out is not None:
        backend.copyto(out, array)
        return out
    if out_device is None:
        target = backend.get_device_from_array(array)
    else:
        target = backend.get_device(out_device)
    with target.create_context():
        return array.copy()


def _warn_stream(function: str) -> None:
    warnings.warn(
        f'the stream option of cuda.{function} is deprecated; use "with stream:"',
        DeprecationWarning,
        stacklevel=3,
    )


# -- kernels of one's own


def elementwise(
    in_params: str, out_params: str, operation: str, name: str, **kwargs: Any
) -> Any:
    """Returns a ``cupy.ElementwiseKernel``, compiled once per text."""
    return _kernel(
        'ElementwiseKernel', in_params, out_params, operation, name, **kwargs
    )


def reduce(
    in_params: str,
    out_params: str,
    map_expr: str,
    reduce_expr: str,
    post_map_expr: str,
    identity: Any,
    name: str,
    **kwargs: Any,
) -> Any:
    """Returns a ``cupy.ReductionKernel``, compiled once per text."""
    return _kernel(
        'ReductionKernel',
        in_params,
        out_params,
        map_expr,
        reduce_expr,
        post_map_expr,
        identity,
        name,
        **kwargs,
    )


def raw(code: str, name: str, *args: Any, **kwargs: Any) -> Any:
    """Returns a ``cupy.RawKernel``, compiled once per text."""
    return _kernel('RawKernel', code, name, *args, **kwargs)


@functools.cache
def _kernel(kind: str, *args: Any, **kwargs: Any) -> Any:
    check_cuda_available()
    return getattr(_state()[0], kind)(*args, **kwargs)


def memoize(for_each_device: bool = False) -> Callable[[Any], Any]:
    """Remembers a function's results for each argument; ``cupy.memoize`` if there is one.

    Args:
        for_each_device: Whether another device means another result.
    """
    if _state()[0] is not None:
        return _state()[0].memoize(for_each_device)  # type: ignore[no-any-return]
    return lambda function: function


def clear_memo() -> None:
    """Forgets what `memoize` remembers, and the compiled kernels."""
    _kernel.cache_clear()
    if _state.cache_info().currsize and _state()[0] is not None:
        _state()[0].clear_memo()


def fuse(*args: Any, **kwargs: Any) -> Any:
    """Fuses a function into one kernel with ``cupy.fuse``; without CuPy, leaves it."""
    if _state()[0] is not None:
        return _state()[0].fuse(*args, **kwargs)
    if len(args) == 1 and not kwargs and callable(args[0]):
        return args[0]
    return lambda function: function


# -- cuDNN

_workspace = {'size': 256 << 20}


def get_max_workspace_size() -> int:
    """Returns the bytes that a cuDNN convolution may take for itself."""
    return _workspace['size']


def set_max_workspace_size(size: int) -> None:
    """Sets the bytes that a cuDNN convolution may take for itself."""
    _workspace['size'] = int(size)


def _cudnn_version() -> int:
    """Returns cuDNN's version, such as 92800, or -1 where it cannot be used."""
    if _state()[0] is None:
        return -1
    from minigrad.kernels.gpu.cudnn_library import find_cudnn

    return find_cudnn().version


def should_use_cudnn(level: str, lowest_version: int = 0) -> bool:
    """Tells whether the configuration allows cuDNN, and one is there.

    Args:
        level: ``'==always'`` or ``'>=auto'``: what ``config.use_cudnn`` must be.
        lowest_version: cuDNN's version must be at least this.

    Raises:
        ValueError: The level or ``config.use_cudnn`` is none of the known words.
    """
    if level not in ('==always', '>=auto'):
        raise ValueError(
            f"should_use_cudnn: expected '==always' or '>=auto', got {level!r}"
        )
    use = config.use_cudnn
    if use not in ('always', 'auto', 'never'):
        raise ValueError(
            f"config.use_cudnn: expected 'always', 'auto' or 'never', got {use!r}"
        )
    version = _cudnn_version()
    if version < 0 or version < lowest_version:
        return False
    return use == 'always' or (use == 'auto' and level == '>=auto')


def should_use_cudnn_tensor_core(dtype: Any) -> bool:
    """Tells whether ``config.use_cudnn_tensor_core`` allows them for a dtype.

    ``'auto'`` is for float16 alone: float32 on tensor cores is TF32, of 10 bits.
    """
    use = config.use_cudnn_tensor_core
    if use not in ('always', 'auto', 'never'):
        raise ValueError(
            'config.use_cudnn_tensor_core: expected '
            f"'always', 'auto' or 'never', got {use!r}"
        )
    half = numpy.dtype(dtype) == numpy.float16
    return bool(use == 'always' or (use == 'auto' and half))
