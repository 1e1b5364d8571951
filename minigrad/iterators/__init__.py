"""Iterators: minibatches of a dataset, in order or shuffled, read ahead or not."""

from minigrad.iterators.multiprocess_iterator import MultiprocessIterator
from minigrad.iterators.multithread_iterator import MultithreadIterator
from minigrad.iterators.order_samplers import (
    NoShuffleOrderSampler,
    OrderSampler,
    ShuffleOrderSampler,
)
from minigrad.iterators.serial_iterator import SerialIterator

__all__ = [
    'MultiprocessIterator',
    'MultithreadIterator',
    'NoShuffleOrderSampler',
    'OrderSampler',
    'SerialIterator',
    'ShuffleOrderSampler',
]
