"""Average pooling over any number of axes, and its transpose."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import array_of
from minigrad.functions._derivative import derive
from minigrad.functions._spatial import require_axes
from minigrad.functions.pooling._pooling_nd import PoolingND, Windowed
from minigrad.kernels.specs_nd import IntOrInts
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class AveragePoolingND(PoolingND):
    """The mean of each window; padding counts as zeros, or not at all."""

    public_name = 'average_pooling_nd'
    grad_node: Any

    def __init__(
        self,
        ndim: int,
        ksize: IntOrInts,
        stride: IntOrInts | None = None,
        pad: IntOrInts = 0,
        cover_all: bool = False,
        pad_value: int | None = 0,
        *,
        spec: Any = None,
    ) -> None:
        if pad_value is not None and pad_value != 0:
            raise ValueError(
                f'{self.public_name}: pad_value must be 0 or None, got {pad_value!r}'
            )
        if cover_all:
            raise ValueError(f'{self.public_name}: cover_all is not supported')
        super().__init__(ndim, ksize, stride, pad, cover_all, spec=spec)
        self.pad_value = pad_value

    @classmethod
    def of(cls, spec: Any) -> AveragePoolingND:
        """Returns the node with this spec."""
        return cls(len(spec.size), spec.window, spec=spec)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        if self.spec is None:
            self.spec = self.make_spec(x.shape[2:], self.pad_value is not None)
        return self.kernel(x, 'average_pool')(x, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(self.grad_node(self.spec, type(self)), *grad_outputs)


class AveragePoolingNDGrad(Windowed):
    """Spreads each element evenly over its window."""

    def __init__(self, spec: Any, pooling: type[AveragePoolingND]) -> None:
        super().__init__(spec)
        self._pooling = pooling

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        return self.kernel(gy, 'average_pool', '_grad')(gy, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(self._pooling.of(self.spec), *grad_outputs)


AveragePoolingND.grad_node = AveragePoolingNDGrad


@checks_arguments
def average_pooling_nd(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    pad_value: int | None = 0,
) -> Variable:
    """Mean of each window over any number of axes, channel by channel.

    Args:
        x: Input, float, shape ``(N, C, d1, ..., dn)``.
        ksize: Window, ``k`` or ``(k1, ..., kn)``.
        stride: Distance between windows, ``s`` or one number per axis; None is
            ``ksize``.
        pad: Width of the padding, ``p`` or one number per axis.
        pad_value: 0 lets the padding count as zeros; None leaves it out of the mean.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, l1, ..., ln)`` with, on each axis,
        ``l = (d + 2 pad - ksize) // stride + 1``.

    Raises:
        InvalidType: ``x`` is not a float array.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: spread evenly over each window.
    Double backprop: yes, to any order.
    Kernels: those of `average_pooling_2d`, axis by axis.
    Source: compatible with chainer.functions.average_pooling_nd.

    Example:
        >>> F.average_pooling_nd(np.ones((1, 1, 4, 6, 8), 'f'), (1, 2, 3)).shape
        (1, 1, 4, 3, 2)
        >>> F.average_pooling_nd(np.ones((1, 1, 2)), 3, pad=1, pad_value=None).array
        array([[[1.]]])
    """
    function = AveragePoolingND(
        array_of('average_pooling_nd', 'x', x).ndim - 2,
        ksize,
        stride,
        pad,
        pad_value=pad_value,
    )
    return function.apply((x,))[0]


@checks_arguments
def average_pooling_1d(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    pad_value: int | None = 0,
) -> Variable:
    """Mean of each window of sequences; see `average_pooling_nd`.

    Args:
        x: Sequences, float, shape ``(N, C, L)``.
        ksize: Length of the window.
        stride: Distance between windows; None is ``ksize``.
        pad: Width of the padding at either end.
        pad_value: 0 lets the padding count as zeros; None leaves it out of the mean.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OL)``.

    Raises:
        InvalidType: ``x`` is not a float array.
        ValueError: ``x`` has not 3 axes, a number is out of range, or the window does
            not fit.

    Gradient: spread evenly over each window.
    Double backprop: yes, to any order.
    Kernels: those of `average_pooling_2d`, on images with one row.
    Source: compatible with chainer.functions.average_pooling_1d.

    Example:
        >>> F.average_pooling_1d(np.arange(6.).reshape(1, 1, 6), 2).array
        array([[[0.5, 2.5, 4.5]]])
    """
    require_axes('average_pooling_1d', x, 1)
    return average_pooling_nd(x, ksize, stride, pad, pad_value)


@checks_arguments
def average_pooling_3d(
    x: Any,
    ksize: IntOrInts,
    stride: IntOrInts | None = None,
    pad: IntOrInts = 0,
    pad_value: int | None = 0,
) -> Variable:
    """Mean of each window of volumes; see `average_pooling_nd`.

    Args:
        x: Volumes, float, shape ``(N, C, D, H, W)``.
        ksize: Window, ``k`` or ``(kd, kh, kw)``.
        stride: Distance between windows, ``s`` or ``(sz, sy, sx)``; None is ``ksize``.
        pad: Width of the padding, ``p`` or ``(pd, ph, pw)``.
        pad_value: 0 lets the padding count as zeros; None leaves it out of the mean.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OD, OH, OW)``.

    Raises:
        InvalidType: ``x`` is not a float array.
        ValueError: ``x`` has not 5 axes, a number is out of range, or the window does
            not fit.

    Gradient: spread evenly over each window.
    Double backprop: yes, to any order.
    Kernels: those of `average_pooling_2d`, axis by axis.
    Source: compatible with chainer.functions.average_pooling_3d.

    Example:
        >>> F.average_pooling_3d(np.arange(8.).reshape(1, 1, 2, 2, 2), 2).array.item()
        3.5
    """
    require_axes('average_pooling_3d', x, 3)
    return average_pooling_nd(x, ksize, stride, pad, pad_value)
