"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.distributions._location_scale import LocationScale
from minigrad.functions.math.elementary import exp, log
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable

EULER = float(numpy.euler_gamma)


class Gumbel(LocationScale):
    """Gumbel distribution, of the maximum of many numbers.

    ``p(x) = exp(-z - exp(-z)) / scale`` with ``z = (x - loc) / scale``.

    Args:
        loc: Variable or array, float: the most probable value.
        scale: Variable or array, shape and dtype of ``loc``, positive.

    Samples have gradients of both parameters.

    Source: compatible with chainer.distributions.Gumbel.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Gumbel(np.ones(1), np.full(1, 2.)).mean.array.round(4)
        array([2.1544])
    """

    _standard_ = 'gumbel'

    @cached_property
    def _log_scale(self) -> Variable:
        return log(self.scale)

    @cached_property
    def entropy(self) -> Variable:
        return self._log_scale + (EULER + 1)

    def log_prob(self, x: Any) -> Variable:
        z = self._z_(x)
        return -self._log_scale - z - exp(-z)

    @cached_property
    def mean(self) -> Variable:
        return self.loc + EULER * self.scale

    @cached_property
    def variance(self) -> Variable:
        return self.scale**2 * (math.pi**2 / 6)
