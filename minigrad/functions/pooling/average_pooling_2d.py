"""Average pooling of images."""

from __future__ import annotations

from typing import Any

from minigrad.functions._chainer_attributes import reads
from minigrad.functions.pooling._pooling_nd import Pooling2D
from minigrad.functions.pooling.average_pooling_nd import (
    AveragePoolingND,
    AveragePoolingNDGrad,
)
from minigrad.kernels.specs import IntPair, PoolSpec
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable


@reads('spec', 'kh', 'kw', 'sy', 'sx', 'ph', 'pw')
class AveragePooling2DGrad(AveragePoolingNDGrad):
    """`AveragePoolingNDGrad` of images."""


class AveragePooling2D(Pooling2D, AveragePoolingND):
    """`AveragePoolingND` of images."""

    public_name = 'average_pooling_2d'
    grad_node = AveragePooling2DGrad

    @classmethod
    def of(cls, spec: PoolSpec) -> AveragePooling2D:
        """Returns the node with this spec."""
        return cls(
            (spec.kh, spec.kw), (spec.sy, spec.sx), (spec.ph, spec.pw), spec=spec
        )


@checks_arguments
def average_pooling_2d(
    x: Any, ksize: IntPair, stride: IntPair | None = None, pad: IntPair = 0
) -> Variable:
    """Mean of each window, channel by channel.

    The mean divides by the size of the window also where it overlaps the padding, which
    counts as zeros. With ``ksize=x.shape[2:]`` it is global average pooling.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        ksize: Window, ``k`` or ``(kh, kw)``, in pixels.
        stride: Distance between windows, ``s`` or ``(sy, sx)``; None is ``ksize``.
        pad: Width of the padding, ``p`` or ``(ph, pw)``.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)`` with
        ``OH = (H + 2 ph - kh) // sy + 1``.

    Raises:
        InvalidType: ``x`` is not a float array with 4 axes.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: spread evenly over each window.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: LeCun et al. 1998; compatible with chainer.functions.average_pooling_2d.

    Example:
        >>> x = np.arange(16, dtype='f').reshape(1, 1, 4, 4)
        >>> F.average_pooling_2d(x, 2).array
        array([[[[ 2.5,  4.5],
                 [10.5, 12.5]]]], dtype=float32)
    """
    return AveragePooling2D(ksize, stride, pad).apply((x,))[0]
