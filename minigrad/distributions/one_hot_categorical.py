"""The categorical distribution, of vectors with a single one."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, choose, xlogy
from minigrad.functions.math.elementary import log
from minigrad.functions.math.sum import sum
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable


class OneHotCategorical(Distribution):
    """Categorical distribution over vectors that are 1 at a class and 0 elsewhere.

    Args:
        p: Variable or array, float, shape ``(..., K)``; rows sum to 1.

    Samples have no gradient.

    Source: compatible with chainer.distributions.OneHotCategorical.

    Example:
        >>> from minigrad import distributions as D
        >>> switch = D.OneHotCategorical(np.array([0.2, 0.8]))
        >>> switch.log_prob(np.eye(2)).array.round(4)
        array([-1.6094, -0.2231])
    """

    def __init__(self, p: Any) -> None:
        self.p = as_variable(p)

    @cached_property
    def log_p(self) -> Variable:
        with numpy.errstate(divide='ignore'):  # some p are 0
            return log(self.p)

    def times_log_p(self, x: Variable) -> Variable:
        """Returns ``x * log(p)``, 0 where ``x`` is 0."""
        return xlogy(x, self.p)

    @property
    def params(self) -> dict[str, Any]:
        return {'p': self.p}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.p.shape[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self.p.shape[-1:]

    def log_prob(self, x: Any) -> Variable:
        return sum(self.times_log_p(as_point(x, self.p)), axis=-1)

    @cached_property
    def mean(self) -> Variable:
        return self.p

    @cached_property
    def variance(self) -> Variable:
        return self.p * (1 - self.p)

    def sample_n(self, n: int) -> Variable:
        p = self.p.array
        one_hot = self.p.xp.eye(p.shape[-1], dtype=p.dtype)
        return Variable(one_hot[choose(p, n)], requires_grad=False)
