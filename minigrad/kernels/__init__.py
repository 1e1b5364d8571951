"""Kernels: where the arithmetic of an operation is done.

``kernels_for(array)`` returns the kernel set for the type of an array. `Kernels` in
``reference.py`` is the definition; every other set is an optimisation of it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.kernels.memory import keep_freed_memory
from minigrad.kernels.reference import Kernels
from minigrad.types import Array

__all__ = [
    'Kernels',
    'kernel_set_name',
    'kernels_for',
    'using_kernels',
    'watching_kernels',
]

_reference = Kernels(np)
_lock = threading.Lock()


class _Tables(threading.local):
    """The kernel set of each array type; `using_kernels` overrides it per thread."""

    by_type: dict[type, Any] = {}  # one for all threads


_tables = _Tables()


def kernels_for(array: Array) -> Kernels:
    """Returns the kernel set for ``array``.

    Args:
        array: A NumPy or CuPy array.

    Returns:
        The set; the CPU's is built when it is first asked for, so that importing
        minigrad does not import Numba.

    Example:
        >>> y = kernels_for(np.ones(3)).relu(np.array([-1.0, 2.0]))
        >>> y.tolist()
        [0.0, 2.0]
    """
    try:
        return _tables.by_type[type(array)]  # type: ignore[no-any-return]
    except KeyError:
        return _register(type(array), _tables.by_type)


def kernel_set_name(module: str) -> str | None:
    """Returns the name of the kernel set for the arrays of a module.

    Args:
        module: ``'numpy'`` or ``'cupy'``.

    Returns:
        ``'numba'``, ``'cudnn'`` or the like; None if there is no such module here.

    Example:
        >>> kernel_set_name('numpy') in ('numba', 'reference')
        True
    """
    try:
        return _cpu_kernels().name if module == 'numpy' else _gpu_kernels().name
    except ImportError:
        return None


@contextlib.contextmanager
def using_kernels(name: str) -> Iterator[None]:
    """Makes this thread use the named kernel set, whatever the array's type.

    Args:
        name: ``'reference'``, ``'numba'``, ``'cupy'`` or ``'cudnn'``.

    Raises:
        ValueError: The name is unknown.
        ImportError: The set's library is missing.

    Example:
        >>> with using_kernels('reference'):
        ...     kernels_for(np.ones(3)).name
        'reference'
    """
    module, kernels = _load(name)
    before = _tables.by_type
    _tables.by_type = _Override(before, module, kernels)
    try:
        yield
    finally:
        _tables.by_type = before


@contextlib.contextmanager
def watching_kernels(note: Callable[[str], None]) -> Iterator[None]:
    """Tells which kernels this thread calls.

    Args:
        note: Called with the names of set and kernel, before the kernel runs.

    Example:
        >>> names = []
        >>> with watching_kernels(names.append):
        ...     y = kernels_for(np.ones(3)).relu(np.array([-1.0, 2.0]))
        >>> [name.split('.')[1] for name in names]
        ['relu']
    """
    before = _tables.by_type
    _tables.by_type = _Watched(before, note)
    try:
        yield
    finally:
        _tables.by_type = before


class _Watched(dict[type, Any]):
    """A table in which every set tells what is called."""

    def __init__(self, table: dict[type, Any], note: Callable[[str], None]) -> None:
        super().__init__()
        self._table = table
        self._note = note

    def __missing__(self, array_type: type) -> Any:
        try:
            kernels = self._table[array_type]
        except KeyError:
            kernels = _register(array_type, self._table)
        self[array_type] = watched = _WatchedKernels(kernels, self._note)
        return watched


class _WatchedKernels:
    def __init__(self, kernels: Kernels, note: Callable[[str], None]) -> None:
        self._kernels = kernels
        self._note = note

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._kernels, name)
        if not callable(value):
            return value
        note, text = self._note, f'{self._kernels.name}.{name}'

        def watched(*args: Any, **kwargs: Any) -> Any:
            note(text)
            return value(*args, **kwargs)

        return watched


class _Override(dict[type, Any]):
    """A copy of a table in which the arrays of one module have another kernel set."""

    def __init__(self, table: dict[type, Any], module: str, kernels: Kernels) -> None:
        super().__init__(table)
        self._module = module
        self._kernels = kernels
        for array_type in self:
            if _array_module(array_type) == module:
                self[array_type] = kernels

    def __missing__(self, array_type: type) -> Kernels:
        if _array_module(array_type) != self._module:
            raise KeyError(array_type)
        self[array_type] = self._kernels
        return self._kernels


def _array_module(array_type: type) -> str | None:
    if issubclass(array_type, np.ndarray | np.generic):
        return 'numpy'
    for base in array_type.__mro__:  # without importing CuPy
        if base.__module__.split('.')[0] == 'cupy':
            return 'cupy'
    return None


def _register(array_type: type, table: dict[type, Any]) -> Kernels:
    module = _array_module(array_type)
    if module is None:
        raise TypeError(
            f'no kernels for {array_type.__module__}.{array_type.__qualname__}:'
            ' expected a numpy.ndarray or cupy.ndarray'
        )
    with _lock:
        if array_type not in table:
            table[array_type] = _cpu_kernels() if module == 'numpy' else _gpu_kernels()
        return table[array_type]  # type: ignore[no-any-return]


_built: dict[str, Kernels] = {'reference': _reference}


def _load(name: str) -> tuple[str, Kernels]:
    """Returns the array module of a named set, and the set."""
    module = 'numpy'
    if name == 'reference':
        pass
    elif name == 'numba':
        if name not in _built:
            from minigrad.kernels.numba_cpu import NumbaKernels

            _built[name] = NumbaKernels()
    elif name == 'cupy':
        module = 'cupy'
        if name not in _built:
            from minigrad.kernels.cupy_gpu import CupyKernels

            _built[name] = CupyKernels()
    elif name == 'cudnn':
        module = 'cupy'
        if name not in _built:
            from minigrad.kernels.cudnn import CudnnKernels

            _built[name] = CudnnKernels()
    else:
        raise ValueError(
            f"using_kernels: unknown kernel set {name!r}; choose 'reference',"
            " 'numba', 'cupy' or 'cudnn'"
        )
    return module, _built[name]


def _cpu_kernels() -> Kernels:
    keep_freed_memory()
    wanted = os.environ.get('MINIGRAD_CPU_KERNELS')
    if wanted is not None:
        return _load(wanted)[1]
    try:
        return _load('numba')[1]
    except ImportError as error:
        warnings.warn(
            f'Numba cannot be used ({error}); minigrad computes with its plain NumPy'
            ' kernels, which is slower.\n  hint: pip install numba',
            RuntimeWarning,
            stacklevel=4,
        )
        return _reference


def _gpu_kernels() -> Kernels:
    try:
        return _load('cudnn')[1]
    except ImportError:
        pass
    try:
        return _load('cupy')[1]
    except ImportError:
        import cupy

        return Kernels(cupy)
