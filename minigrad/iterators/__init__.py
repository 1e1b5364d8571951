"""Iterators: minibatches of a dataset, in order or shuffled, read ahead or not."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minigrad.iterators.multiprocess_iterator import MultiprocessIterator
from minigrad.iterators.multithread_iterator import MultithreadIterator
from minigrad.iterators.order_samplers import (
    NoShuffleOrderSampler,
    OrderSampler,
    ShuffleOrderSampler,
)
from minigrad.iterators.serial_iterator import SerialIterator
from minigrad.suggestions import of_module as _of_module

__all__ = [
    'MultiprocessIterator',
    'MultithreadIterator',
    'NoShuffleOrderSampler',
    'OrderSampler',
    'SerialIterator',
    'ShuffleOrderSampler',
]

if not _TYPE_CHECKING:
    __getattr__ = _of_module(__name__, 'iterators')
