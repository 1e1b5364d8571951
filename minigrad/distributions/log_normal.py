"""The log-normal distribution."""

from __future__ import annotations

import math
from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, broadcast_parameters, draw, within
from minigrad.functions.math.elementary import exp, expm1, log
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


class LogNormal(Distribution):
    """Log-normal distribution: the logarithm is normal.

    Args:
        mu: Variable or array, float: mean of the logarithm.
        sigma: Variable or array, shape and dtype of ``mu``, positive: standard
            deviation of the logarithm.

    Samples have gradients of both parameters.

    Source: compatible with chainer.distributions.LogNormal.

    Example:
        >>> from minigrad import distributions as D
        >>> D.LogNormal(np.zeros(1), np.ones(1)).mean.array.round(4)
        array([1.6487])
    """

    support = 'positive'
    event_shape = ()

    def __init__(self, mu: Any, sigma: Any) -> None:
        self.mu, self.sigma = broadcast_parameters(mu, sigma)

    @property
    def params(self) -> dict[str, Any]:
        return {'mu': self.mu, 'sigma': self.sigma}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.mu.shape

    @cached_property
    def _log_sigma(self) -> Variable:
        return log(self.sigma)

    @cached_property
    def entropy(self) -> Variable:
        return self._log_sigma + self.mu + (0.5 + LOG_SQRT_2PI)

    def log_prob(self, x: Any) -> Variable:
        def log_prob(x: Variable) -> Variable:
            log_x = log(x)
            z = (log_x - self.mu) / self.sigma
            return -LOG_SQRT_2PI - self._log_sigma - log_x - 0.5 * z**2

        x = as_point(x, self.mu)
        return within(x.array > 0, x, log_prob)

    @cached_property
    def mean(self) -> Variable:
        return exp(self.mu + 0.5 * self.sigma**2)

    @cached_property
    def variance(self) -> Variable:
        square = self.sigma**2
        return exp(2 * self.mu + square) * expm1(square)

    def sample_n(self, n: int) -> Variable:
        eps = draw('standard_normal', self.mu, (n, *self.mu.shape))
        return exp(self.sigma * eps + self.mu)
