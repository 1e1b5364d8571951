"""Initializers: callables that fill a parameter's array in place."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any

import numpy

from minigrad.backend import get_array_types, get_device, using_device
from minigrad.configuration import get_dtype
from minigrad.initializers.constant import Constant, Identity, NaN, One, Zero
from minigrad.initializers.normal import GlorotNormal, HeNormal, LeCunNormal, Normal
from minigrad.initializers.orthogonal import Orthogonal
from minigrad.initializers.sampling import (
    DownsamplingConvFilter,
    UpsamplingDeconvFilter,
)
from minigrad.initializers.uniform import (
    GlorotUniform,
    HeUniform,
    LeCunUniform,
    Uniform,
)
from minigrad.suggestions import of_module as _of_module
from minigrad.types import Array

__all__ = [
    'Constant',
    'DownsamplingConvFilter',
    'GlorotNormal',
    'GlorotUniform',
    'HeNormal',
    'HeUniform',
    'Identity',
    'LeCunNormal',
    'LeCunUniform',
    'NaN',
    'Normal',
    'One',
    'Orthogonal',
    'Uniform',
    'UpsamplingDeconvFilter',
    'Zero',
    'generate_array',
]

if not _TYPE_CHECKING:
    __getattr__ = _of_module(__name__, 'initializers')


def generate_array(
    initializer: Callable[[Array], Any],
    shape: int | tuple[int, ...],
    xp: Any,
    dtype: Any = None,
    device: Any = None,
) -> Array:
    """Makes a new array and lets an initializer fill it.

    Args:
        initializer: Called with the new array.
        shape: Shape of the array.
        xp: ``numpy`` or ``cupy``.
        dtype: Dtype of the array; None takes the initializer's, and if it has none
            ``config.dtype``.
        device: Where to make it; None is the current device of ``xp``.

    Returns:
        The array.

    Raises:
        ValueError: ``dtype`` is not the initializer's, or ``device`` is not of ``xp``.

    Source: compatible with chainer.initializers.generate_array.

    Example:
        >>> from minigrad import initializers
        >>> initializers.generate_array(initializers.One('d'), (2,), np)
        array([1., 1.])
    """
    wanted = getattr(initializer, 'dtype', None)
    if dtype is None:
        dtype = wanted
    elif wanted is not None and get_dtype(dtype) != get_dtype(wanted):
        raise ValueError(
            f'dtype mismatch: {get_dtype(dtype)} was asked for, but the initializer '
            f'makes {get_dtype(wanted)}'
        )
    context: Any = contextlib.nullcontext()
    if device is not None:
        device = get_device(device)
        if device.xp is not xp:
            raise ValueError(f'xp is {xp.__name__}, but device is {device}')
        context = using_device(device)
    with context:
        array = xp.empty(shape, dtype=get_dtype(dtype))
        initializer(array)
    return array


def _get_initializer(initializer: Any) -> Callable[[Array], Any]:
    # What links accept as initialW and the like: None, a number, an array, a callable.
    if initializer is None:
        return LeCunNormal()
    if isinstance(initializer, get_array_types()) or numpy.isscalar(initializer):
        return Constant(initializer)
    if not callable(initializer):
        raise TypeError(
            'an initializer must be None, a number, an array or a callable, '
            f'got {type(initializer).__name__}'
        )
    result: Callable[[Array], Any] = initializer
    return result
