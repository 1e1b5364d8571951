"""The gamma distribution."""

from __future__ import annotations

from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import (
    as_point,
    broadcast_parameters,
    draw,
    within,
    xlogy,
)
from minigrad.functions.math.elementary import log
from minigrad.functions.math.special import digamma, lgamma
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable


class Gamma(Distribution):
    """Gamma distribution, of shape ``k`` and scale ``theta``.

    ``p(x) = x**(k - 1) * exp(-x / theta) / (theta**k * Gamma(k))``.

    Args:
        k: Variable or array, float, positive.
        theta: Variable or array, shape and dtype of ``k``, positive.

    Samples have a gradient of ``theta``, none of ``k``.

    Source: compatible with chainer.distributions.Gamma.

    Example:
        >>> from minigrad import distributions as D
        >>> gamma = D.Gamma(np.array(3.), np.array(2.))
        >>> gamma.mean.array, gamma.variance.array
        (array(6.), array(12.))
    """

    support = 'positive'
    event_shape = ()

    def __init__(self, k: Any, theta: Any) -> None:
        self.k, self.theta = broadcast_parameters(k, theta)

    @property
    def params(self) -> dict[str, Any]:
        return {'k': self.k, 'theta': self.theta}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.k.shape

    @cached_property
    def entropy(self) -> Variable:
        k = self.k
        return k + log(self.theta) + lgamma(k) + (1 - k) * digamma(k)

    def log_prob(self, x: Any) -> Variable:
        k, theta = self.k, self.theta
        x = as_point(x, k)
        log_norm = lgamma(k) + k * log(theta)
        return within(x.array >= 0, x, lambda x: xlogy(k - 1, x) - x / theta - log_norm)

    @cached_property
    def mean(self) -> Variable:
        return self.k * self.theta

    @cached_property
    def variance(self) -> Variable:
        return self.mean * self.theta

    def sample_n(self, n: int) -> Variable:
        eps = draw('standard_gamma', self.k, (n, *self.k.shape), self.k)
        return self.theta * eps
