"""The beta distribution."""

from __future__ import annotations

from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import (
    as_point,
    broadcast_parameters,
    draw,
    within,
    xlog1py,
    xlogy,
)
from minigrad.functions.math.special import digamma, lgamma
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable


class Beta(Distribution):
    """Beta distribution, ``p(x) = x**(a - 1) * (1 - x)**(b - 1) / B(a, b)``.

    Args:
        a: Variable or array, float, positive.
        b: Variable or array, shape and dtype of ``a``, positive.

    Samples have no gradient.

    Source: compatible with chainer.distributions.Beta.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Beta(np.array(2.), np.array(1.)).prob(np.array([0.25, 0.5, 3.])).array
        array([0.5, 1. , 0. ])
    """

    support = '[0, 1]'
    event_shape = ()

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = broadcast_parameters(a, b)

    @property
    def params(self) -> dict[str, Any]:
        return {'a': self.a, 'b': self.b}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.a.shape

    @cached_property
    def _a_plus_b(self) -> Variable:
        return self.a + self.b

    @cached_property
    def _log_beta_(self) -> Variable:
        return lgamma(self.a) + lgamma(self.b) - lgamma(self._a_plus_b)

    @cached_property
    def entropy(self) -> Variable:
        return (
            self._log_beta_
            - (self.a - 1) * digamma(self.a)
            - (self.b - 1) * digamma(self.b)
            + (self._a_plus_b - 2) * digamma(self._a_plus_b)
        )

    def log_prob(self, x: Any) -> Variable:
        x = as_point(x, self.a)
        return within(
            (x.array >= 0) & (x.array <= 1),
            x,
            lambda x: xlogy(self.a - 1, x) + xlog1py(self.b - 1, -x) - self._log_beta_,
        )

    @cached_property
    def mean(self) -> Variable:
        return self.a / self._a_plus_b

    @cached_property
    def variance(self) -> Variable:
        return self.a * self.b / self._a_plus_b**2 / (self._a_plus_b + 1)

    def sample_n(self, n: int) -> Variable:
        return draw('beta', self.a, (n, *self.a.shape), self.a, self.b)
