"""Initializers that draw from a normal distribution of mean 0."""

from typing import Any

import numpy

from minigrad.backend import copyto
from minigrad.initializer import Initializer
from minigrad.initializers._scaled_by_fans import ScaledByFans
from minigrad.kernels import kernels_for
from minigrad.types import Array


def fill_normal(array: Array, scale: Any, rng: Any = None) -> None:
    """Fills ``array`` with N(0, scale**2) from ``rng`` or the array module's own."""
    if rng is not None:  # the generator may live on another device than the array
        values = rng.normal(loc=0.0, scale=scale, size=array.shape)
        copyto(array, values.astype(array.dtype, copy=False))
        return
    draw = kernels_for(array).draw
    array[...] = draw('normal', array.shape, array.dtype, 0.0, scale)


class Normal(Initializer):
    """Draws each element from a normal distribution of mean 0.

    Args:
        scale: The standard deviation.
        dtype: See ``Initializer``.
        rng: A generator with a ``normal`` method (``numpy.random.RandomState``,
            ``numpy.random.Generator``, or CuPy's); None takes the array module's
            global one, which ``numpy.random.seed`` seeds.

    Source: compatible with chainer.initializers.Normal.

    Example:
        >>> from minigrad import initializers
        >>> rng = np.random.RandomState(0)
        >>> W = initializers.generate_array(
        ...     initializers.Normal(2.0, rng=rng), (10000,), np)
        >>> round(float(W.std()), 1)
        2.0
    """

    def __init__(
        self, scale: float = 0.05, dtype: Any = None, *, rng: Any = None
    ) -> None:
        self.scale = scale
        self.rng = rng
        super().__init__(dtype)

    def __call__(self, array: Array) -> None:
        self._check_dtype_(array)
        fill_normal(array, self.scale, self.rng)


class _ScaledNormal(ScaledByFans):
    _fill_ = staticmethod(fill_normal)


class LeCunNormal(_ScaledNormal):
    """Draws from N(0, s**2) with ``s = scale * sqrt(1 / fan_in)``.

    It is what links do by default: a unit's output then has the variance of its input.

    Args:
        scale: Factor on the standard deviation.
        dtype: See ``Initializer``.
        rng: See ``Normal``.

    Source: LeCun et al. 1998, Efficient BackProp;
        compatible with chainer.initializers.LeCunNormal.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(initializers.LeCunNormal(), (99, 100), np)
        >>> bool(0.09 < W.std() < 0.11)
        True
    """

    def _spread_(self, fan_in: int, fan_out: int) -> Any:
        return numpy.sqrt(1.0 / fan_in)


class GlorotNormal(_ScaledNormal):
    """Draws from N(0, s**2) with ``s = scale * sqrt(2 / (fan_in + fan_out))``.

    Args:
        scale: Factor on the standard deviation.
        dtype: See ``Initializer``.
        rng: See ``Normal``.

    Source: Glorot and Bengio 2010; compatible with chainer.initializers.GlorotNormal.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(initializers.GlorotNormal(), (100, 100), np)
        >>> bool(0.09 < W.std() < 0.11)
        True
    """

    def _spread_(self, fan_in: int, fan_out: int) -> Any:
        return numpy.sqrt(2.0 / (fan_in + fan_out))


class HeNormal(_ScaledNormal):
    """Draws from N(0, s**2) with ``s = scale * sqrt(2 / fan)``, made for ReLU.

    Args:
        scale: Factor on the standard deviation.
        dtype: See ``Initializer``.
        fan_option: ``'fan_in'`` keeps the variance of the outputs, ``'fan_out'`` that of
            the gradients.
        rng: See ``Normal``.

    Raises:
        ValueError: ``fan_option`` is something else.

    Source: He et al. 2015; compatible with chainer.initializers.HeNormal.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(initializers.HeNormal(), (99, 200), np)
        >>> bool(0.09 < W.std() < 0.11)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        dtype: Any = None,
        fan_option: str = 'fan_in',
        *,
        rng: Any = None,
    ) -> None:
        if fan_option not in ('fan_in', 'fan_out'):
            raise ValueError(
                f"HeNormal: fan_option must be 'fan_in' or 'fan_out', got {fan_option!r}"
            )
        self.fan_option = fan_option
        super().__init__(scale, dtype, rng=rng)

    def _spread_(self, fan_in: int, fan_out: int) -> Any:
        fan = fan_in if self.fan_option == 'fan_in' else fan_out
        return numpy.sqrt(2.0 / fan)
