"""The state of the random generators, as part of a snapshot."""

from __future__ import annotations

import json
import random
import zlib
from typing import Any

import numpy

from minigrad.backend import loaded_cupy
from minigrad.serializer import AbstractSerializer, Deserializer
from minigrad.serializers.random_state import random_state_to_array, set_random_state


def serialize_random_state(serializer: AbstractSerializer) -> bool:
    """Saves or loads the global generators of NumPy, Python and, if in use, CuPy.

    CuPy does not tell the state of its generator. Saving therefore seeds it with a
    number drawn from the state of NumPy's: from there on the run that was saved and the
    run that resumes see the same numbers.

    Args:
        serializer: Where to save to or load from. A file without random state leaves
            the generators as they are.

    Returns:
        Whether there was a state to save or load.

    Example:
        >>> state = minigrad.serializers.DictionarySerializer()
        >>> minigrad.training.serialize_random_state(state)
        True
        >>> first = np.random.rand()
        >>> saved = minigrad.serializers.NpzDeserializer(state.target)
        >>> minigrad.training.serialize_random_state(saved)
        True
        >>> np.random.rand() == first
        True
    """
    loading = isinstance(serializer, Deserializer)
    saved = numpy.frombuffer(json.dumps(random.getstate()).encode(), numpy.uint8)
    try:
        # Without an array to fill: the saved state may be longer than the present one.
        saved = serializer('python', None if loading else saved)
        state = serializer(
            'numpy', None if loading else random_state_to_array(numpy.random)
        )
    except KeyError:
        return False
    if loading:
        if state is None:
            return False
        version, words, gauss = json.loads(saved.tobytes())
        random.setstate((version, tuple(words), gauss))
        set_random_state(numpy.random, state)
    _serialize_cupy(serializer, state)
    return True


def _serialize_cupy(serializer: AbstractSerializer, numpy_state: Any) -> None:
    cupy: Any = loaded_cupy()
    if cupy is None:
        return
    try:
        seed = serializer('cupy_seed', zlib.crc32(numpy_state))
    except KeyError:  # saved by a run without CuPy
        return
    cupy.random.seed(seed)
