"""SciPy's special functions, and CuPy's of the same names."""

from __future__ import annotations

import importlib
from typing import Any

import numpy

from minigrad.types import ArrayModule


def special(xp: ArrayModule, function: str) -> Any:
    """Returns ``scipy.special``, or ``cupyx.scipy.special`` for CuPy.

    Args:
        xp: The array module.
        function: Public name of the function that needs it, for the message.

    Raises:
        ImportError: SciPy is missing; says what brings it.
    """
    if xp is not numpy:
        return importlib.import_module('cupyx.scipy.special')
    try:
        return importlib.import_module('scipy.special')
    except ImportError as error:
        raise ImportError(
            f'{function}: on a CPU it is computed by SciPy, which cannot be imported '
            f'({error})\n  hint: pip install scipy'
        ) from error
