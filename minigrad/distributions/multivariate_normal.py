"""The normal distribution of several numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, draw
from minigrad.functions.array.diagonal import diagonal
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.reshape import reshape
from minigrad.functions.array.squeeze import squeeze
from minigrad.functions.array.swapaxes import swapaxes
from minigrad.functions.array.where import where
from minigrad.functions.math.elementary import log
from minigrad.functions.math.inv import batch_inv
from minigrad.functions.math.matmul import matmul
from minigrad.functions.math.sum import sum
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


def _triangular_inv(x: Any, lower: bool = True) -> Variable:
    """Inverts triangular matrices ``(..., d, d)``; the other triangle is not seen."""
    x = as_variable(x)
    d = x.shape[-1]
    triangle = x.xp.tri(d, dtype=bool)
    if not lower:
        triangle = triangle.T
    x = where(triangle, x, x.xp.zeros((), x.dtype))
    return reshape(batch_inv(reshape(x, (-1, d, d))), x.shape)


class MultivariateNormal(Distribution):
    """Normal distribution of vectors, with the covariance matrix ``L L^T``.

    Args:
        loc: Variable or array, float, shape ``(..., d)``: the mean.
        scale_tril: Variable or array, shape ``(..., d, d)``: the lower triangular
            matrix ``L``.

    Raises:
        ValueError: ``scale_tril`` is missing.

    Samples have gradients of both parameters.

    Source: compatible with chainer.distributions.MultivariateNormal.

    Example:
        >>> from minigrad import distributions as D
        >>> normal = D.MultivariateNormal(
        ...     np.zeros(2), scale_tril=np.array([[1., 0.], [1., 2.]]))
        >>> normal.covariance.array
        array([[1., 1.],
               [1., 5.]])
    """

    support = 'real'

    def __init__(self, loc: Any, *, scale_tril: Any = None) -> None:
        if scale_tril is None:
            raise ValueError('MultivariateNormal: scale_tril is needed')
        loc, scale_tril = as_variable(loc), as_variable(scale_tril)
        batch = numpy.broadcast_shapes(loc.shape[:-1], scale_tril.shape[:-2])
        self.loc = broadcast_to(loc, batch + loc.shape[-1:])
        self.scale_tril = broadcast_to(scale_tril, batch + scale_tril.shape[-2:])

    @property
    def params(self) -> dict[str, Any]:
        return {'loc': self.loc, 'scale_tril': self.scale_tril}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.loc.shape[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self.loc.shape[-1:]

    @property
    def d(self) -> int:
        """How many numbers one event has."""
        return int(self.scale_tril.shape[-1])

    @cached_property
    def _log_det_(self) -> Variable:
        diag = diagonal(self.scale_tril, axis1=-2, axis2=-1)
        return sum(log(abs(diag)), axis=-1)

    @cached_property
    def _scale_inv_(self) -> Variable:
        return _triangular_inv(self.scale_tril)

    @cached_property
    def entropy(self) -> Variable:
        return self._log_det_ + self.d * (LOG_SQRT_2PI + 0.5)

    def log_prob(self, x: Any) -> Variable:
        x = as_point(x, self.loc)
        z = matmul(self._scale_inv_, expand_dims(x - self.loc, -1))
        square = sum(z**2, axis=(-2, -1))
        return -0.5 * square - self._log_det_ - self.d * LOG_SQRT_2PI

    @cached_property
    def mean(self) -> Variable:
        return self.loc

    @cached_property
    def covariance(self) -> Variable:
        return matmul(self.scale_tril, swapaxes(self.scale_tril, -1, -2))

    def sample_n(self, n: int) -> Variable:
        eps = draw('standard_normal', self.loc, (n, *self.loc.shape, 1))
        return self.loc + squeeze(matmul(self.scale_tril, eps), axis=-1)
