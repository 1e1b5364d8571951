"""The list of checks, in the order of their worth."""

from __future__ import annotations

from minigrad.backend import Device
from minigrad.check import kernel_checks, speed_checks, training_checks
from minigrad.check.checks import Check


def all_checks(device: Device) -> list[Check]:
    """Returns the checks for a device, those that matter most first.

    Example:
        >>> from minigrad.check import all_checks
        >>> len(all_checks(minigrad.get_device('@numpy'))) > 50
        True
    """
    return [
        *training_checks.FIRST,
        *kernel_checks.checks(device),
        *training_checks.MORE,
        *speed_checks.CHECKS,
    ]
