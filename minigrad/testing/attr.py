"""Marks that say what a test needs; without it the test is skipped, with the reason.

They decorate test functions, methods and classes, of pytest and of unittest. For pytest
they are also the markers ``gpu`` and ``slow``, to be registered where pytest is strict.
"""

from __future__ import annotations

import functools
import unittest
import warnings
from collections.abc import Callable
from typing import TypeVar

_error: ImportError | None = None
try:
    import pytest
except ImportError as error:  # the marks then only skip
    pytest = None  # type: ignore[assignment, unused-ignore]
    _error = error

T = TypeVar('T')


def is_available() -> bool:
    """Tells whether pytest is there; the marks also work without."""
    return pytest is not None


def check_available() -> None:
    """Raises where pytest is not there.

    Raises:
        RuntimeError: pytest cannot be imported.
    """
    if pytest is None:
        raise RuntimeError(f'{__name__} is not available; pip install pytest')


def get_error() -> ImportError | None:
    """Returns the error of importing pytest, None if there was none."""
    return _error


@functools.cache
def _gpu_count() -> int:
    try:
        import cupy

        return int(cupy.cuda.runtime.getDeviceCount())
    except Exception:  # no CuPy, no driver, or one that does not fit
        return 0


def _mark(name: str, test: T) -> T:
    if pytest is None:
        return test
    with warnings.catch_warnings():  # it need not be registered
        warnings.simplefilter('ignore', pytest.PytestUnknownMarkWarning)
        mark: Callable[[T], T] = getattr(pytest.mark, name)
    return mark(test)


def multi_gpu(gpu_num: int) -> Callable[[T], T]:
    """Skips a test where there are fewer GPUs.

    Args:
        gpu_num: How many the test needs.

    Example:
        >>> @minigrad.testing.attr.multi_gpu(2)
        ... def test_two(): ...
    """

    def decorator(test: T) -> T:
        count = _gpu_count()
        skip = unittest.skipIf(
            count < gpu_num, f'needs {gpu_num} CUDA device(s), found {count}'
        )
        return skip(_mark('gpu', test))  # type: ignore[type-var]

    return decorator


def gpu(test: T) -> T:
    """Skips a test where there is no GPU.

    Example:
        >>> @minigrad.testing.attr.gpu
        ... def test_one(): ...
    """
    return multi_gpu(1)(test)


def cudnn(test: T) -> T:
    """Skips a test where cuDNN cannot be used; it needs a GPU as well."""
    reason = 'needs a CUDA device with cuDNN'
    return unittest.skipIf(_gpu_count() == 0, reason)(test)  # type: ignore[type-var]


def slow(test: T) -> T:
    """Marks a test that takes long."""
    return _mark('slow', test)


def chainerx(test: T) -> T:
    """Skips a test of ChainerX, which minigrad does not have."""
    return unittest.skip('minigrad has no ChainerX')(test)  # type: ignore[type-var]


def ideep(test: T) -> T:
    """Skips a test of iDeep, which minigrad does not have."""
    return unittest.skip('minigrad has no iDeep')(test)  # type: ignore[type-var]
