"""The warning of interfaces that may change."""

from __future__ import annotations

import sys
import warnings


def experimental(api_name: str) -> None:
    """Warns that an interface may change.

    Silent when ``minigrad.disable_experimental_feature_warning`` is True.

    Args:
        api_name: The interface, such as ``'package.function'``.
    """
    package = sys.modules.get('minigrad')
    if not getattr(package, 'disable_experimental_feature_warning', False):
        warnings.warn(
            f'{api_name} is experimental. The interface can change in the future.',
            FutureWarning,
            stacklevel=3,
        )
