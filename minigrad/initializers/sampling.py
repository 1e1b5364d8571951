"""Initializers that make a convolution resize images."""

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.initializer import Initializer
from minigrad.types import Array


def _linear_filter(size: int, ndim: int) -> Array:
    # A tent along each axis, highest in the middle: bilinear interpolation for ndim=2.
    half = (size + 1) // 2
    center = half - 1.0 if size % 2 == 1 else half - 0.5
    tent = 1.0 - abs(numpy.arange(size) - center) / half
    weights = numpy.ones(())
    for _ in range(ndim):
        weights = weights[..., None] * tent
    return weights


class _SamplingFilter(Initializer):
    _normalize_: bool

    def __init__(self, interpolation: str = 'linear', dtype: Any = None) -> None:
        if interpolation != 'linear':
            raise ValueError(
                f'Unsupported interpolation method: {interpolation} '
                "(only 'linear' is known)"
            )
        self.interpolation = interpolation
        super().__init__(dtype)

    def __call__(self, array: Array) -> None:
        self._check_dtype_(array)
        name = type(self).__name__
        in_channels, out_channels, *ksize = array.shape
        if out_channels not in (1, in_channels):
            raise ValueError(
                f'{name}: the second axis must be 1 or as long as the first, '
                f'got shape {array.shape}'
            )
        if len(set(ksize)) != 1:
            raise ValueError(f'{name}: ksize must be all same, got {tuple(ksize)}')
        weights = _linear_filter(ksize[0], len(ksize))
        if self._normalize_:
            weights /= weights.sum()
        xp = get_array_module(array)
        channels = xp.arange(in_channels)
        array[...] = 0
        array[channels, channels if out_channels > 1 else 0] = xp.asarray(weights)


class UpsamplingDeconvFilter(_SamplingFilter):
    """Makes a deconvolution enlarge each channel by linear interpolation.

    Use it with a stride of ``(ksize + 1) // 2``.

    Args:
        interpolation: Only ``'linear'``.
        dtype: See ``Initializer``.

    Raises:
        ValueError: another interpolation; (when called) the window is not square, or the
            channels do not match one to one.

    Source: Long et al. 2015; compatible with chainer.initializers.UpsamplingDeconvFilter.

    Example:
        >>> from minigrad import initializers
        >>> initializers.generate_array(
        ...     initializers.UpsamplingDeconvFilter(), (1, 1, 3, 3), np)[0, 0]
        array([[0.25, 0.5 , 0.25],
               [0.5 , 1.  , 0.5 ],
               [0.25, 0.5 , 0.25]], dtype=float32)
    """

    _normalize_ = False


class DownsamplingConvFilter(_SamplingFilter):
    """Makes a convolution shrink each channel by a linear average.

    Use it with a stride of ``(ksize + 1) // 2``.

    Args:
        interpolation: Only ``'linear'``.
        dtype: See ``Initializer``.

    Raises:
        ValueError: another interpolation; (when called) the window is not square, or the
            channels do not match one to one.

    Source: Long et al. 2015; compatible with chainer.initializers.DownsamplingConvFilter.

    Example:
        >>> from minigrad import initializers
        >>> W = initializers.generate_array(
        ...     initializers.DownsamplingConvFilter(), (1, 1, 3, 3), np)
        >>> float(W.sum())
        1.0
    """

    _normalize_ = True
