"""What this machine is good at, measured once and kept on disk.

Where several ways lead to the same result, a rule predicts which is the fastest, from
rates: nanoseconds for each thing that a way does. `minigrad.kernels.calibrate` finds
those of this machine; they are kept with the name of its processor, and read when a
rule first asks. Without them, or on another processor, the rates hold that come with the
library. Nothing is measured unless somebody asks for it, so the choice, and with it
every bit of a result, is the same from run to run either way.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.utils.processor import processor_name

Rates = Mapping[str, Sequence[float]]
VARIABLE = 'MINIGRAD_CALIBRATION'
OFF = 'off'
VERSION = 1  # of the ways and of what is counted of them


def path() -> Path | None:
    """Returns where the calibration is kept; None if there shall be none.

    ``MINIGRAD_CALIBRATION`` names another file, or is ``off``.
    """
    given = os.environ.get(VARIABLE)
    if given == OFF:
        return None
    if given:
        return Path(given)
    cache = os.environ.get('XDG_CACHE_HOME') or os.environ.get('LOCALAPPDATA')
    folder = Path(cache) if cache else Path.home() / '.cache'
    return folder / 'minigrad' / 'calibration.json'


@functools.cache
def load() -> dict[str, Any] | None:
    """Returns the calibration of this processor, None if there is none."""
    where = path()
    if where is None:
        return None
    try:
        known = json.loads(where.read_text(encoding='utf-8'))
        told = known['version'], known['processor']
        rates = {
            family: {way: [*map(float, numbers)] for way, numbers in found.items()}
            for family, found in known['rates'].items()
        }
    except (OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError):
        return None  # none was kept, or it cannot be read: what comes with us holds
    return {**known, 'rates': rates} if told == (VERSION, processor_name()) else None


def save(known: dict[str, Any]) -> Path | None:
    """Keeps a calibration; returns where, None if there shall be none."""
    where = path()
    if where is not None:
        where.parent.mkdir(parents=True, exist_ok=True)
        new = where.with_suffix('.new')
        new.write_text(json.dumps(known, indent=1) + '\n', encoding='utf-8')
        new.replace(where)
    load.cache_clear()
    return where


def rates(family: str, usual: Rates) -> Rates:
    """Returns the rates of a family of ways.

    Args:
        family: Such as ``'convolution'``.
        usual: Those that come with the library.
    """
    known = load()
    return usual if known is None else known['rates'].get(family, usual)


def fit(done: Sequence[Sequence[float]], nanoseconds: Sequence[float]) -> list[float]:
    """Returns the rates that explain measured times best, none of them negative.

    Args:
        done: For each measurement, what was done how often.
        nanoseconds: How long it took. Its relative error counts.

    Example:
        >>> [round(rate, 6) for rate in fit([[1, 2], [2, 1], [3, 3]], [5, 4, 9])]
        [1.0, 2.0]
    """
    A = np.asarray(done, float) / np.asarray(nanoseconds, float)[:, None]
    scale = np.abs(A).max(axis=0, initial=0)
    used = np.flatnonzero(scale)
    while True:
        found = np.zeros(A.shape[1])
        found[used] = np.linalg.lstsq(
            A[:, used] / scale[used], np.ones(len(A)), rcond=None
        )[0]
        if not (found < 0).any():
            break
        used = used[found[used] > 0]
    rates = np.divide(found, scale, out=np.zeros_like(found), where=scale > 0)
    return [float(rate) for rate in rates]
