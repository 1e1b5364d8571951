"""NCCL as CuPy provides it, and a clear word where it does not.

The names are those of ``cupy.cuda.nccl``. Without CuPy or without NCCL the module is
still importable: ``_available`` is False, and the versions are 0.
"""

from __future__ import annotations

import functools
from typing import Any

NAMES = (
    'get_build_version',
    'get_unique_id',
    'get_version',
    'NCCL_FLOAT',
    'NCCL_FLOAT16',
    'NCCL_FLOAT32',
    'NCCL_FLOAT64',
    'NCCL_BFLOAT16',
    'NCCL_SUM',
    'NcclCommunicator',
    'NcclError',
    'groupStart',
    'groupEnd',
)


@functools.cache
def _load() -> Any:
    try:
        import cupy.cuda.nccl as found

        found.get_version()
    except Exception:  # no CuPy, no driver, or a CuPy that was built without it
        return None
    return found


def __getattr__(name: str) -> Any:
    # At the first use: importing CuPy takes seconds and wants a driver.
    if name == '_available':
        return _load() is not None
    if name in NAMES:
        found = _load()
        if found is not None:
            return getattr(found, name)
        if name in ('get_version', 'get_build_version'):
            return _no_version
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def _no_version() -> int:
    return 0


def require(communicator: str) -> None:
    """Raises with what is missing, unless NCCL can be used.

    Args:
        communicator: Name of the communicator that needs it.

    Raises:
        RuntimeError: NCCL cannot be used.
    """
    if _load() is not None:
        return
    try:
        import cupy
    except ImportError:
        missing = 'CuPy is not installed'
        remedy = (
            'pip install "cupy-cuda12x[ctk]" nvidia-nccl-cu12 (or cuda13x and cu13)'
        )
    else:
        try:
            count = cupy.cuda.runtime.getDeviceCount()
        except Exception:
            count = 0
        if count == 0:
            missing, remedy = 'no CUDA device can be used', 'see nvidia-smi'
        else:
            missing = 'CuPy cannot load NCCL'
            remedy = 'pip install nvidia-nccl-cu12 (or -cu13)'
    raise RuntimeError(
        f'the communicator {communicator!r} requires NCCL, but {missing}.\n'
        f'  hint: {remedy}; without a GPU take create_communicator("naive")'
    )
