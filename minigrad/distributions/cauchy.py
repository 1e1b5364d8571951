"""The Cauchy distribution."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, broadcast_parameters, draw
from minigrad.functions.math.elementary import arctan, log, log1p, tan
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable


def _cauchy_icdf(x: Any) -> Variable:
    return tan((as_variable(x) - 0.5) * math.pi)


class Cauchy(Distribution):
    """Cauchy distribution, ``p(x) = scale / pi / ((x - loc)**2 + scale**2)``.

    Mean and variance do not exist; they are NaN, with a RuntimeWarning.

    Args:
        loc: Variable or array, float: the median.
        scale: Variable or array, shape and dtype of ``loc``, positive: half of the
            width at half of the height.

    Samples have gradients of both parameters.

    Source: compatible with chainer.distributions.Cauchy.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Cauchy(np.array(1.), np.array(2.)).cdf(np.array([-1., 1., 3.])).array
        array([0.25, 0.5 , 0.75])
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
    def entropy(self) -> Variable:
        return log(4 * math.pi * self.scale)

    def _z_(self, x: Any) -> Variable:
        return (as_point(x, self.loc) - self.loc) / self.scale

    def log_prob(self, x: Any) -> Variable:
        return -log(self.scale) - log1p(self._z_(x) ** 2) - math.log(math.pi)

    def cdf(self, x: Any) -> Variable:
        return arctan(self._z_(x)) * (1 / math.pi) + 0.5

    def icdf(self, x: Any) -> Variable:
        return self.loc + self.scale * _cauchy_icdf(as_point(x, self.loc))

    def _undefined_(self, name: str) -> Variable:
        warnings.warn(
            f'a Cauchy distribution has no {name}', RuntimeWarning, stacklevel=4
        )
        return as_variable(self.loc.xp.full_like(self.loc.array, numpy.nan))

    @cached_property
    def mean(self) -> Variable:
        return self._undefined_('mean')

    @cached_property
    def variance(self) -> Variable:
        return self._undefined_('variance')

    def sample_n(self, n: int) -> Variable:
        eps = draw('standard_cauchy', self.loc, (n, *self.loc.shape))
        return self.scale * eps + self.loc
