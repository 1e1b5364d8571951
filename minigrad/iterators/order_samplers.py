"""In which order the examples of a sweep are taken."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.serializer import AbstractSerializer, Serializer
from minigrad.serializers.random_state import random_state_to_array, set_random_state
from minigrad.types import Array


class OrderSampler:
    """Base class of order samplers: callables that give the order of the next sweep.

    Example:
        >>> class Backwards(minigrad.iterators.OrderSampler):
        ...     def __call__(self, current_order, current_position):
        ...         return np.arange(len(current_order))[::-1]
        >>> it = minigrad.iterators.SerialIterator(
        ...     [10, 11, 12], 3, order_sampler=Backwards())
        >>> next(it)
        [12, 11, 10]
    """

    def __call__(self, current_order: Array, current_position: int) -> Array:
        """Returns the indexes of the next sweep, an integer array.

        Args:
            current_order: The indexes of this sweep; the result has as many.
            current_position: How many of them were taken when the batch began that
                finishes the sweep.
        """
        raise NotImplementedError

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads what the sampler remembers, such as a generator of its own."""


class ShuffleOrderSampler(OrderSampler):
    """Gives a new random permutation for every sweep.

    Args:
        random_state: A ``numpy.random.RandomState`` or ``Generator``, which is saved
            with the iterator; NumPy's global one when None.

    Example:
        >>> sampler = minigrad.iterators.ShuffleOrderSampler(np.random.RandomState(0))
        >>> sampler(np.arange(4), 0)
        array([2, 3, 1, 0])
    """

    def __init__(self, random_state: Any = None) -> None:
        self._random = random_state

    def __call__(self, current_order: Array, current_position: int) -> Array:
        """Returns a permutation."""
        generator: Any = numpy.random if self._random is None else self._random
        return generator.permutation(len(current_order))

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the generator, unless it is the global one."""
        if self._random is None:
            return
        if isinstance(serializer, Serializer):
            serializer('order_sampler_state', random_state_to_array(self._random))
            return
        try:
            state = serializer('order_sampler_state', None)
        except KeyError:  # saved by Chainer, or with the global generator
            return
        if state is not None:
            set_random_state(self._random, state)


class NoShuffleOrderSampler(OrderSampler):
    """Gives the same order for every sweep: that of the dataset.

    Example:
        >>> minigrad.iterators.NoShuffleOrderSampler()(np.array([2, 0, 1]), 0)
        array([0, 1, 2])
    """

    def __call__(self, current_order: Array, current_position: int) -> Array:
        """Returns 0, 1, 2, ..."""
        return numpy.arange(len(current_order))
