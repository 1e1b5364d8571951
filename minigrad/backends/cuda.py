"""CuPy, by the names that Chainer's users know from ``chainer.backends.cuda``.

Importing this module does not import CuPy; asking it for ``cupy``, ``available`` or any
other name that needs it does.
"""

from __future__ import annotations

import functools
import types
from typing import Any

from minigrad import backend
from minigrad.configuration import config
from minigrad.types import Array

to_cpu = backend.to_cpu
get_array_module = backend.get_array_module


class _NoArray:
    """Stands for ``cuda.ndarray`` where CuPy is missing: nothing is an instance."""


@functools.cache
def _state() -> tuple[Any, str | None]:
    """Returns CuPy and None, or None and why it cannot be used."""
    try:
        return backend.import_cupy(), None
    except RuntimeError as error:
        return None, str(error)


def __getattr__(name: str) -> Any:
    if name == 'available':
        return _state()[0] is not None
    if name == 'cudnn_enabled':
        from minigrad.kernels import kernel_set_name

        return kernel_set_name('cupy') == 'cudnn'
    if name == 'ndarray':
        cupy = _state()[0]
        return _NoArray if cupy is None else cupy.ndarray
    if name == 'cupy':
        cupy = _state()[0]
        return types.ModuleType('cupy') if cupy is None else cupy
    if name in ('Device', 'Stream', 'Event'):
        check_cuda_available()
        return getattr(_state()[0].cuda, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def check_cuda_available() -> None:
    """Raises RuntimeError, saying what is missing, unless a GPU can be used."""
    reason = _state()[1]
    if reason is not None:
        raise RuntimeError(reason)


def get_device_from_id(device_id: int | None) -> Any:
    """Returns ``cupy.cuda.Device(device_id)``; None is the current device."""
    check_cuda_available()
    return _state()[0].cuda.Device(device_id)


def get_device_from_array(*arrays: Array) -> Any:
    """Returns the CUDA device of the first CuPy array, a dummy device if there is none."""
    for array in arrays:
        device = backend.GpuDevice.from_array(array)
        if device is not None:
            return device.device
    return DummyDevice


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


def to_gpu(array: Any, device: Any = None, stream: Any = None) -> Any:
    """Copies an array, or a list or tuple of them, to a GPU.

    Args:
        array: NumPy or CuPy array, or a list or tuple of them.
        device: GPU number or ``cupy.cuda.Device``; the current one by default.
        stream: If given, the copy is asynchronous on this ``cupy.cuda.Stream``.

    Raises:
        RuntimeError: There is no GPU; the message says what is missing.
    """
    check_cuda_available()
    target = backend.GpuDevice(
        get_device_from_id(device)
        if device is None or isinstance(device, int)
        else device
    )
    if stream is None:
        return target.send(array)
    with target.create_context(), stream:
        return target.send(array)


def copy(array: Array, out: Array | None = None, out_device: Any = None) -> Array:
    """Copies a CuPy array, within or between devices."""
    check_cuda_available()
    if out is not None:
        backend.copyto(out, array)
        return out
    with get_device_from_id(out_device):
        return _state()[0].array(array)


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
    identity: str,
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


def clear_memo() -> None:
    """Forgets the compiled kernels."""
    _kernel.cache_clear()


def should_use_cudnn(level: str, lowest_version: int = 0) -> bool:
    """Tells whether the configuration allows cuDNN at a level: ``'==always'`` or ``'>=auto'``."""
    if level not in ('==always', '>=auto'):
        raise ValueError(
            f"should_use_cudnn: expected '==always' or '>=auto', got {level!r}"
        )
    allowed = ('always',) if level == '==always' else ('always', 'auto')
    return config.use_cudnn in allowed and bool(__getattr__('cudnn_enabled'))


def should_use_cudnn_tensor_core(dtype: Any) -> bool:
    """Tells whether the configuration allows tensor cores for a dtype."""
    import numpy

    use = config.use_cudnn_tensor_core
    half = numpy.dtype(dtype) == numpy.float16
    return bool(use == 'always' or (use == 'auto' and half))
