"""Random matrices that are not badly conditioned by chance."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.types import Array


def generate_matrix(
    shape: tuple[int, ...], dtype: Any = float, *, singular_values: Any = None
) -> Array:
    """Returns random matrices with given singular values.

    Args:
        shape: ``(..., M, N)``.
        dtype: A float or complex dtype.
        singular_values: Not negative, of a shape that broadcasts to
            ``(..., min(M, N))``. Needed.

    Returns:
        An array from ``numpy.random``'s global generator.

    Raises:
        ValueError: The shape has fewer than two axes, or a singular value is negative.
        TypeError: The dtype is not float or complex, or there are no real singular
            values.

    Source: compatible with chainer.testing.generate_matrix.

    Example:
        >>> a = minigrad.testing.generate_matrix((2, 3), singular_values=[1, 2])
        >>> np.linalg.svd(a)[1].round(6).tolist()
        [2.0, 1.0]
    """
    if len(shape) < 2:
        raise ValueError(f'shape must be (..., M, N), got {shape}')
    dtype = numpy.dtype(dtype)
    if dtype.kind not in 'fc':
        raise TypeError(f'dtype must be float or complex, got {dtype}')
    if singular_values is None:
        raise TypeError('singular_values is missing')
    singular_values = numpy.asarray(singular_values)
    if not numpy.isrealobj(singular_values):
        raise TypeError('singular_values must be real')
    if (singular_values < 0).any():
        raise ValueError('singular_values must not be negative')
    values = numpy.broadcast_to(singular_values, (*shape[:-2], min(shape[-2:])))
    if 0 in shape:
        return numpy.empty(shape, dtype)
    a = numpy.random.randn(*shape)
    if dtype.kind == 'c':
        a = a + 1j * numpy.random.randn(*shape)
    u, _, vh = numpy.linalg.svd(a, full_matrices=False)
    return ((u * values[..., None, :]) @ vh).astype(dtype)
