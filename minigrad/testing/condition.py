"""Tests that depend on chance: repeated, or tried again."""

from __future__ import annotations

import functools
import unittest
from collections.abc import Callable
from typing import Any

from minigrad.testing._bundle import Method

_FAILURES: tuple[type[BaseException], ...] = (Exception,)
try:
    import pytest
except ImportError:
    pass
else:
    _FAILURES += (pytest.fail.Exception,)  # not an Exception; pytest.raises raises it


def repeat_with_success_at_least(
    times: int, min_success: int
) -> Callable[[Method], Method]:
    """Runs a test method several times; it passes if enough runs pass.

    Each run has its own ``setUp`` and ``tearDown``. It stops as soon as the outcome is
    certain, and when a run is skipped.

    Args:
        times: The largest number of runs.
        min_success: How many must pass.

    Raises:
        AssertionError: When called: too few runs passed.

    Source: compatible with chainer.testing.condition.repeat_with_success_at_least.
    """

    def decorator(method: Method) -> Method:
        @functools.wraps(method)
        def run(self: Any, *args: Any, **kwargs: Any) -> None:
            errors: list[BaseException] = []
            passed = 0
            while passed < min_success and len(errors) <= times - min_success:
                try:
                    _run_once(self, method, args, kwargs)
                    passed += 1
                except unittest.SkipTest:
                    raise
                except _FAILURES as error:
                    errors.append(error)
            if passed < min_success:
                n = len(errors) + passed
                first = errors[0] if errors else None
                raise AssertionError(
                    f'{len(errors)} of {n} runs failed, and {min_success} of {times} must '
                    f'pass; first error message:\n{type(first).__name__}: {first}'
                ) from first

        return run

    return decorator


def _run_once(
    case: Any, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not isinstance(case, unittest.TestCase):
        method(case, *args, **kwargs)
        return
    # A fresh instance, so that setUp is not called twice on one.
    fresh = type(case)(case._testMethodName)
    fresh.setUp()
    try:
        method(fresh, *args, **kwargs)
    finally:
        fresh.tearDown()
        fresh.doCleanups()


def repeat(times: int) -> Callable[[Method], Method]:
    """Runs a test method several times, all of which must pass.

    Args:
        times: How often.

    Source: compatible with chainer.testing.condition.repeat.

    Example:
        >>> class TestSum(unittest.TestCase):
        ...     @minigrad.testing.condition.repeat(3)
        ...     def test_sum(self):
        ...         self.assertLess(np.random.random(), 1)
    """
    return repeat_with_success_at_least(times, times)


def retry(times: int) -> Callable[[Method], Method]:
    """Runs a test method until it passes.

    Args:
        times: How often at most.

    Source: compatible with chainer.testing.condition.retry.
    """
    return repeat_with_success_at_least(times, 1)
