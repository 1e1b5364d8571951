"""Initializers that draw from a uniform distribution around 0."""

from typing import Any

import numpy

from minigrad.backend import copyto, get_array_module
from minigrad.initializer import Initializer
from minigrad.initializers._scaled_by_fans import ScaledByFans
from minigrad.types import Array


def fill_uniform(array: Array, scale: Any, rng: Any = None) -> None:
    """Fills ``array`` with U(-scale, scale) from ``rng`` or the array module's own."""
    if rng is not None:  # the generator may live on another device than the array
        values = rng.uniform(low=-scale, high=scale, size=array.shape)
        copyto(array, values.astype(array.dtype, copy=False))
        return
    xp = get_array_module(array)
    array[...] = xp.random.uniform(low=-scale, high=scale, size=array.shape)


class Uniform(Initializer):
    """Draws each element uniformly from ``[-scale, scale]``.

    Args:
        scale: Half of the width of the interval.
        dtype: See ``Initializer``.
        rng: A generator with a ``uniform`` method (``numpy.random.RandomState``,
            ``numpy.random.Generator``, or CuPy's); None takes the array module's
            global one, which ``numpy.random.seed`` seeds.

    Source: compatible with chainer.initializers.Uniform.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(initializers.Uniform(0.5), (100,), np)
        >>> bool(abs(W).max() <= 0.5)
        True
    """

    def __init__(
        self, scale: float = 0.05, dtype: Any = None, *, rng: Any = None
    ) -> None:
        self.scale = scale
        self.rng = rng
        super().__init__(dtype)

    def __call__(self, array: Array) -> None:
        self._check_dtype_(array)
        fill_uniform(array, self.scale, self.rng)


class _ScaledUniform(ScaledByFans):
    _fill_ = staticmethod(fill_uniform)


class LeCunUniform(_ScaledUniform):
    """Draws from ``[-s, s]`` with ``s = scale * sqrt(3 / fan_in)``.

    Args:
        scale: Factor on the half width.
        dtype: See ``Initializer``.
        rng: See ``Uniform``.

    Source: LeCun et al. 1998, Efficient BackProp;
        compatible with chainer.initializers.LeCunUniform.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(initializers.LeCunUniform(), (9, 300), np)
        >>> bool(abs(W).max() <= 0.1)
        True
    """

    def _spread_(self, fan_in: int, fan_out: int) -> Any:
        return numpy.sqrt(3.0 / fan_in)


class GlorotUniform(_ScaledUniform):
    """Draws from ``[-s, s]`` with ``s = scale * sqrt(6 / (fan_in + fan_out))``.

    Args:
        scale: Factor on the half width.
        dtype: See ``Initializer``.
        rng: See ``Uniform``.

    Source: Glorot and Bengio 2010; compatible with chainer.initializers.GlorotUniform.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(initializers.GlorotUniform(), (300, 300), np)
        >>> bool(abs(W).max() <= 0.1)
        True
    """

    def _spread_(self, fan_in: int, fan_out: int) -> Any:
        return numpy.sqrt(6.0 / (fan_in + fan_out))


class HeUniform(_ScaledUniform):
    """Draws from ``[-s, s]`` with ``s = scale * sqrt(6 / fan_in)``, made for ReLU.

    Args:
        scale: Factor on the half width.
        dtype: See ``Initializer``.
        rng: See ``Uniform``.

    Source: He et al. 2015; compatible with chainer.initializers.HeUniform.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(initializers.HeUniform(), (9, 600), np)
        >>> bool(abs(W).max() <= 0.1)
        True
    """

    def _spread_(self, fan_in: int, fan_out: int) -> Any:
        return numpy.sqrt(6.0 / fan_in)
