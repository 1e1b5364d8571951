"""The uniform distribution."""

from __future__ import annotations

from typing import Any

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, broadcast_parameters, draw, within
from minigrad.functions.array.broadcast import broadcast_to
from minigrad.functions.math.clip import clip
from minigrad.functions.math.elementary import log
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable


class Uniform(Distribution):
    """Uniform distribution over an interval.

    Args:
        low: Variable or array, float: the lower bound. Either ``low`` and ``high`` or
            ``loc`` and ``scale`` are given.
        high: Variable or array, shape and dtype of ``low``: the upper bound.
        loc: Variable or array: the lower bound.
        scale: Variable or array: the length.

    Raises:
        ValueError: Both pairs are given, or none.

    Samples have gradients of both parameters.

    Source: compatible with chainer.distributions.Uniform.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Uniform(low=np.array(1.), high=np.array(3.)).cdf(np.array([0., 2.])).array
        array([0. , 0.5])
    """

    support = '[low, high]'
    event_shape = ()

    def __init__(
        self,
        *,
        low: Any = None,
        high: Any = None,
        loc: Any = None,
        scale: Any = None,
    ) -> None:
        self._by_bounds_ = low is not None and high is not None
        if self._by_bounds_ == (loc is not None and scale is not None):
            raise ValueError(
                'Uniform: give either low and high, or loc and scale, not both'
            )
        given = (low, high) if self._by_bounds_ else (loc, scale)
        self.low, other = broadcast_parameters(*given)
        self.loc = self.low
        self._high_ = self._scale_ = other

    @cached_property
    def high(self) -> Variable:
        if self._by_bounds_:
            return as_variable(self._high_)
        return self.loc + self.scale

    @cached_property
    def scale(self) -> Variable:
        if self._by_bounds_:
            return self.high - self.low
        return as_variable(self._scale_)

    @property
    def params(self) -> dict[str, Any]:
        if self._by_bounds_:
            return {'low': self.low, 'high': self.high}
        return {'loc': self.loc, 'scale': self.scale}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.low.shape

    @cached_property
    def entropy(self) -> Variable:
        return log(self.scale)

    def log_prob(self, x: Any) -> Variable:
        x = as_point(x, self.low)
        inside = (x.array >= self.low.array) & (x.array <= self.high.array)
        return within(inside, x, lambda x: -broadcast_to(log(self.scale), x.shape))

    def cdf(self, x: Any) -> Variable:
        return clip((as_point(x, self.low) - self.loc) / self.scale, 0.0, 1.0)

    def icdf(self, x: Any) -> Variable:
        return as_point(x, self.low) * self.scale + self.loc

    @cached_property
    def mean(self) -> Variable:
        return (self.high + self.low) / 2

    @cached_property
    def variance(self) -> Variable:
        return self.scale**2 / 12

    def sample_n(self, n: int) -> Variable:
        return self.icdf(draw('uniform', self.low, (n, *self.low.shape)))
