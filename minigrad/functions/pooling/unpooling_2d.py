"""Unpooling of images."""

from __future__ import annotations

from typing import Any

from minigrad.functions._chainer_attributes import reads
from minigrad.functions.pooling._pooling_nd import Pooling2D
from minigrad.functions.pooling.unpooling_nd import UnpoolingND
from minigrad.functions.pooling.unpooling_nd import (  # noqa: F401
    UnpoolingNDGrad as Unpooling2DGrad,
)
from minigrad.kernels.specs import IntPair
from minigrad.kernels.specs_nd import WindowSpec
from minigrad.named_arguments import checks_arguments
from minigrad.types import Ints
from minigrad.variable import Variable


@reads('spec', kh='window[0]', kw='window[1]', outh='size[0]', outw='size[1]')
@reads('spec', sy='stride[0]', sx='stride[1]', ph='pad[0]', pw='pad[1]')
class Unpooling2D(Pooling2D, UnpoolingND):
    """`UnpoolingND` of images."""

    public_name = 'unpooling_2d'
    specs = WindowSpec  # the kernels of any number of axes are as fast here


@checks_arguments
def unpooling_2d(
    x: Any,
    ksize: IntPair,
    stride: IntPair | None = None,
    pad: IntPair = 0,
    outsize: Ints = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads every pixel over a window: the inverse of pooling in shape.

    Where windows overlap, their values add up.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        ksize: Window, ``k`` or ``(kh, kw)``, in pixels of the output.
        stride: Distance between windows, ``s`` or ``(sy, sx)``; None is ``ksize``.
        pad: Width cut off around the output, ``p`` or ``(ph, pw)``.
        outsize: ``(OH, OW)``; None takes the smallest size whose pooling gives ``x``.
        cover_all: Whether that pooling rounds its output size up; if so the smallest
            size is smaller.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)``.

    Raises:
        InvalidType: ``x`` is not a float array with 4 axes, or no pooling maps
            ``outsize`` to its size.
        ValueError: A number is out of range, or the output would be empty.

    Gradient: the sum of each window.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: compatible with chainer.functions.unpooling_2d.

    Example:
        >>> x = np.array([[[[1., 2.]]]], 'f')
        >>> F.unpooling_2d(x, 2, cover_all=False).array
        array([[[[1., 1., 2., 2.],
                 [1., 1., 2., 2.]]]], dtype=float32)
    """
    return Unpooling2D(ksize, stride, pad, outsize, cover_all).apply((x,))[0]
