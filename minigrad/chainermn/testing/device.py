"""The device of a test."""

from __future__ import annotations

from typing import Any

from minigrad import backend


def get_device(device_id: int | None = None, use_chainerx: bool = False) -> Any:
    """Returns the GPU of this number, or the CPU.

    Args:
        device_id: Number of the GPU; None for the CPU.
        use_chainerx: Ignored: there are no arrays of ChainerX.

    Source: compatible with chainermn.testing.get_device.

    Example:
        >>> from minigrad.chainermn.testing import get_device
        >>> get_device().name
        '@numpy'
    """
    return backend.get_device('@numpy' if device_id is None else f'@cupy:{device_id}')
