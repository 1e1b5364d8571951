"""The chi-square distribution."""

from __future__ import annotations

import math
from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, draw, within, xlogy
from minigrad.functions.math.special import digamma, lgamma
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable


class Chisquare(Distribution):
    """Chi-square distribution, of the sum of ``k`` squares of normal numbers.

    ``p(x) = x**(k / 2 - 1) * exp(-x / 2) / (2**(k / 2) * Gamma(k / 2))``.

    Args:
        k: Variable or array, float, positive: the degrees of freedom.

    Samples have no gradient.

    Source: compatible with chainer.distributions.Chisquare.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Chisquare(np.array(2.)).log_prob(np.array([1., 3.])).array.round(4)
        array([-1.1931, -2.1931])
    """

    support = 'positive'
    event_shape = ()

    def __init__(self, k: Any) -> None:
        self.k = as_variable(k)

    @property
    def params(self) -> dict[str, Any]:
        return {'k': self.k}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.k.shape

    @cached_property
    def _half_k(self) -> Variable:
        return 0.5 * self.k

    @cached_property
    def entropy(self) -> Variable:
        half = self._half_k
        return half + math.log(2) + lgamma(half) + (1 - half) * digamma(half)

    def log_prob(self, x: Any) -> Variable:
        half = self._half_k
        x = as_point(x, half)
        log_norm = lgamma(half) + half * math.log(2)
        return within(
            x.array >= 0, x, lambda x: xlogy(half - 1, x) - 0.5 * x - log_norm
        )

    @cached_property
    def mean(self) -> Variable:
        return self.k

    @cached_property
    def variance(self) -> Variable:
        return 2 * self.k

    def sample_n(self, n: int) -> Variable:
        return draw('chisquare', self.k, (n, *self.k.shape), self.k)
