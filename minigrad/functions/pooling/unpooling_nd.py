"""Unpooling over any number of axes: the transpose of window sums."""

from __future__ import annotations

from typing import Any

from minigrad.functions._chainer_attributes import reads
from minigrad.functions._check import array_of
from minigrad.functions._derivative import derive
from minigrad.functions._spatial import require_axes
from minigrad.functions.pooling._pooling_nd import PoolingND, Windowed
from minigrad.kernels import kernels_for
from minigrad.kernels.specs_nd import IntOrInts, read_numbers
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


@reads('spec', outs='size')
class UnpoolingND(PoolingND):
    """Adds each element to all of its window."""

    public_name = 'unpooling_nd'

    def __init__(
        self,
        ndim: int,
        ksize: IntOrInts,
        stride: IntOrInts | None = None,
        pad: IntOrInts = 0,
        outsize: Any = None,
        cover_all: bool = True,
        *,
        spec: Any = None,
    ) -> None:
        super().__init__(ndim, ksize, stride, pad, cover_all, spec=spec)
        self._outsize = outsize
        if outsize is not None:
            name = self.public_name
            self._outsize = read_numbers(outsize, ndim, 'outsize', 1, name)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        if self.spec is None:
            self.spec = self.make_unpooling_spec(x.shape[2:], self._outsize)
        return kernels_for(x).window_spread_nd(x, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(UnpoolingNDGrad(self.spec), *grad_outputs)


class UnpoolingNDGrad(Windowed):
    """Sums each window."""

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        return kernels_for(gy).window_sum_nd(gy, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        spec = self.spec
        function = UnpoolingND(len(spec.size), spec.window, spec=spec)
        return derive(function, *grad_outputs)


@checks_arguments
def unpooling_nd(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads every element over a window: the inverse of pooling in shape.

    Where windows overlap, their values add up.

    Args:
        x: Input, float, shape ``(N, C, d1, ..., dn)``.
        ksize: Window, ``k`` or ``(k1, ..., kn)``, in elements of the output.
        stride: Distance between windows, ``s`` or one number per axis; None is
            ``ksize``.
        pad: Width cut off around the output, ``p`` or one number per axis.
        outsize: ``(l1, ..., ln)``; None takes the smallest size whose pooling gives
            ``x``.
        cover_all: Whether that pooling rounds its output size up; if so the smallest
            size is smaller.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, l1, ..., ln)``.

    Raises:
        InvalidType: ``x`` is not a float array, or no pooling maps ``outsize`` to its
            size.
        ValueError: A number is out of range, or the output would be empty.

    Gradient: the sum of each window.
    Double backprop: yes, to any order.
    Kernels: those of `unpooling_2d`, axis by axis.
    Source: compatible with chainer.functions.unpooling_nd.

    Example:
        >>> F.unpooling_nd(np.ones((1, 1, 2, 3, 4), 'f'), 2, cover_all=False).shape
        (1, 1, 4, 6, 8)
    """
    function = UnpoolingND(
        array_of('unpooling_nd', 'x', x).ndim - 2,
        ksize,
        stride,
        pad,
        outsize,
        cover_all,
    )
    return function.apply((x,))[0]


@checks_arguments
def unpooling_1d(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads every element of sequences over a window; see `unpooling_nd`.

    Args:
        x: Sequences, float, shape ``(N, C, L)``.
        ksize: Length of the window, in elements of the output.
        stride: Distance between windows; None is ``ksize``.
        pad: Width cut off at either end of the output.
        outsize: Length of the output, in a tuple; None takes the smallest.
        cover_all: Whether the pooling that it inverts rounds its output size up.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OL)``.

    Raises:
        InvalidType: ``x`` is not a float array, or ``outsize`` does not fit.
        ValueError: ``x`` has not 3 axes, a number is out of range, or the output would
            be empty.

    Gradient: the sum of each window.
    Double backprop: yes, to any order.
    Kernels: those of `unpooling_2d`, on images with one row.
    Source: compatible with chainer.functions.unpooling_1d.

    Example:
        >>> F.unpooling_1d(np.array([[[1., 2.]]]), 2, cover_all=False).array
        array([[[1., 1., 2., 2.]]])
    """
    require_axes('unpooling_1d', x, 1)
    return unpooling_nd(x, ksize, stride, pad, outsize, cover_all)


@checks_arguments
def unpooling_3d(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads every voxel of volumes over a window; see `unpooling_nd`.

    Args:
        x: Volumes, float, shape ``(N, C, D, H, W)``.
        ksize: Window, ``k`` or ``(kd, kh, kw)``, in voxels of the output.
        stride: Distance between windows, ``s`` or ``(sz, sy, sx)``; None is ``ksize``.
        pad: Width cut off around the output, ``p`` or ``(pd, ph, pw)``.
        outsize: ``(OD, OH, OW)``; None takes the smallest size.
        cover_all: Whether the pooling that it inverts rounds its output size up.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OD, OH, OW)``.

    Raises:
        InvalidType: ``x`` is not a float array, or ``outsize`` does not fit.
        ValueError: ``x`` has not 5 axes, a number is out of range, or the output would
            be empty.

    Gradient: the sum of each window.
    Double backprop: yes, to any order.
    Kernels: those of `unpooling_2d`, axis by axis.
    Source: compatible with chainer.functions.unpooling_3d.

    Example:
        >>> F.unpooling_3d(np.ones((1, 1, 1, 1, 1)), 3, cover_all=False).shape
        (1, 1, 3, 3, 3)
    """
    require_axes('unpooling_3d', x, 3)
    return unpooling_nd(x, ksize, stride, pad, outsize, cover_all)
