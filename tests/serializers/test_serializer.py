"""The base classes of all that saves and loads."""

import pytest

from minigrad.serializer import AbstractSerializer, Deserializer, Serializer


@pytest.mark.parametrize('base', [AbstractSerializer, Serializer, Deserializer])
def test_what_a_class_of_ones_own_must_define(base):
    class Unfinished(base):
        pass

    with pytest.raises(NotImplementedError):
        Unfinished()['child']
    with pytest.raises(NotImplementedError):
        Unfinished()('key', 1)


@pytest.mark.parametrize(
    ('base', 'call'), [(Serializer, 'save'), (Deserializer, 'load')]
)
def test_an_object_is_handed_the_serializer(base, call):
    class Seen:
        def serialize(self, serializer):
            self.serializer = serializer

    serializer, seen = base(), Seen()
    getattr(serializer, call)(seen)
    assert seen.serializer is serializer
