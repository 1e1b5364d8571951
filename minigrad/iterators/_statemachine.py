"""Which examples the next batch takes: a pure step from state to state."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy

from minigrad.types import Array


class IteratorState(NamedTuple):
    """Where an iterator stands after a batch."""

    current_position: int
    epoch: int
    is_new_epoch: bool
    order: Array | None  # None: that of the dataset


def iterator_statemachine(
    state: IteratorState,
    batch_size: int,
    repeat: bool,
    order_sampler: Callable[[Array, int], Array] | None,
    dataset_len: int,
) -> tuple[IteratorState, Array | None]:
    """Returns the state after the next batch and the indexes of its examples.

    Args:
        state: Where the iterator stands.
        batch_size: Number of examples of a batch; the last of all may have fewer.
        repeat: Whether a sweep follows the sweep.
        order_sampler: Gives the next order when a sweep ends; not asked if there is no
            order.
        dataset_len: Size of a sweep if there is no order.

    Returns:
        The new state and the indexes; the old state and None behind the end.

    Raises:
        ValueError: The dataset is empty, or the sampler changes the length.
    """
    position, epoch, _, order = state
    if not repeat and epoch > 0:
        return state, None
    size = dataset_len if order is None else len(order)
    if repeat and size == 0:
        raise ValueError(
            'Epoch size must be positive for an iterator that repeats: the dataset is '
            'empty'
        )
    parts = []
    end = position + batch_size
    is_new_epoch = False
    while end >= size:  # a large batch may finish several sweeps
        parts.append(_indexes(order, position, size))
        if order is not None and order_sampler is not None:
            next_order = order_sampler(order, position)
            if len(next_order) != size:
                raise ValueError(
                    'The size of order does not match the size of the previous order: '
                    f'{len(next_order)}, expected {size}'
                )
            order = next_order
        epoch += 1
        is_new_epoch = True
        position = 0
        end = end - size if repeat else 0
        if not repeat:
            break
    parts.append(_indexes(order, position, end))
    return IteratorState(end, epoch, is_new_epoch, order), numpy.concatenate(parts)


def _indexes(order: Array | None, start: int, stop: int) -> Array:
    if order is None:
        return numpy.arange(start, stop, dtype=numpy.intp)
    return order[start:stop]
