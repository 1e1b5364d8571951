"""What a check is, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from minigrad.backend import Device


class Failed(AssertionError):
    """What a check found wrong, in a sentence."""


class Skipped(Exception):
    """Why a check does not apply to this machine."""


class Check(NamedTuple):
    """A question to the machine.

    Attributes:
        group: What it belongs to, such as ``'kernels'``.
        name: What it tries.
        run: Called with the device; returns a short finding, or raises.
        settles: The assumption about a card that it settles, if it is one.
    """

    group: str
    name: str
    run: Callable[[Device], str]
    settles: str = ''


def compare(got: Any, wanted: Any, tolerance: float, what: str = 'values') -> float:
    """Compares an array with another; returns the largest relative difference.

    Raises:
        Failed: They differ by more, or in shape or dtype.
    """
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        raise Failed(
            f'{what}: expected {wanted.dtype} {wanted.shape}, got {got.dtype} {got.shape}'
        )
    if not wanted.size:
        return 0.0
    got, wanted = got.astype('d'), wanted.astype('d')
    if not (numpy.isfinite(got) == numpy.isfinite(wanted)).all():
        raise Failed(f'{what}: NaN or infinity where numbers are right, or none there')
    scale = max(float(numpy.abs(wanted).max()), 1e-6)
    with numpy.errstate(invalid='ignore'):
        difference = numpy.nanmax(numpy.abs(got - wanted), initial=0.0) / scale
    if not difference <= tolerance:
        raise Failed(
            f'{what}: relative difference {difference:.1e}, allowed {tolerance:.0e}'
        )
    return float(difference)
