import numpy
import pytest

from minigrad import serializers
from minigrad.iterators import NoShuffleOrderSampler, OrderSampler, ShuffleOrderSampler


def test_shuffle_draws_from_the_global_generator():
    numpy.random.seed(3)
    got = ShuffleOrderSampler()(numpy.arange(5), 2)
    numpy.random.seed(3)
    assert got.tolist() == numpy.random.permutation(5).tolist()


def test_shuffle_with_a_generator_of_its_own():
    got = ShuffleOrderSampler(numpy.random.RandomState(3))(numpy.arange(5), 0)
    assert got.tolist() == numpy.random.RandomState(3).permutation(5).tolist()


def test_state():
    sampler = ShuffleOrderSampler(numpy.random.RandomState(3))
    saved = serializers.serialize(sampler)
    assert list(saved) == ['order_sampler_state']
    first = sampler(numpy.arange(9), 0)
    serializers.NpzDeserializer(saved).load(sampler)
    assert sampler(numpy.arange(9), 0).tolist() == first.tolist()
    # A file of Chainer has no such entry: the generator stays as it is.
    serializers.NpzDeserializer({}).load(sampler)
    assert serializers.serialize(ShuffleOrderSampler()) == {}


def test_no_shuffle():
    assert NoShuffleOrderSampler()(numpy.array([2, 0, 1]), 1).tolist() == [0, 1, 2]


def test_base_class():
    with pytest.raises(NotImplementedError):
        OrderSampler()(numpy.arange(2), 0)
    assert OrderSampler().serialize(None) is None
