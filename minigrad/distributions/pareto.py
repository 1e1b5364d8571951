"""The Pareto distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, broadcast_parameters, draw, within
from minigrad.functions.array.where import where
from minigrad.functions.math.elementary import log
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable


class Pareto(Distribution):
    """Pareto distribution, ``p(x) = alpha * scale**alpha / x**(alpha + 1)``.

    The mean is infinite for ``alpha <= 1``, the variance for ``alpha <= 2``.

    Args:
        scale: Variable or array, float, positive: the smallest value.
        alpha: Variable or array, shape and dtype of ``scale``, positive.

    Samples have a gradient of ``scale``, none of ``alpha``.

    Source: compatible with chainer.distributions.Pareto.

    Example:
        >>> from minigrad import distributions as D
        >>> pareto = D.Pareto(np.array([1., 1.]), np.array([0.5, 3.]))
        >>> pareto.mean.array, pareto.variance.array
        (array([inf, 1.5]), array([ inf, 0.75]))
    """

    support = '[scale, inf]'
    event_shape = ()

    def __init__(self, scale: Any, alpha: Any) -> None:
        self.scale, self.alpha = broadcast_parameters(scale, alpha)

    @property
    def params(self) -> dict[str, Any]:
        return {'scale': self.scale, 'alpha': self.alpha}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.scale.shape

    @cached_property
    def _log_scale(self) -> Variable:
        return log(self.scale)

    @cached_property
    def _log_alpha(self) -> Variable:
        return log(self.alpha)

    @cached_property
    def entropy(self) -> Variable:
        return self._log_scale - self._log_alpha + 1 / self.alpha + 1

    def log_prob(self, x: Any) -> Variable:
        alpha = self.alpha
        x = as_point(x, self.scale)
        log_norm = self._log_alpha + alpha * self._log_scale
        return within(
            x.array >= self.scale.array, x, lambda x: log_norm - (alpha + 1) * log(x)
        )

    def _moment_(self, order: int, moment: Callable[[Variable], Variable]) -> Variable:
        """Returns ``moment(alpha)`` where it is finite, and infinity elsewhere."""
        xp, dtype = self.alpha.xp, self.alpha.dtype
        finite = self.alpha.array > order
        alpha = where(finite, self.alpha, xp.array(order + 1, dtype))
        return where(finite, moment(alpha), xp.array(numpy.inf, dtype))

    @cached_property
    def mean(self) -> Variable:
        return self._moment_(1, lambda alpha: alpha * self.scale / (alpha - 1))

    @cached_property
    def variance(self) -> Variable:
        return self._moment_(
            2, lambda alpha: self.scale**2 * alpha / (alpha - 1) ** 2 / (alpha - 2)
        )

    def sample_n(self, n: int) -> Variable:
        eps = draw('pareto', self.scale, (n, *self.scale.shape), self.alpha)
        return self.scale * (eps + 1)
