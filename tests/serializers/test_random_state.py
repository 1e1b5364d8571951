import numpy
import pytest

from minigrad.serializers import (
    NpzDeserializer,
    load_npz,
    random_state_to_array,
    save_npz,
    set_random_state,
)


@pytest.mark.parametrize(
    'make',
    [
        lambda: numpy.random,
        lambda: numpy.random.RandomState(3),
        lambda: numpy.random.default_rng(3),
        lambda: numpy.random.Generator(numpy.random.MT19937(3)),
        lambda: numpy.random.Generator(numpy.random.Philox(3)),
        lambda: numpy.random.Generator(numpy.random.SFC64(3)),
    ],
)
def test_round_trip(make, tmp_path):
    generator = make()
    generator.normal()  # the older kind keeps the second of a pair of normals
    save_npz(tmp_path / 'a.npz', {'state': random_state_to_array(generator)})
    expected = generator.normal(size=5).tolist(), generator.permutation(9).tolist()
    generator.normal(size=3)

    class Loader:
        def serialize(self, serializer):
            set_random_state(generator, serializer('state', None))

    load_npz(tmp_path / 'a.npz', Loader())
    got = generator.normal(size=5).tolist(), generator.permutation(9).tolist()
    assert got == expected


def test_another_kind_of_generator():
    state = random_state_to_array(numpy.random.default_rng(0))
    with pytest.raises(ValueError, match='that of a PCG64, not of RandomState'):
        set_random_state(numpy.random.RandomState(0), state)


def test_plain_bytes():
    state = random_state_to_array(numpy.random.RandomState(0))
    assert state.dtype == numpy.uint8
    assert NpzDeserializer({'a': state})('a', None) is not None
