"""Saving and loading the state of a random number generator."""

from __future__ import annotations

import json
from typing import Any

import numpy

from minigrad.types import Array


def random_state_to_array(generator: Any) -> Array:
    """Returns the state of a NumPy generator as bytes that any serializer can keep.

    Args:
        generator: ``numpy.random`` itself (the global generator), a
            ``numpy.random.RandomState`` or a ``numpy.random.Generator``.

    Example:
        >>> rng = np.random.RandomState(0)
        >>> state = random_state_to_array(rng)
        >>> first = rng.rand()
        >>> set_random_state(rng, state)
        >>> rng.rand() == first
        True
    """
    if isinstance(generator, numpy.random.Generator):
        state = generator.bit_generator.state
    else:
        state = generator.get_state(legacy=False)
    # JSON keeps whole numbers of any size, and floats to the last bit.
    text = json.dumps(state, default=lambda value: value.tolist())
    return numpy.frombuffer(text.encode(), numpy.uint8).copy()


def set_random_state(generator: Any, array: Array) -> None:
    """Puts a state of `random_state_to_array` back into a generator of the same kind.

    Raises:
        ValueError: The state is that of another kind of generator.

    Example:
        >>> from minigrad.serializers import random_state_to_array, set_random_state
        >>> generator = np.random.default_rng(0)
        >>> state = random_state_to_array(generator)
        >>> first = generator.random()
        >>> set_random_state(generator, state)
        >>> generator.random() == first
        True
    """
    state = json.loads(numpy.asarray(array, numpy.uint8).tobytes())
    try:
        if isinstance(generator, numpy.random.Generator):
            generator.bit_generator.state = state
        else:
            generator.set_state(state)
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(
            f'the saved random state is that of a {state.get("bit_generator")}, not of '
            f'{generator!r}'
        ) from error
