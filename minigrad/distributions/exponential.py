"""The exponential distribution."""

from __future__ import annotations

from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, draw, within
from minigrad.functions.activation.relu import relu
from minigrad.functions.math.elementary import exp, expm1, log, log1p
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable


class Exponential(Distribution):
    """Exponential distribution, ``p(x) = lam * exp(-lam * x)``.

    Args:
        lam: Variable or array, float, positive: the rate.

    Samples have a gradient of ``lam``.

    Source: compatible with chainer.distributions.Exponential.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Exponential(np.array(2.)).cdf(np.array([-1., 0., 1.])).array.round(4)
        array([0.    , 0.    , 0.8647])
    """

    support = 'positive'
    event_shape = ()

    def __init__(self, lam: Any) -> None:
        self.lam = as_variable(lam)

    @property
    def params(self) -> dict[str, Any]:
        return {'lam': self.lam}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.lam.shape

    @cached_property
    def _log_lam(self) -> Variable:
        return log(self.lam)

    @cached_property
    def entropy(self) -> Variable:
        return 1 - self._log_lam

    def log_prob(self, x: Any) -> Variable:
        x = as_point(x, self.lam)
        return within(x.array >= 0, x, lambda x: self._log_lam - self.lam * x)

    def cdf(self, x: Any) -> Variable:
        return -expm1(self.log_survival_function(x))

    def survival_function(self, x: Any) -> Variable:
        return exp(self.log_survival_function(x))

    def log_survival_function(self, x: Any) -> Variable:
        return -self.lam * relu(as_point(x, self.lam))

    def icdf(self, x: Any) -> Variable:
        return -log1p(-as_point(x, self.lam)) / self.lam

    @cached_property
    def mean(self) -> Variable:
        return 1 / self.lam

    @cached_property
    def variance(self) -> Variable:
        return self.mean**2

    def sample_n(self, n: int) -> Variable:
        return draw('standard_exponential', self.lam, (n, *self.lam.shape)) / self.lam
