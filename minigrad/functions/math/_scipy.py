"""SciPy's special functions, and CuPy's of the same names."""

from __future__ import annotations

from typing import Any

from minigrad.backend import scipy_of
from minigrad.types import ArrayModule


class NoSciPy(ImportError):
    """SciPy is needed, and missing."""


def special(xp: ArrayModule, function: str) -> Any:
    """Returns ``scipy.special``, or ``cupyx.scipy.special`` for CuPy.

    Args:
        xp: The array module.
        function: Public name of the function that needs it, for the message.

    Raises:
        ImportError: SciPy is missing; says what brings it.
    """
    try:
        return scipy_of(xp, 'special')
    except ImportError as error:
        raise NoSciPy(
            f'{function}: on a CPU it is computed by SciPy, which cannot be imported '
            f'({error})\n  hint: pip install scipy'
        ) from error
