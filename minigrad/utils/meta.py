"""Methods that subclasses may not override."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

_ACTION = '_override_action'


def final(*args: Any, action: type[Exception] = TypeError) -> Any:
    """Marks a method that subclasses may not override.

    Args:
        *args: The method, if the decorator has no arguments.
        action: What happens when one does: an exception or a warning.

    Source: compatible with chainer.utils.final.

    Example:
        >>> class Base(minigrad.utils.enable_final()):
        ...     @minigrad.utils.final
        ...     def f(self): ...
        >>> class Derived(Base):
        ...     def f(self): ...
        Traceback (most recent call last):
        TypeError: method 'f' is final.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        setattr(method, _ACTION, action)
        return method

    return mark(*args) if args else mark


class _EnableFinal(type):
    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any]
    ) -> _EnableFinal:
        for key in body:
            for base in bases:
                action = getattr(getattr(base, key, None), _ACTION, None)
                if action is None:
                    continue
                if issubclass(action, Warning):
                    warnings.warn(f'Overriding method {key!r}.', action, stacklevel=2)
                else:
                    raise action(f'method {key!r} is final.')
        return super().__new__(cls, name, bases, body)


def enable_final(base: Any = (), meta_base: tuple[type, ...] = ()) -> Any:
    """Returns a base class in which `final` has an effect.

    Args:
        base: Base class, or a list or tuple of them.
        meta_base: Metaclasses of the bases.

    Source: compatible with chainer.utils.enable_final.
    """
    bases = tuple(base) if isinstance(base, (list, tuple)) else (base,)
    metaclass = type('FinalMeta', (_EnableFinal, *meta_base), {})
    return metaclass('Final', bases, {})
