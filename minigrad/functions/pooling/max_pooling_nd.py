"""Max pooling over any number of axes: scatter and gather at the maxima."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import array_of
from minigrad.functions._derivative import derive
from minigrad.functions._spatial import require_axes
from minigrad.functions.pooling._pooling_nd import PoolingND, Windowed, zero_outside
from minigrad.kernels import kernels_for
from minigrad.kernels.specs_nd import IntOrInts
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array


class MaxPoolingND(PoolingND):
    """The maximum of each window; remembers where it was."""

    public_name = 'max_pooling_nd'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.spec = self.make_spec(x.shape[2:])
        y, self.args = self.kernel(x, 'max_pool')(x, self.spec)
        if self.return_indices:
            self.indexes = self.find_indexes(y)
        return zero_outside(y, self.spec)

    def find_indexes(self, y: Array) -> Array:
        """Returns where each maximum is in its window, in the order of memory."""
        return kernels_for(y).max_pool_nd_indices(self.args, y.shape, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(MaxPoolingNDGrad(self.spec, self.args), *grad_outputs)


class MaxPoolingNDGrad(Windowed):
    """Adds each element at the place of its window's maximum."""

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        gy = zero_outside(gy, self.spec)
        return self.kernel(gy, 'max_pool', '_scatter')(gy, self.args, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(MaxPoolingNDWithIndexes(self.spec, self.args), *grad_outputs)


class MaxPoolingNDWithIndexes(Windowed):
    """Takes the element at the place of each window's maximum."""

    arg_names = ('ggx',)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (ggx,) = inputs
        y = self.kernel(ggx, 'max_pool', '_gather')(ggx, self.args, self.spec)
        return zero_outside(y, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(MaxPoolingNDGrad(self.spec, self.args), *grad_outputs)


@checks_arguments
def max_pooling_nd(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> Any:
    """Maximum of each window over any number of axes, channel by channel.

    Args:
        x: Input, float, shape ``(N, C, d1, ..., dn)``.
        ksize: Window, ``k`` or ``(k1, ..., kn)``.
        stride: Distance between windows, ``s`` or one number per axis; None is
            ``ksize``.
        pad: Width of the padding, ``p`` or one number per axis; padding never wins, and
            a window of nothing else gives 0.
        cover_all: If True (Chainer's default) the output size rounds up so that every
            element is covered.
        return_indices: Return the places of the maxima too.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, l1, ..., ln)``; with ``return_indices``
        a tuple of it and an integer array of that shape: where each maximum lies in its
        window, counted in the order of memory.

    Raises:
        InvalidType: ``x`` is not a float array.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: to the first maximum of each window.
    Double backprop: yes, to any order.
    Kernels: those of `max_pooling_2d`, axis by axis.
    Source: compatible with chainer.functions.max_pooling_nd.

    Example:
        >>> x = np.arange(24, dtype='f').reshape(1, 1, 2, 3, 4)
        >>> y, indices = F.max_pooling_nd(x, 2, return_indices=True)
        >>> y.array
        array([[[[[17., 19.],
                  [21., 23.]]]]], dtype=float32)
        >>> indices.ravel().tolist()
        [7, 7, 5, 5]
    """
    function = MaxPoolingND(
        array_of('max_pooling_nd', 'x', x).ndim - 2,
        ksize,
        stride,
        pad,
        cover_all,
        return_indices,
    )
    (y,) = function.apply((x,))
    return (y, function.indexes) if return_indices else y


@checks_arguments
def max_pooling_1d(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> Any:
    """Maximum of each window of sequences; see `max_pooling_nd`.

    Args:
        x: Sequences, float, shape ``(N, C, L)``.
        ksize: Length of the window.
        stride: Distance between windows; None is ``ksize``.
        pad: Width of the padding at either end; padding never wins.
        cover_all: If True (Chainer's default) the output size rounds up.
        return_indices: Return the places of the maxima in their windows too.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OL)``; with ``return_indices`` a tuple
        of it and an integer array of that shape.

    Raises:
        InvalidType: ``x`` is not a float array.
        ValueError: ``x`` has not 3 axes, a number is out of range, or the window does
            not fit.

    Gradient: to the first maximum of each window.
    Double backprop: yes, to any order.
    Kernels: those of `max_pooling_2d`, on images with one row.
    Source: compatible with chainer.functions.max_pooling_1d.

    Example:
        >>> F.max_pooling_1d(np.array([[[3., 1., 4., 1., 5.]]]), 2).array
        array([[[3., 4., 5.]]])
    """
    require_axes('max_pooling_1d', x, 1)
    return max_pooling_nd(x, ksize, stride, pad, cover_all, return_indices)


@checks_arguments
def max_pooling_3d(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> Any:
    """Maximum of each window of volumes; see `max_pooling_nd`.

    Args:
        x: Volumes, float, shape ``(N, C, D, H, W)``.
        ksize: Window, ``k`` or ``(kd, kh, kw)``.
        stride: Distance between windows, ``s`` or ``(sz, sy, sx)``; None is ``ksize``.
        pad: Width of the padding, ``p`` or ``(pd, ph, pw)``; padding never wins.
        cover_all: If True (Chainer's default) the output size rounds up.
        return_indices: Return the places of the maxima in their windows too.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OD, OH, OW)``; with ``return_indices``
        a tuple of it and an integer array of that shape.

    Raises:
        InvalidType: ``x`` is not a float array.
        ValueError: ``x`` has not 5 axes, a number is out of range, or the window does
            not fit.

    Gradient: to the first maximum of each window.
    Double backprop: yes, to any order.
    Kernels: those of `max_pooling_2d`, axis by axis.
    Source: compatible with chainer.functions.max_pooling_3d.

    Example:
        >>> F.max_pooling_3d(np.arange(8.).reshape(1, 1, 2, 2, 2), 2).array.item()
        7.0
    """
    require_axes('max_pooling_3d', x, 3)
    return max_pooling_nd(x, ksize, stride, pad, cover_all, return_indices)
