"""Properties that are computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minigrad.configuration import config


class _CachedProperty:
    """A property that is computed once with the graph, and once without.

    The two are kept apart by ``config.enable_backprop``: what was computed in
    `minigrad.no_backprop_mode` must not be taken for a value that has a gradient.

    Args:
        func: The getter.

    Source: compatible with chainer.utils.cache.cached_property.

    Example:
        >>> class Sphere:
        ...     radius = minigrad.Variable(np.array(2.))
        ...     @minigrad.utils.cache.cached_property
        ...     def surface(self):
        ...         return 4 * np.pi * self.radius ** 2
        >>> sphere = Sphere()
        >>> sphere.surface is sphere.surface
        True
    """

    def __init__(self, func: Callable[[Any], Any]) -> None:
        self.func = func
        self.__name__ = func.__name__
        self.__doc__ = func.__doc__

    def __get__(self, obj: Any, cls: type | None = None) -> Any:
        if obj is None:
            return self
        values = obj.__dict__.setdefault(self.__name__, {})
        key = config.enable_backprop
        if key not in values:
            values[key] = self.func(obj)
        return values[key]

    # With __set__ the descriptor wins over the instance's dictionary.
    def __set__(self, obj: Any, value: Any) -> None:
        raise AttributeError(
            f'{type(obj).__name__}.{self.__name__} is computed; it cannot be set'
        )


if TYPE_CHECKING:
    cached_property = property
else:
    cached_property = _CachedProperty
