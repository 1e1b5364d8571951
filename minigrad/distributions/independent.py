"""Batch axes of a distribution, taken for axes of one event."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

from minigrad.distribution import Distribution
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.prod import prod
from minigrad.functions.math.sum import sum
from minigrad.types import ArrayModule
from minigrad.utils.cache import cached_property
from minigrad.variable import Variable


class Independent(Distribution):
    """A distribution whose last batch axes are axes of the event.

    Numbers, samples and moments are those of the given distribution; probabilities
    are multiplied, and their logarithms and entropies summed, over these axes.

    Args:
        distribution: The given distribution.
        reinterpreted_batch_ndims: How many axes; None takes all but the first.

    Raises:
        ValueError: There are not so many batch axes.

    Source: compatible with chainer.distributions.Independent.

    Example:
        >>> from minigrad import distributions as D
        >>> pixels = D.Independent(D.Bernoulli(np.full((4, 28, 28), 0.5)))
        >>> pixels.batch_shape, pixels.event_shape, pixels.entropy.shape
        ((4,), (28, 28), (4,))
    """

    def __init__(
        self, distribution: Distribution, reinterpreted_batch_ndims: int | None = None
    ) -> None:
        ndim = len(distribution.batch_shape)
        if reinterpreted_batch_ndims is None:
            reinterpreted_batch_ndims = max(0, ndim - 1)
        elif reinterpreted_batch_ndims > ndim:
            raise ValueError(
                'Independent: reinterpreted_batch_ndims is '
                f'{reinterpreted_batch_ndims}, but the distribution has {ndim} batch '
                f'axes, {distribution.batch_shape}'
            )
        self.distribution = distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        self._kept_ = ndim - reinterpreted_batch_ndims

    @property
    def params(self) -> dict[str, Any]:
        return self.distribution.params

    @property
    def support(self) -> str:
        return self.distribution.support

    @property
    def xp(self) -> ArrayModule:
        return self.distribution.xp

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.distribution.batch_shape[: self._kept_]

    @property
    def event_shape(self) -> tuple[int, ...]:
        inner = self.distribution
        return inner.batch_shape[self._kept_ :] + inner.event_shape

    def _reduce(self, op: Callable[..., Variable], x: Variable) -> Variable:
        return op(x, axis=tuple(range(-self.reinterpreted_batch_ndims, 0)))

    def sample_n(self, n: int) -> Variable:
        return self.distribution.sample_n(n)

    def log_prob(self, x: Any) -> Variable:
        return self._reduce(sum, self.distribution.log_prob(x))

    def prob(self, x: Any) -> Variable:
        return self._reduce(prod, self.distribution.prob(x))

    def cdf(self, x: Any) -> Variable:
        return self._reduce(prod, self.distribution.cdf(x))

    def log_cdf(self, x: Any) -> Variable:
        return self._reduce(sum, self.distribution.log_cdf(x))

    def icdf(self, x: Any) -> NoReturn:
        raise RuntimeError(
            'Independent: the cumulative distribution function of several numbers has '
            'no inverse'
        )

    def survival_function(self, x: Any) -> Variable:
        return self._reduce(prod, self.distribution.survival_function(x))

    def log_survival_function(self, x: Any) -> Variable:
        return self._reduce(sum, self.distribution.log_survival_function(x))

    def perplexity(self, x: Any) -> Variable:
        return self._reduce(prod, self.distribution.perplexity(x))

    @property
    def entropy(self) -> Variable:
        return self._reduce(sum, self.distribution.entropy)

    @property
    def mean(self) -> Variable:
        return self.distribution.mean

    @property
    def mode(self) -> Variable:
        return self.distribution.mode

    @property
    def variance(self) -> Variable:
        return self.distribution.variance

    @property
    def stddev(self) -> Variable:
        return self.distribution.stddev

    @cached_property
    def covariance(self) -> Variable:
        """Block diagonal: the given covariance matrices, and zeros between them."""
        inner = self.distribution
        blocks = math.prod(inner.batch_shape[self._kept_ :])
        d = math.prod(inner.event_shape)
        each = reshape(inner.covariance, (*self.batch_shape, blocks, d, d))
        eye = self.xp.eye(blocks, dtype=each.dtype)[:, None, :, None]
        y = expand_dims(each, -2) * eye  # (..., blocks, d, blocks, d)
        return reshape(y, (*self.batch_shape, blocks * d, blocks * d))
