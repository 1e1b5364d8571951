"""The protocol with which objects save and load themselves.

One method, ``obj.serialize(serializer)``, serves both directions: it hands every value
to the serializer under a name and keeps what comes back.
"""

from __future__ import annotations

from typing import Any


class AbstractSerializer:
    """What `Serializer` and `Deserializer` have in common.

    Example:
        >>> class Counter:
        ...     count = 3
        ...     def serialize(self, serializer):
        ...         self.count = serializer('count', self.count)
        >>> saved = minigrad.serializers.serialize(Counter())
        >>> saved
        {'count': array(3)}
        >>> fresh = Counter()
        >>> fresh.count = 0
        >>> minigrad.serializers.NpzDeserializer(saved).load(fresh)
        >>> fresh.count
        3
    """

    def __getitem__(self, key: str) -> AbstractSerializer:
        """Returns the serializer of a child: its names get the prefix ``key/``."""
        raise NotImplementedError

    def __call__(self, key: str, value: Any) -> Any:
        """Saves ``value`` under ``key``, or loads it from there.

        Args:
            key: Name of the entry.
            value: Array, number, string or None. When loading, an array is filled in
                place, a number or string tells the type to return, and None takes
                whatever was saved.

        Returns:
            The value, as saved or as loaded. An entry saved as None comes back as None.
        """
        raise NotImplementedError


class Serializer(AbstractSerializer):
    """Base class of everything that saves."""

    def save(self, obj: Any) -> None:
        """Saves ``obj``, which has a method ``serialize``."""
        obj.serialize(self)


class Deserializer(AbstractSerializer):
    """Base class of everything that loads."""

    def load(self, obj: Any) -> None:
        """Loads into ``obj``, which has a method ``serialize``."""
        obj.serialize(self)
