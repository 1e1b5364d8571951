"""What conditions ``:skipif:`` of doctests ask."""

from __future__ import annotations

import os
from typing import Any

from minigrad.testing.helper import satisfied

_gpu_limit = int(os.environ.get('CHAINER_TEST_GPU_LIMIT', '-1'))


def skipif(condition: Any) -> Any:
    """Returns the condition, but False where documentation is being built."""
    return False if os.environ.get('READTHEDOCS') == 'True' else condition


def skipif_requires_satisfied(*requirements: str) -> bool:
    """Tells whether to skip, because all requirements are installed.

    Args:
        *requirements: Such as ``'numpy>=2'``.
    """
    return bool(satisfied(requirements) and skipif(True))


def skipif_not_enough_cuda_devices(device_count: int) -> bool:
    """Tells whether to skip, because tests are limited to fewer GPUs.

    Args:
        device_count: How many the example needs.
    """
    return bool(skipif(0 <= _gpu_limit < device_count))
