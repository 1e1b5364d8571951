"""Max pooling of images."""

from __future__ import annotations

from typing import Any

from minigrad.functions.pooling._pooling_nd import Pooling2D
from minigrad.functions.pooling.max_pooling_nd import MaxPoolingND
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import IntPair
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array


class MaxPooling2D(Pooling2D, MaxPoolingND):
    """`MaxPoolingND` of images."""

    label = 'MaxPoolingND'  # the name that Chainer's graphs show
    public_name = 'max_pooling_2d'

    def find_indexes(self, y: Array) -> Array:
        """Returns where each maximum lies in its window, ``ky * KW + kx``."""
        return kernels_for(y).max_pool_2d_indices(self.args, self.spec)


@checks_arguments
def max_pooling_2d(
    x: Any,
    ksize: IntPair,
    stride: IntPair | None = None,
    pad: IntPair = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> Any:
    """Maximum of each window, channel by channel.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        ksize: Window, ``k`` or ``(kh, kw)``, in pixels.
        stride: Distance between windows, ``s`` or ``(sy, sx)``; None is ``ksize``.
        pad: Width of the padding, ``p`` or ``(ph, pw)``; padding never wins, and a
            window of nothing else gives 0.
        cover_all: If True (Chainer's default) the output size rounds up so that every
            pixel is covered.
        return_indices: Return the places of the maxima too, for `upsampling_2d`.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)``; with ``return_indices`` a
        tuple of it and an integer array of that shape, ``ky * KW + kx`` for a maximum
        at ``(ky, kx)`` in its window.

    Raises:
        InvalidType: ``x`` is not a float array with 4 axes.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: to the first maximum of each window.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: Riesenhuber and Poggio 1999; compatible with chainer.functions.max_pooling_2d.

    Example:
        >>> x = np.arange(9, dtype='f').reshape(1, 1, 3, 3)
        >>> F.max_pooling_2d(x, 2).array
        array([[[[4., 5.],
                 [7., 8.]]]], dtype=float32)
        >>> F.max_pooling_2d(x, 2, cover_all=False).shape
        (1, 1, 1, 1)
    """
    function = MaxPooling2D(ksize, stride, pad, cover_all, return_indices)
    (y,) = function.apply((x,))
    return (y, function.indexes) if return_indices else y
