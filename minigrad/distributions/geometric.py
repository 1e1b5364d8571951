"""The geometric distribution."""

from __future__ import annotations

from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, draw, within, xlog1py
from minigrad.functions.math.elementary import log
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable


class Geometric(Distribution):
    """Geometric distribution, of the number of trials up to the first success.

    ``P(x) = p * (1 - p)**(x - 1)`` for ``x = 1, 2, 3...``

    Args:
        p: Variable or array, float, in (0, 1): the probability of a success.

    Samples have no gradient.

    Source: compatible with chainer.distributions.Geometric.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Geometric(np.array(0.5)).prob(np.array([0, 1, 2, 3])).array
        array([0.   , 0.5  , 0.25 , 0.125])
    """

    support = 'positive integer'
    event_shape = ()

    def __init__(self, p: Any) -> None:
        self.p = as_variable(p)

    @property
    def params(self) -> dict[str, Any]:
        return {'p': self.p}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.p.shape

    def log_prob(self, x: Any) -> Variable:
        x = as_point(x, self.p)
        return within(x.array >= 1, x, lambda x: xlog1py(x - 1, -self.p) + log(self.p))

    @cached_property
    def mean(self) -> Variable:
        return 1 / self.p

    @cached_property
    def variance(self) -> Variable:
        return (1 - self.p) / self.p**2

    def sample_n(self, n: int) -> Variable:
        return draw('geometric', self.p, (n, *self.p.shape), self.p)
