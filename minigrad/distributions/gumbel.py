"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, broadcast_parameters, draw
from minigrad.functions.math.elementary import exp, log
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable

EULER = float(numpy.euler_gamma)


class Gumbel(Distribution):
    """Gumbel distribution, of the maximum of many numbers.

    ``p(x) = exp(-z - exp(-z)) / scale`` with ``z = (x - loc) / scale``.

    Args:
        loc: Variable or array, float: the most probable value.
        scale: Variable or array, shape and dtype of ``loc``, positive.

    Samples have gradients of both parameters.

    Source: compatible with chainer.distributions.Gumbel.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Gumbel(np.ones(1), np.full(1, 2.)).mean.array.round(4)
        array([2.1544])
    """

    support = 'real'
    event_shape = ()

    def __init__(self, loc: Any, scale: Any) -> None:
        self.loc, self.scale = broadcast_parameters(loc, scale)

    @property
    def params(self) -> dict[str, Any]:
        return {'loc': self.loc, 'scale': self.scale}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.loc.shape

    @cached_property
    def _log_scale(self) -> Variable:
        return log(self.scale)

    @cached_property
    def entropy(self) -> Variable:
        return self._log_scale + (EULER + 1)

    def _z_(self, x: Any) -> Variable:
        return (as_point(x, self.loc) - self.loc) / self.scale

    def log_prob(self, x: Any) -> Variable:
        z = self._z_(x)
        return -self._log_scale - z - exp(-z)

    @cached_property
    def mean(self) -> Variable:
        return self.loc + EULER * self.scale

    @cached_property
    def variance(self) -> Variable:
        return self.scale**2 * (math.pi**2 / 6)

    def sample_n(self, n: int) -> Variable:
        eps = draw('gumbel', self.loc, (n, *self.loc.shape))
        return self.scale * eps + self.loc
