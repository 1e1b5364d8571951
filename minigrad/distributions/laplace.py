"""The Laplace distribution."""

from __future__ import annotations

import math
from typing import Any

from minigrad.backend import get_array_module
from minigrad.distributions._location_scale import LocationScale
from minigrad.distributions.utils import as_point
from minigrad.function_node import FunctionNode
from minigrad.functions.math.elementary import exp, log
from minigrad.types import Array
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable


class LaplaceCDF(FunctionNode):
    """Of the standard distribution; composed, it would have no gradient at 0."""

    arg_names = ('x',)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_outputs((0,))
        xp = get_array_module(x)
        half = x.dtype.type(0.5)
        return half - half * xp.sign(x) * xp.expm1(-abs(x))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (y,) = self.get_retained_outputs()
        return grad_outputs[0] * (0.5 - abs(y - 0.5))


class LaplaceICDF(FunctionNode):
    arg_names = ('x',)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        xp = get_array_module(x)
        centred = 1 - 2 * x
        return xp.sign(centred) * xp.log1p(-abs(centred))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        return grad_outputs[0] / (0.5 - abs(x - 0.5))


def _laplace_cdf(x: Any) -> Variable:
    return LaplaceCDF().apply((x,))[0]


def _laplace_icdf(x: Any) -> Variable:
    return LaplaceICDF().apply((x,))[0]


class Laplace(LocationScale):
    """Laplace distribution, ``p(x) = exp(-|x - loc| / scale) / (2 * scale)``.

    Args:
        loc: Variable or array, float: the mean.
        scale: Variable or array, shape and dtype of ``loc``, positive.

    Samples have gradients of both parameters.

    Source: compatible with chainer.distributions.Laplace.

    Example:
        >>> from minigrad import distributions as D
        >>> D.Laplace(np.array(0.), np.array(1.)).icdf(np.array([0.25, 0.5])).array
        array([-0.69314718,  0.        ])
    """

    _standard_ = 'laplace'

    @cached_property
    def entropy(self) -> Variable:
        return log(2 * self.scale) + 1

    def log_prob(self, x: Any) -> Variable:
        return -log(2 * self.scale) - abs(self._z_(x))

    def prob(self, x: Any) -> Variable:
        return 0.5 / self.scale * exp(-abs(self._z_(x)))

    def cdf(self, x: Any) -> Variable:
        return _laplace_cdf(self._z_(x))

    def icdf(self, x: Any) -> Variable:
        return self.loc + self.scale * _laplace_icdf(as_point(x, self.loc))

    @cached_property
    def mean(self) -> Variable:
        return self.loc

    @cached_property
    def mode(self) -> Variable:
        return self.loc

    @cached_property
    def stddev(self) -> Variable:
        return math.sqrt(2) * self.scale

    @cached_property
    def variance(self) -> Variable:
        return 2 * self.scale**2
