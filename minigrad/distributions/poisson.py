"""The Poisson distribution."""

from __future__ import annotations

from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, draw, xlogy
from minigrad.functions.math.special import lgamma
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_array, as_variable


class Poisson(Distribution):
    """Poisson distribution, ``P(x) = lam**x * exp(-lam) / x!``.

    Args:
        lam: Variable or array, float, positive: the mean.

    Samples have no gradient.

    Source: compatible with chainer.distributions.Poisson.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Poisson(np.array(2.)).prob(np.array([0, 1, 2])).array.round(4)
        array([0.1353, 0.2707, 0.2707])
    """

    support = 'non negative integer'
    event_shape = ()

    def __init__(self, lam: Any) -> None:
        self.lam = as_variable(lam)

    @property
    def params(self) -> dict[str, Any]:
        return {'lam': self.lam}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.lam.shape

    def log_prob(self, x: Any) -> Variable:
        counts = as_point(as_array(x), self.lam)
        return xlogy(counts, self.lam) - lgamma(counts + 1) - self.lam

    @cached_property
    def mean(self) -> Variable:
        return self.lam

    @cached_property
    def variance(self) -> Variable:
        return self.lam

    def sample_n(self, n: int) -> Variable:
        return draw('poisson', self.lam, (n, *self.lam.shape), self.lam)
