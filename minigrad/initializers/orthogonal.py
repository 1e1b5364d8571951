"""Orthogonal initialization."""

import math
from typing import Any

import numpy

from minigrad.backend import copyto, to_cpu
from minigrad.initializer import Initializer
from minigrad.types import Array

# mode -> (rows may be fewer than columns, rows may be more than columns)
_MODES = {
    'auto': (True, True),
    'projection': (True, False),
    'embedding': (False, True),
    'basis': (False, False),
}


class Orthogonal(Initializer):
    """Fills an array with orthogonal rows or columns, whichever are fewer.

    The axes after the first are taken together as the columns of a matrix. A matrix of
    standard normal numbers is decomposed into Q and R, and Q is signed so that the
    diagonal of R is positive, which makes the result uniform over orthogonal matrices.

    Args:
        scale: Length of the rows (or columns).
        dtype: See ``Initializer``.
        mode: ``'auto'``; or the shape that is required: ``'projection'`` (at most as
            many rows as columns), ``'embedding'`` (at least as many), ``'basis'``
            (square).
        rng: A generator with ``normal`` and ``randint``; None takes NumPy's global one.

    Raises:
        ValueError: ``mode`` is unknown; (when called) the array is empty or its shape
            contradicts ``mode``.

    Source: Saxe et al. 2013; compatible with chainer.initializers.Orthogonal.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(
        ...     initializers.Orthogonal(1.0, dtype='d'), (2, 5), np)
        >>> bool(np.allclose(W @ W.T, np.eye(2)))
        True
    """

    def __init__(
        self,
        scale: float = 1.1,
        dtype: Any = None,
        mode: str = 'auto',
        *,
        rng: Any = None,
    ) -> None:
        if mode not in _MODES:
            raise ValueError(
                f'Invalid mode: {mode!r}. Choose from {", ".join(map(repr, _MODES))}.'
            )
        self.scale = scale
        self.mode = mode
        self.rng = rng
        super().__init__(dtype)

    def __call__(self, array: Array) -> None:
        self._check_dtype_(array)
        rng = numpy.random if self.rng is None else self.rng
        if array.ndim == 0:
            array[...] = self.scale * (2 * int(rng.randint(2)) - 1)
            return
        if array.size == 0:
            raise ValueError('Orthogonal: the array to be initialized is empty')
        rows, columns = len(array), math.prod(array.shape[1:])
        wide_allowed, tall_allowed = _MODES[self.mode]
        if (rows < columns and not wide_allowed) or (
            rows > columns and not tall_allowed
        ):
            raise ValueError(
                f'Cannot make orthogonal {self.mode}. shape = {array.shape}, '
                f'interpreted as {columns}-dim input and {rows}-dim output.'
            )
        a = to_cpu(rng.normal(size=(rows, columns)))
        # QR on the host: the matrices are small, and it needs no cuSOLVER.
        q, r = numpy.linalg.qr(a if rows >= columns else a.T)
        q *= numpy.copysign(self.scale, numpy.diag(r))
        if rows < columns:
            q = q.T
        copyto(array, q.reshape(array.shape).astype(array.dtype, copy=False))
