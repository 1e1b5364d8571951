"""How the kernels are compiled: single-threaded, without the GIL, cached on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numba.extending

Function = TypeVar('Function', bound=Callable[..., Any])

INTERPRETED = bool(numba.config.DISABLE_JIT)
"""With NUMBA_DISABLE_JIT=1 the loops run as Python code, to be traced."""

# Sums may be reordered and products fused, so that reductions use vectors; NaN and
# infinity keep their meaning.
REORDER = frozenset({'reassoc', 'contract', 'nsz'})


def intrinsic(twin: Callable[..., Any] | None = None) -> Callable[[Any], Any]:
    """Makes a function of types, which returns LLVM code, callable from kernels.

    Args:
        twin: What runs in its place where nothing is compiled.
    """

    def wrap(function: Any) -> Any:
        if INTERPRETED and twin is not None:
            return twin
        return numba.extending.intrinsic(function)

    return wrap


def jit(function: Function) -> Function:
    """Compiles ``function`` on its first call."""
    return _compile(function, False)


def jit_reordered(function: Function) -> Function:
    """As `jit`, but sums may be taken in another order."""
    return _compile(function, set(REORDER))


def jit_generator(function: Function) -> Function:
    """As `jit`, for a generator: Numba cannot take one out of its cache (0.68)."""
    return _compile(function, False, cache=False)


def _compile(function: Function, fastmath: Any, cache: bool = True) -> Function:
    options: dict[str, Any] = {
        'nogil': True,
        'error_model': 'numpy',
        'fastmath': fastmath,
    }
    try:
        compiled = numba.njit(cache=cache, **options)(function)
    except RuntimeError:  # no folder for the cache can be written: compile each time
        compiled = numba.njit(**options)(function)
    return compiled  # type: ignore[no-any-return]
