"""Iterators whose batches are the same in several processes."""

from minigrad.chainermn.iterators.multi_node_iterator import create_multi_node_iterator
from minigrad.chainermn.iterators.synchronized_iterator import (
    create_synchronized_iterator,
)

__all__ = ['create_multi_node_iterator', 'create_synchronized_iterator']
