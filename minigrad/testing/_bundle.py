"""Decorators that make several test classes out of one.

The classes are put into the module of the first, where pytest and unittest find them.
The decorated name itself is bound to a `Bundle`, so that the decorators can be stacked.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

Method: TypeAlias = Callable[..., Any]

MakeMethod: TypeAlias = Callable[[Method], 'Method | None']

# Name of a class to make, its attributes, and what becomes of each test method.
Variant: TypeAlias = tuple[str, dict[str, Any], MakeMethod]


class Case(NamedTuple):
    """A test class; module and name say where it was put, None if nowhere yet."""

    cls: type
    module: str | None
    name: str | None


class Bundle:
    """The test classes that a decorator made."""

    def __init__(self, cases: list[Case]) -> None:
        self.cases = cases


def cases_of(decorated: Any) -> list[Case]:
    """Returns the test classes behind a decorated name, or of a bare class."""
    if isinstance(decorated, Bundle):
        return decorated.cases
    return [Case(decorated, None, None)]


def make_decorator(
    variants: Callable[[type], Iterator[Variant]],
) -> Callable[[Any], Bundle]:
    """Returns a class decorator.

    Args:
        variants: Gives, for a test class, the classes to derive from it.
    """

    def decorator(decorated: Any) -> Bundle:
        made = []
        for case in cases_of(decorated):
            if case.module is not None and case.name is not None:
                delattr(sys.modules[case.module], case.name)
            module = case.cls.__module__ if case.module is None else case.module
            for name, attributes, make_method in variants(case.cls):
                attributes = {**attributes, '__module__': module}
                for method_name, method in named_tests(case.cls):
                    attributes[method_name] = make_method(method)
                cls = type(name, (case.cls,), attributes)
                setattr(sys.modules[module], name, cls)
                made.append(Case(cls, module, name))
        return Bundle(made)

    return decorator


def named_tests(cls: type) -> list[tuple[str, Method]]:
    """Returns the names and functions of the tests of a class."""
    methods = inspect.getmembers(cls, inspect.isfunction)
    return [(name, method) for name, method in methods if name.startswith('test_')]
