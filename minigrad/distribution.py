"""The interface of probability distributions, and divergences between two of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from minigrad.backend import get_array_module
from minigrad.functions.math.elementary import exp, log, sqrt
from minigrad.named_arguments import NamedArguments
from minigrad.types import ArrayModule
from minigrad.variable import Variable


class Distribution(NamedArguments):
    """A probability distribution, or an array of independent ones.

    The shape of a sample has three parts, ``sample_shape + batch_shape +
    event_shape``: how often was drawn, the array of distributions, and the numbers of
    one draw, which depend on each other. What is evaluated at a point ``x`` of that
    shape has the shape ``sample_shape + batch_shape``. All results are Variables, with
    gradients of the parameters.

    A subclass defines `batch_shape`, `event_shape`, `params`, `sample_n`, `log_prob`
    and whatever else is known of it in closed form; asking for the rest raises
    NotImplementedError.

    Source: compatible with chainer.Distribution.

    Example:
        >>> from minigrad import distributions as D
        >>> normal = D.MultivariateNormal(
        ...     np.zeros((4, 3, 2)), scale_tril=np.tile(np.eye(2), (4, 3, 1, 1)))
        >>> normal.batch_shape, normal.event_shape
        ((4, 3), (2,))
        >>> x = normal.sample((6, 5))
        >>> x.shape, normal.log_prob(x).shape
        ((6, 5, 4, 3, 2), (6, 5, 4, 3))
    """

    def _lacks_(self, name: str) -> NotImplementedError:
        return NotImplementedError(f'{type(self).__name__} does not define {name}')

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Shape of the array of distributions."""
        raise self._lacks_('batch_shape')

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of what is drawn at once from one distribution."""
        raise self._lacks_('event_shape')

    @property
    def params(self) -> dict[str, Any]:
        """The parameters, by name."""
        raise self._lacks_('params')

    @property
    def support(self) -> str:
        """Where the probability is not zero, in words."""
        raise self._lacks_('support')

    @property
    def xp(self) -> ArrayModule:
        """``numpy`` or ``cupy``, whichever holds the parameters."""
        return get_array_module(*self.params.values())

    def sample(self, sample_shape: int | tuple[int, ...] = ()) -> Variable:
        """Draws points of the shape ``sample_shape + batch_shape + event_shape``.

        Args:
            sample_shape: Int or tuple of ints.
        """
        if isinstance(sample_shape, int):
            sample_shape = (sample_shape,)
        sample_shape = tuple(sample_shape)
        samples = self.sample_n(math.prod(sample_shape))
        return samples.reshape(sample_shape + self.batch_shape + self.event_shape)

    def sample_n(self, n: int) -> Variable:
        """Draws points of the shape ``(n,) + batch_shape + event_shape``."""
        raise self._lacks_('sample_n')

    def log_prob(self, x: Any) -> Variable:
        """Logarithm of the density, or of the probability, at ``x``."""
        raise self._lacks_('log_prob')

    def prob(self, x: Any) -> Variable:
        """Density, or probability, at ``x``."""
        return exp(self.log_prob(x))

    def cdf(self, x: Any) -> Variable:
        """Cumulative distribution function: probability of at most ``x``."""
        raise self._lacks_('cdf')

    def log_cdf(self, x: Any) -> Variable:
        """Logarithm of `cdf`."""
        return log(self.cdf(x))

    def icdf(self, x: Any) -> Variable:
        """Inverse of `cdf`, at probabilities ``x``."""
        raise self._lacks_('icdf')

    def survival_function(self, x: Any) -> Variable:
        """Probability of more than ``x``."""
        return 1 - self.cdf(x)

    def log_survival_function(self, x: Any) -> Variable:
        """Logarithm of `survival_function`."""
        return log(self.survival_function(x))

    def perplexity(self, x: Any) -> Variable:
        """Perplexity at ``x``; no distribution here defines it, as in Chainer."""
        raise self._lacks_('perplexity')

    @property
    def mean(self) -> Variable:
        """The mean."""
        raise self._lacks_('mean')

    @property
    def mode(self) -> Variable:
        """The most probable point."""
        raise self._lacks_('mode')

    @property
    def variance(self) -> Variable:
        """The variance."""
        raise self._lacks_('variance')

    @property
    def stddev(self) -> Variable:
        """The standard deviation."""
        return sqrt(self.variance)

    @property
    def covariance(self) -> Variable:
        """The covariance matrix of one event."""
        raise self._lacks_('covariance')

    @property
    def entropy(self) -> Variable:
        """The entropy, in nats."""
        raise self._lacks_('entropy')


Divergence = TypeVar('Divergence', bound=Callable[[Any, Any], Variable])

_DIVERGENCES: dict[tuple[type, type], Callable[[Any, Any], Variable]] = {}


def register_kl(Dist1: type, Dist2: type) -> Callable[[Divergence], Divergence]:
    """Returns a decorator that tells `kl_divergence` how to compare two classes.

    Args:
        Dist1: Class of the first distribution.
        Dist2: Class of the second.

    Source: compatible with chainer.register_kl.

    Example:
        >>> class Point(minigrad.Distribution): ...
        >>> @minigrad.register_kl(Point, Point)
        ... def kl_of_points(p, q):
        ...     return minigrad.Variable(np.array(0. if p is q else np.inf))
        >>> minigrad.kl_divergence(Point(), Point())
        variable(inf)
    """

    def register(divergence: Divergence) -> Divergence:
        _DIVERGENCES[Dist1, Dist2] = divergence
        return divergence

    return register


def kl_divergence(dist1: Distribution, dist2: Distribution) -> Variable:
    """Kullback-Leibler divergence, the mean of ``log p(x) - log q(x)`` under ``p``.

    Args:
        dist1: The distribution ``p``.
        dist2: The distribution ``q``; usually of the same class.

    Returns:
        Variable of the shape ``batch_shape``.

    Raises:
        KeyError: Nothing is registered for the two classes.

    Source: Kullback and Leibler 1951; compatible with chainer.kl_divergence.

    Example:
        >>> from minigrad import distributions as D
        >>> p, q = D.Exponential(np.array([1., 2.])), D.Exponential(np.array([1., 4.]))
        >>> minigrad.kl_divergence(p, q).array.round(4)
        array([0.    , 0.3069])
    """
    key = (type(dist1), type(dist2))
    if key not in _DIVERGENCES:
        raise KeyError(
            f'kl_divergence: nothing is registered for {key[0].__name__} and '
            f'{key[1].__name__}; register a function with minigrad.register_kl'
        )
    return _DIVERGENCES[key](dist1, dist2)


def cross_entropy(dist1: Distribution, dist2: Distribution) -> Variable:
    """Cross entropy, the mean of ``-log q(x)`` under ``p``.

    Args:
        dist1: The distribution ``p``.
        dist2: The distribution ``q``.

    Returns:
        Variable of the shape ``batch_shape``: the entropy of ``p`` and the divergence
        from ``p`` to ``q``.

    Raises:
        KeyError: No divergence is registered for the two classes.

    Source: compatible with chainer.cross_entropy.

    Example:
        >>> from minigrad import distributions as D
        >>> p, q = D.Bernoulli(np.array([0.5])), D.Bernoulli(np.array([0.1]))
        >>> minigrad.cross_entropy(p, q).array.round(4)
        array([1.204])
    """
    return dist1.entropy + kl_divergence(dist1, dist2)
