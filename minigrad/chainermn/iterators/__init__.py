"""Iterators whose batches are the same in several processes."""

from minigrad.chainermn.iterators.multi_node_iterator import create_multi_node_iterator
from minigrad.chainermn.iterators.share_order_sampler import ShareOrderSampler
from minigrad.chainermn.iterators.synchronized_iterator import (
    create_synchronized_iterator,
)

__all__ = [
    'ShareOrderSampler',
    'create_multi_node_iterator',
    'create_synchronized_iterator',
]
