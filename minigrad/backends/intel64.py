"""iDeep, which is not provided: what Chainer's programs ask before they use it."""

from __future__ import annotations


class mdarray:
    """Stands for iDeep's array: nothing is an instance."""


def is_ideep_available() -> bool:
    """Returns False."""
    return False


def should_use_ideep(level: str) -> bool:
    """Returns False at every level."""
    return False
