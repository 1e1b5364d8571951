"""The Bernoulli distribution."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.distribution import Distribution
from minigrad.distributions.utils import _modified_xlogx, as_point
from minigrad.function_node import FunctionNode
from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.softplus import softplus_array
from minigrad.functions.array.where import where
from minigrad.functions.math.elementary import log, log1p
from minigrad.types import Array
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_array, as_variable


class BernoulliLogProb(FunctionNode):
    arg_names = ('logit', 'x')
    broadcasting = True

    def __init__(self, binary_check: bool = False) -> None:
        self.binary_check = binary_check

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        logit, x = inputs
        self.retain_inputs((0, 1))
        xp = get_array_module(logit)
        certain = xp.isinf(logit)
        finite = xp.where(certain, logit.dtype.type(0), logit)
        y = x * finite - softplus_array(finite)
        with numpy.errstate(divide='ignore'):
            y = xp.where(certain, xp.log(xp.where(logit > 0, x, 1 - x)), y)
        smooth = ~certain
        if self.binary_check:
            binary = (x == 0) | (x == 1)
            y = xp.where(binary, y, -xp.inf)
            smooth = smooth & binary
        self._smooth = smooth
        return y.astype(logit.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        logit, x = self.get_retained_inputs()
        slope = as_array(x) - sigmoid(logit)
        nan = slope.xp.array(numpy.nan, slope.dtype)
        return grad_outputs[0] * where(self._smooth, slope, nan), None


def _bernoulli_log_prob(logit: Any, x: Any, binary_check: bool = False) -> Variable:
    logit = as_variable(logit)
    return BernoulliLogProb(binary_check).apply((logit, as_point(x, logit)))[0]


class Bernoulli(Distribution):
    """Bernoulli distribution: 1 with probability ``p``, 0 otherwise.

    Args:
        p: Variable or array, float, in [0, 1]; either ``p`` or ``logit`` is given.
        logit: Variable or array, ``log(p / (1 - p))``.
        binary_check: Give points other than 0 and 1 the probability 0, instead of
            interpolating.

    Raises:
        ValueError: Both or none of ``p`` and ``logit`` are given.

    Samples are integers, without gradient.

    Source: compatible with chainer.distributions.Bernoulli.

    Example:
        >>> from minigrad import distributions as D
        >>> coin = D.Bernoulli(np.array([0.5, 0.1]))
        >>> coin.log_prob(np.array([1., 1.])).array.round(4)
        array([-0.6931, -2.3026])
    """

    support = '{0, 1}'
    event_shape = ()

    def __init__(
        self, p: Any = None, logit: Any = None, binary_check: bool = False
    ) -> None:
        if (p is None) == (logit is None):
            raise ValueError('Bernoulli: give either p or logit, not both')
        self._p_ = p
        self._logit_ = logit
        self.binary_check = binary_check

    @cached_property
    def p(self) -> Variable:
        return sigmoid(self.logit) if self._p_ is None else as_variable(self._p_)

    @cached_property
    def logit(self) -> Variable:
        if self._logit_ is not None:
            return as_variable(self._logit_)
        with numpy.errstate(divide='ignore'):  # p is 0 or 1
            return log(self.p) - log1p(-self.p)

    @property
    def params(self) -> dict[str, Any]:
        return {'logit': self.logit}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.p.shape

    @cached_property
    def entropy(self) -> Variable:
        return -_modified_xlogx(self.p) - _modified_xlogx(1 - self.p)

    def log_prob(self, x: Any) -> Variable:
        return _bernoulli_log_prob(self.logit, x, self.binary_check)

    def prob(self, x: Any) -> Variable:
        x = as_point(x, self.p)
        prob: Variable = x * self.p + (1 - x) * (1 - self.p)
        if self.binary_check:
            prob *= (x.array == 0) | (x.array == 1)
        return prob

    @cached_property
    def mean(self) -> Variable:
        return self.p

    @cached_property
    def variance(self) -> Variable:
        return self.p * (1 - self.p)

    def sample_n(self, n: int) -> Variable:
        p = self.p
        eps = p.xp.random.binomial(1, p.array, size=(n, *p.shape))
        return Variable(eps, requires_grad=False)
