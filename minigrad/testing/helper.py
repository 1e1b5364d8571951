"""Warnings, optional libraries and mocks in tests."""

from __future__ import annotations

import contextlib
import importlib.metadata
import pkgutil
import unittest
import unittest.mock
import warnings
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def assert_warns(expected: type[Warning]) -> Iterator[None]:
    """Raises if a block does not warn.

    Args:
        expected: The category of the warning.

    Raises:
        AssertionError: No such warning came.

    Source: compatible with chainer.testing.assert_warns.

    Example:
        >>> import warnings
        >>> with minigrad.testing.assert_warns(UserWarning):
        ...     warnings.warn('careful')
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        yield
    if not any(isinstance(w.message, expected) for w in caught):
        others = ', '.join(w.category.__name__ for w in caught)
        raise AssertionError(
            f'{expected.__name__} was not warned of; there were: {others or "none"}'
        )


def satisfied(requirements: tuple[str, ...]) -> bool:
    """Tells whether all requirements are installed.

    Chainer counts as installed, in the version whose names and behaviour these are.

    Args:
        requirements: Such as ``'numpy>=2'``.

    Example:
        >>> from minigrad.testing.helper import satisfied
        >>> satisfied(('chainer>=5', 'numpy>=2')), satisfied(('chainer<7',))
        (True, False)
    """
    from packaging.requirements import Requirement  # comes with pytest

    from minigrad.chainer import CHAINER_VERSION

    for text in requirements:
        requirement = Requirement(text)
        try:
            if requirement.name == 'chainer':
                version = CHAINER_VERSION
            else:
                version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            return False
        if not requirement.specifier.contains(version, prereleases=True):
            return False
    return True


def with_requires(*requirements: str) -> Callable[[Any], Any]:
    """Skips a test where a requirement is not installed.

    Args:
        *requirements: Such as ``'numpy>=2'``.

    Source: compatible with chainer.testing.with_requires.

    Example:
        >>> @minigrad.testing.with_requires('numpy>=2')
        ... def test_on_numpy_2(): ...
    """
    reason = f'needs {", ".join(requirements)}'
    return unittest.skipUnless(satisfied(requirements), reason)


def without_requires(*requirements: str) -> Callable[[Any], Any]:
    """Skips a test where all requirements are installed.

    Args:
        *requirements: Such as ``'numpy>=2'``.

    Source: compatible with chainer.testing.without_requires.
    """
    reason = f'needs to be without {", ".join(requirements)}'
    return unittest.skipIf(satisfied(requirements), reason)


def patch(target: str, *args: Any, **kwargs: Any) -> Any:
    """Is ``unittest.mock.patch``, except that the mock calls what it replaces.

    Args:
        target: Full name of what to replace.
        *args: For ``unittest.mock.patch``.
        **kwargs: Likewise; ``wraps`` is what the mock calls instead.

    Source: compatible with chainer.testing.patch.

    Example:
        >>> with minigrad.testing.patch('math.sqrt') as sqrt:
        ...     import math
        ...     root = math.sqrt(4)
        >>> root, sqrt.call_count
        (2.0, 1)
    """
    wraps = kwargs.pop('wraps', None)
    if wraps is None:
        wraps = pkgutil.resolve_name(target)
    return unittest.mock.patch(target, *args, wraps=wraps, **kwargs)
