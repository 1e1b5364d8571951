"""The categorical distribution."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.distribution import Distribution
from minigrad.distributions.utils import _modified_xlogx, choose, xlogy
from minigrad.functions.activation.log_softmax import log_softmax
from minigrad.functions.array.get_item import get_item
from minigrad.functions.array.where import where
from minigrad.functions.math.elementary import exp, log
from minigrad.functions.math.sum import sum
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable, as_array, as_variable


class Categorical(Distribution):
    """Categorical distribution over the class numbers ``0`` to ``K - 1``.

    Args:
        p: Variable or array, float, shape ``(..., K)``; rows sum to 1. Either ``p`` or
            ``logit`` is given.
        logit: Variable or array of that shape, ``log(p)`` up to a constant.

    Raises:
        ValueError: Both or none of ``p`` and ``logit`` are given.

    Samples are integers, without gradient.

    Source: compatible with chainer.distributions.Categorical.

    Example:
        >>> from minigrad import distributions as D
        >>> die = D.Categorical(np.full((2, 6), 1 / 6))
        >>> die.batch_shape, die.log_prob(np.array([0, 5])).array.round(4)
        ((2,), array([-1.7918, -1.7918]))
    """

    event_shape = ()

    def __init__(self, p: Any = None, *, logit: Any = None) -> None:
        if (p is None) == (logit is None):
            raise ValueError('Categorical: give either p or logit, not both')
        self._p_ = p
        self._logit_ = logit

    @cached_property
    def p(self) -> Variable:
        return exp(self.log_p) if self._p_ is None else as_variable(self._p_)

    @cached_property
    def log_p(self) -> Variable:
        if self._p_ is None:
            return log_softmax(self._logit_, axis=-1)
        with numpy.errstate(divide='ignore'):  # some p are 0
            return log(self._p_)

    def times_log_p(self, x: Variable) -> Variable:
        """Returns ``x * log(p)``, 0 where ``x`` is 0."""
        if self._p_ is not None:
            return xlogy(x, self.p)
        log_p = self.log_p
        return x * where(x.array != 0, log_p, log_p.xp.zeros((), log_p.dtype))

    @property
    def params(self) -> dict[str, Any]:
        return {'p': self.p}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.p.shape[:-1]

    @cached_property
    def entropy(self) -> Variable:
        return -sum(_modified_xlogx(self.p), axis=-1)

    def log_prob(self, x: Any) -> Variable:
        x = as_array(x)
        xp = self.p.xp
        ndim = len(self.batch_shape)
        rows = [
            xp.arange(size).reshape((size,) + (1,) * (ndim - axis - 1))
            for axis, size in enumerate(self.batch_shape)
        ]
        return get_item(self.log_p, (*rows, x.astype(numpy.int32)))

    def sample_n(self, n: int) -> Variable:
        return Variable(choose(self.p.array, n), requires_grad=False)
