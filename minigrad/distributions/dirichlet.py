"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, draw, xlogy
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.special import digamma, lgamma
from minigrad.functions.math.sum import sum
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable


class Dirichlet(Distribution):
    """Dirichlet distribution, over ``K`` positive numbers whose sum is 1.

    ``p(x)`` is proportional to the product of ``x**(alpha - 1)``.

    Args:
        alpha: Variable or array, float, shape ``(..., K)``, positive.

    Samples have no gradient.

    Source: compatible with chainer.distributions.Dirichlet.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Dirichlet(np.array([1., 1., 2.])).mean.array
        array([0.25, 0.25, 0.5 ])
    """

    support = '[0, 1]'

    def __init__(self, alpha: Any) -> None:
        self.alpha = as_variable(alpha)

    @property
    def params(self) -> dict[str, Any]:
        return {'alpha': self.alpha}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.alpha.shape[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self.alpha.shape[-1:]

    @cached_property
    def alpha0(self) -> Variable:
        return sum(self.alpha, axis=-1)

    @cached_property
    def _log_beta_(self) -> Variable:
        return sum(lgamma(self.alpha), axis=-1) - lgamma(self.alpha0)

    @cached_property
    def entropy(self) -> Variable:
        return (
            self._log_beta_
            + (self.alpha0 - self.event_shape[0]) * digamma(self.alpha0)
            - sum((self.alpha - 1) * digamma(self.alpha), axis=-1)
        )

    def log_prob(self, x: Any) -> Variable:
        return (
            sum(xlogy(self.alpha - 1, as_point(x, self.alpha)), axis=-1)
            - self._log_beta_
        )

    @cached_property
    def mean(self) -> Variable:
        return self.alpha / expand_dims(self.alpha0, -1)

    @cached_property
    def variance(self) -> Variable:
        alpha0 = expand_dims(self.alpha0, -1)
        return self.alpha * (alpha0 - self.alpha) / alpha0**2 / (alpha0 + 1)

    def sample_n(self, n: int) -> Variable:
        # Gamma numbers over their sum, distribution by distribution as NumPy has it.
        k = self.event_shape[0]
        alpha = reshape(self.alpha, (-1, 1, k))
        eps = draw('standard_gamma', alpha, (len(alpha), n, k), alpha).array
        eps = eps / eps.sum(axis=-1, keepdims=True)
        eps = eps.swapaxes(0, 1).reshape((n, *self.alpha.shape))
        return Variable(eps, requires_grad=False)
