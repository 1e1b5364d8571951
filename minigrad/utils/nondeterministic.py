"""The warning of functions that may give other last digits each time."""

from __future__ import annotations

import warnings

from minigrad.configuration import config


def nondeterministic(f_name: str) -> None:
    """Warns, if ``config.warn_nondeterministic`` is set, that a result may vary.

    Args:
        f_name: What is being run.

    Example:
        >>> minigrad.utils.nondeterministic('scatter_add')  # silent, unless it is asked for
    """
    if config.warn_nondeterministic:
        warnings.warn(
            f'{f_name} may give slightly different results in each run '
            '(config.warn_nondeterministic is set)',
            stacklevel=3,
        )
