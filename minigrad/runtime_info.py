"""What to write down beside a result or into a bug report."""

from __future__ import annotations

import platform
import sys
from typing import Any

from minigrad._version import __version__
from minigrad.kernels import kernel_set_name


def _version_of(*packages: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    for package in packages:
        try:
            return version(package)
        except PackageNotFoundError:
            pass
    return 'Not Available'


def print_runtime_info(out: Any = None) -> None:
    """Writes the versions of everything that computes, one per line.

    Args:
        out: File to write to; ``sys.stdout`` by default.

    Source: compatible with chainer.print_runtime_info.

    Example:
        >>> import io
        >>> out = io.StringIO()
        >>> minigrad.print_runtime_info(out)
        >>> [line.split(':')[0] for line in out.getvalue().splitlines()][:3]
        ['Platform', 'minigrad', 'NumPy']
    """
    out = sys.stdout if out is None else out
    rows = {
        'Platform': platform.platform(),
        'minigrad': __version__,
        'NumPy': _version_of('numpy'),
        'Numba': _version_of('numba'),
        'CuPy': _version_of('cupy', 'cupy-cuda12x', 'cupy-cuda13x'),
        'Kernels': kernel_set_name('numpy'),
    }
    out.write(''.join(f'{name}: {value}\n' for name, value in rows.items()))
    if hasattr(out, 'flush'):
        out.flush()
