"""Initializers that fill an array with given values."""

from typing import Any

import numpy

from minigrad.backend import copyto, get_array_module, get_array_types
from minigrad.initializer import Initializer
from minigrad.types import Array


class Identity(Initializer):
    """Fills a square matrix with a multiple of the identity.

    Args:
        scale: The number on the diagonal.
        dtype: See ``Initializer``.

    Raises:
        ValueError: (when called) the array is not a square matrix.

    Source: compatible with chainer.initializers.Identity.

    Example:
        >>> from minigrad import initializers
        >>> initializers.generate_array(initializers.Identity(2), (2, 2), np)
        array([[2., 0.],
               [0., 2.]], dtype=float32)
    """

    def __init__(self, scale: float = 1.0, dtype: Any = None) -> None:
        self.scale = scale
        super().__init__(dtype)

    def __call__(self, array: Array) -> None:
        self._check_dtype_(array)
        if array.ndim != 2 or array.shape[0] != array.shape[1]:
            raise ValueError(
                f'Identity: expected a square matrix, got shape {array.shape}'
            )
        array[...] = get_array_module(array).identity(len(array)) * self.scale


class Constant(Initializer):
    """Fills an array with a constant, or with (a broadcast of) another array.

    Args:
        fill_value: A number, or an array that broadcasts to the shape to fill.
        dtype: See ``Initializer``.

    Raises:
        ValueError: ``fill_value`` is neither a number nor an array.

    Source: compatible with chainer.initializers.Constant.

    Example:
        >>> from minigrad import initializers
        >>> initializers.generate_array(initializers.Constant(3), (2,), np)
        array([3., 3.], dtype=float32)
    """

    fill_value: Any = None

    def __init__(self, fill_value: Any, dtype: Any = None) -> None:
        if not (
            isinstance(fill_value, get_array_types()) or numpy.isscalar(fill_value)
        ):
            raise ValueError(
                'Constant: fill_value must be a number or an array, '
                f'got {type(fill_value).__name__}'
            )
        self.fill_value = fill_value
        super().__init__(dtype)

    def __call__(self, array: Array) -> None:
        self._check_dtype_(array)
        if numpy.isscalar(self.fill_value):
            array[...] = self.fill_value
        else:  # copyto also crosses devices
            copyto(array, self.fill_value.astype(array.dtype, copy=False))


class _Fixed(Constant):
    # A Constant whose value is the class's.

    def __init__(self, dtype: Any = None) -> None:
        super().__init__(self.fill_value, dtype)


class Zero(_Fixed):
    """Fills an array with zeros; compatible with chainer.initializers.Zero.

    Example:
        >>> L.Linear(2, 1, initialW=minigrad.initializers.Zero()).W.array
        array([[0., 0.]], dtype=float32)
    """

    fill_value = 0.0


class One(_Fixed):
    """Fills an array with ones; compatible with chainer.initializers.One.

    Example:
        >>> L.Linear(2, 1, initialW=minigrad.initializers.One()).W.array
        array([[1., 1.]], dtype=float32)
    """

    fill_value = 1.0


class NaN(_Fixed):
    """Fills an array with not-a-number; compatible with chainer.initializers.NaN.

    Example:
        >>> L.Linear(2, 1, initialW=minigrad.initializers.NaN()).W.array
        array([[nan, nan]], dtype=float32)
    """

    fill_value = numpy.nan
