"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

from minigrad.distributions._location_scale import LocationScale
from minigrad.distributions.utils import as_point, broadcast_parameters
from minigrad.functions.math.elementary import exp, log
from minigrad.functions.math.special import log_ndtr, ndtr, ndtri
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_variable

SQRT_2PI = math.sqrt(2 * math.pi)
LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


class Normal(LocationScale):
    """Normal distribution, ``p(x) ~ exp(-(x - loc)**2 / (2 * scale**2))``.

    Args:
        loc: Variable or array, float: the mean.
        scale: Variable or array, shape and dtype of ``loc``, positive: the standard
            deviation. Either ``scale`` or ``log_scale`` is given.
        log_scale: Variable or array: its logarithm.

    Raises:
        ValueError: Both or none of ``scale`` and ``log_scale`` are given.

    Samples have gradients of both parameters.

    Source: compatible with chainer.distributions.Normal.

    Example:
        >>> from minigrad import distributions as D
        >>> normal = D.Normal(np.array(1.), np.array(2.))
        >>> normal.cdf(np.array([1., 3.])).array.round(4)
        array([0.5   , 0.8413])
    """

    _standard_ = 'standard_normal'

    def __init__(self, loc: Any, scale: Any = None, *, log_scale: Any = None) -> None:
        if (scale is None) == (log_scale is None):
            raise ValueError('Normal: give either scale or log_scale, not both')
        spread = log_scale if scale is None else scale
        self.loc, spread = broadcast_parameters(loc, spread)
        self._scale_ = None if scale is None else spread
        self._log_scale = None if log_scale is None else spread

    @cached_property
    def scale(self) -> Variable:  # type: ignore[override]  # may follow from log_scale
        return (
            exp(self.log_scale) if self._scale_ is None else as_variable(self._scale_)
        )

    @cached_property
    def log_scale(self) -> Variable:
        if self._log_scale is None:
            return log(self.scale)
        return as_variable(self._log_scale)

    @cached_property
    def entropy(self) -> Variable:
        return self.log_scale + (LOG_SQRT_2PI + 0.5)

    def log_prob(self, x: Any) -> Variable:
        return -LOG_SQRT_2PI - self.log_scale - 0.5 * self._z_(x) ** 2

    def prob(self, x: Any) -> Variable:
        return exp(-0.5 * self._z_(x) ** 2) / (SQRT_2PI * self.scale)

    def cdf(self, x: Any) -> Variable:
        return ndtr(self._z_(x))

    def log_cdf(self, x: Any) -> Variable:
        return log_ndtr(self._z_(x))

    def icdf(self, x: Any) -> Variable:
        return self.loc + self.scale * ndtri(as_point(x, self.loc))

    def survival_function(self, x: Any) -> Variable:
        return ndtr(-self._z_(x))

    def log_survival_function(self, x: Any) -> Variable:
        return log_ndtr(-self._z_(x))

    @cached_property
    def mean(self) -> Variable:
        return self.loc

    @cached_property
    def stddev(self) -> Variable:
        return self.scale

    @cached_property
    def variance(self) -> Variable:
        return self.scale**2
