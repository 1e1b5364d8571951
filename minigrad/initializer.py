"""The base class of initializers, and the fans they scale with."""

import math
from typing import Any

from minigrad.configuration import get_dtype
from minigrad.named_arguments import NamedArguments
from minigrad.types import Array


class Initializer(NamedArguments):
    """A callable that fills an array in place.

    A subclass implements ``__call__(array)`` and may draw its values in any way.

    Args:
        dtype: The only dtype the initializer accepts, and the dtype
            ``generate_array`` gives to new arrays. None leaves it to ``config.dtype``.

    Example:
        >>> class Ramp(minigrad.Initializer):
        ...     def __call__(self, array):
        ...         array[...] = np.arange(array.size).reshape(array.shape)
        >>> minigrad.Parameter(Ramp(), (2, 2)).array
        array([[0., 1.],
               [2., 3.]], dtype=float32)
    """

    def __init__(self, dtype: Any = None) -> None:
        self.dtype = dtype

    def __call__(self, array: Array) -> None:
        """Fills ``array`` in place."""
        raise NotImplementedError(f'{type(self).__name__}.__call__ is not implemented')

    def _check_dtype_(self, array: Array) -> None:
        if self.dtype is not None and array.dtype != get_dtype(self.dtype):
            raise ValueError(
                f'{type(self).__name__}: expected an array of dtype '
                f'{get_dtype(self.dtype)}, got {array.dtype}'
            )


def get_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Counts the inputs and the outputs that one weight array connects.

    Args:
        shape: Shape of the weights, ``(out, in, ...)``; the axes after the second are
            the receptive field of a convolution and multiply both counts.

    Returns:
        ``(fan_in, fan_out)``.

    Raises:
        ValueError: ``shape`` is not a tuple of at least two numbers.

    Example:
        >>> from minigrad.initializer import get_fans
        >>> get_fans((16, 6, 5, 5))
        (150, 400)
    """
    if not isinstance(shape, tuple):
        raise ValueError(f'shape must be tuple. Actual type: {type(shape)}')
    if len(shape) < 2:
        raise ValueError(
            f'fan_in and fan_out need a shape (out, in, ...) of length >= 2, got {shape}'
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field
