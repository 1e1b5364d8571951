"""Tests with the same random numbers each time."""

from __future__ import annotations

import functools
import os
import random
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy

from minigrad.testing._bundle import Bundle, cases_of

_SEED = 100
_saved: list[tuple[Any, Any]] = []  # one entry per block that is open


def _setup_random() -> None:
    # Blocks may be nested, by condition.repeat for one; only the outermost seeds.
    if not _saved:
        seeded = os.environ.get('CHAINER_TEST_RANDOM_NONDETERMINISTIC', '0') == '0'
        do_setup(seeded)
    else:
        _saved.append(_saved[0])


def _teardown_random() -> None:
    states = _saved.pop()
    if not _saved:
        random.setstate(states[0])
        numpy.random.set_state(states[1])


def _seed(seed: int | None) -> None:
    random.seed(seed)
    numpy.random.seed(seed)
    cupy = sys.modules.get('cupy')
    if cupy is not None:
        cupy.random.seed(seed)


def do_setup(deterministic: bool = True) -> None:
    """Seeds Python's, NumPy's and CuPy's generators until `do_teardown`.

    Args:
        deterministic: If False, with a seed that differs each time.

    Source: compatible with chainer.testing.random.do_setup.
    """
    _saved.append((random.getstate(), numpy.random.get_state()))
    _seed(_SEED if deterministic else None)


def do_teardown() -> None:
    """Restores the generators as they were before `do_setup`."""
    states = _saved.pop()
    random.setstate(states[0])
    numpy.random.set_state(states[1])


def generate_seed() -> int:
    """Returns a random seed; only inside a test under `fix_random`."""
    if not _saved:
        raise RuntimeError('generate_seed needs @testing.fix_random() around the test')
    return int(numpy.random.randint(0xFFFFFFFF, dtype=numpy.int64))


def fix_random(
    *, setup_method: str = 'setUp', teardown_method: str = 'tearDown'
) -> Callable[[Any], Any]:
    """Seeds Python's, NumPy's and CuPy's generators for a test and restores them.

    It decorates a test class or a test method, and must be outside of
    ``condition.repeat`` and ``condition.retry``.

    Args:
        setup_method: Name of the method of the class that is called before each test.
        teardown_method: Name of the one called after each.

    Source: compatible with chainer.testing.fix_random.

    Example:
        >>> import unittest
        >>> @minigrad.testing.fix_random()
        ... class TestRandom(unittest.TestCase):
        ...     def test_same_each_time(self):
        ...         self.assertEqual(round(np.random.random(), 4), 0.5434)
    """

    def decorator(decorated: Any) -> Any:
        if isinstance(decorated, types.FunctionType):
            return _fixed(decorated)
        cases = cases_of(decorated)
        for case in cases:
            _fix_class(case.cls, setup_method, teardown_method)
        # As in Chainer, a class stays one; only stacked decorators see a bundle.
        return decorated if not isinstance(decorated, Bundle) else Bundle(cases)

    return decorator


def _fixed(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        _setup_random()
        try:
            return method(*args, **kwargs)
        finally:
            _teardown_random()

    return run


def _fix_class(cls: Any, setup_method: str, teardown_method: str) -> None:
    setup, teardown = getattr(cls, setup_method), getattr(cls, teardown_method)

    @functools.wraps(setup)
    def new_setup(self: Any, *args: Any) -> None:
        _setup_random()
        try:
            setup(self, *args)
        except BaseException:  # then there is no teardown
            _teardown_random()
            raise

    @functools.wraps(teardown)
    def new_teardown(self: Any, *args: Any) -> None:
        try:
            teardown(self, *args)
        finally:
            _teardown_random()

    setattr(cls, setup_method, new_setup)
    setattr(cls, teardown_method, new_teardown)
