"""Chainer's own category of warnings."""


class PerformanceWarning(RuntimeWarning):
    """Something is done in a slow way."""
