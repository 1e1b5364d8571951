"""The Cauchy distribution."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy

from minigrad.distributions._location_scale import LocationScale
from minigrad.distributions.utils import as_point
from minigrad.functions.math.elementary import arctan, log, log1p, tan
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable


def _cauchy_icdf(x: Any) -> Variable:
    return tan((as_variable(x) - 0.5) * math.pi)


class Cauchy(LocationScale):
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

    _standard_ = 'standard_cauchy'

    @cached_property
    def entropy(self) -> Variable:
        return log(4 * math.pi * self.scale)

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
