"""Convolution over any number of axes, and the family of its derivatives.

As in two dimensions, each of the three products is made of the other two; ``gx`` is a
deconvolution, in ``deconvolution_nd.py``.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._derivative import derive
from minigrad.functions._spatial import check_ndim, require_axes
from minigrad.functions.array.cast import cast
from minigrad.functions.connection.convolution_2d import (
    check_conv_channels,
    sum_over_pixels,
)
from minigrad.kernels import kernels_for
from minigrad.kernels.specs_nd import IntOrInts, WindowSpec
from minigrad.types import Array
from minigrad.variable import Variable


@reads('spec', 'stride', 'pad', 'dilate')
class ConvolutionND(FunctionNode):
    """``y = x * W + b``, in the dtype of ``x``."""

    arg_names = ('x', 'W', 'b')
    on_arrays = True
    public_name = 'convolution_nd'

    def __init__(
        self,
        ndim: int,
        stride: IntOrInts = 1,
        pad: IntOrInts = 0,
        cover_all: bool = False,
        dilate: IntOrInts = 1,
        groups: int = 1,
        *,
        spec: WindowSpec | None = None,
    ) -> None:
        self.ndim = ndim
        self._arguments = stride, pad, dilate, groups, cover_all
        self.cover_all = cover_all
        self.groups = groups
        self.spec = spec

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_conv_nd_inputs(self, in_types, self.ndim)
        check_conv_channels(self, in_types, self.groups)
        if len(in_types) == 3:
            check_conv_nd_bias(self, in_types, in_types[1].shape[0])

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, W = inputs[:2]
        b = inputs[2] if len(inputs) == 3 else None
        if self.spec is None:
            self.spec = WindowSpec.of(
                x.shape[2:], W.shape[2:], *self._arguments, function=self.public_name
            )
        self._b_dtype = None if b is None else b.dtype
        if b is not None:
            b = b.astype(x.dtype, copy=False)
        return kernels_for(x).conv_nd(x, W, b, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        (gy,) = grad_outputs
        spec: Any = self.spec
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(_transposed(spec), gy, W)
        if 1 in indexes:
            gradients += derive(ConvolutionNDGradW(spec, W.dtype), x, gy)
        if 2 in indexes:
            gradients.append(bias_gradient(gy, self._b_dtype))
        return gradients


@reads('spec', 'stride', 'pad', 'dilate', 'groups', ksize='window')
class ConvolutionNDGradW(FunctionNode):
    """``gW``, from ``x`` and ``gy``."""

    arg_names = ('x', 'gy')
    on_arrays = True

    def __init__(self, spec: WindowSpec, dtype: Any) -> None:
        self.spec = spec
        self._dtype = dtype

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gy = inputs
        # Weights wider than the images keep that width in the sum over all pixels.
        dtype = numpy.promote_types(x.dtype, self._dtype)
        x, gy = x.astype(dtype, copy=False), gy.astype(dtype, copy=False)
        gW = kernels_for(x).conv_nd_grad_w(x, gy, self.spec)
        return gW.astype(self._dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gy = self.get_retained_inputs()
        (ggW,) = grad_outputs
        spec = self.spec
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(_transposed(spec), gy, ggW)
        if 1 in indexes:
            function = ConvolutionND(len(spec.size), groups=spec.groups, spec=spec)
            gradients += derive(function, x, ggW)
        return gradients


def _transposed(spec: WindowSpec) -> FunctionNode:
    """Returns the node that computes ``gx`` from ``gy`` and ``W``."""
    from minigrad.functions.connection.deconvolution_nd import DeconvolutionND

    return DeconvolutionND(len(spec.size), groups=spec.groups, spec=spec)


def bias_gradient(gy: Any, dtype: Any) -> Any:
    """Returns the gradient of a bias, in its dtype, which need not be that of ``gy``."""
    gb = sum_over_pixels(gy)
    if gb.dtype == dtype:
        return gb
    return cast(gb, dtype) if isinstance(gb, Variable) else gb.astype(dtype)


def check_conv_nd_inputs(node: FunctionNode, in_types: InputTypes, ndim: int) -> None:
    """Refuses ``x`` and ``W`` that are not float with two axes besides the spatial."""
    if not 2 <= len(in_types) <= 3:
        raise node.refuse('inputs x, W and perhaps b', f'{len(in_types)} inputs')
    check_ndim(node, in_types, ndim)


def check_conv_nd_bias(node: FunctionNode, in_types: InputTypes, channels: int) -> None:
    """Refuses a bias that is not one float per output channel."""
    b = in_types[2]
    if b.dtype.kind != 'f':
        raise node.refuse("b.dtype.kind == 'f'", b.dtype)
    if b.shape != (channels,):
        hint = 'one bias per output channel'
        raise node.refuse(f'b.shape == ({channels},)', b.shape, hint)


def convolution_nd(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    cover_all: bool = False,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Convolution of arrays with filters over any number of axes.

    Each output element is the inner product of a filter and the window of ``x`` below
    it (cross-correlation: the filter is not flipped), plus a bias.

    Args:
        x: Input, float, shape ``(N, C, d1, ..., dn)``.
        W: Filters, float, shape ``(OC, C / groups, k1, ..., kn)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between windows, ``s`` or ``(s1, ..., sn)``.
        pad: Zeros put around the input, ``p`` or ``(p1, ..., pn)``.
        cover_all: If True the output size rounds up so that every element is covered.
        dilate: Distance between the taps of a filter, ``d`` or one number per axis.
        groups: Number of groups that the channels are split into; filters of a group
            see only its own input channels.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, l1, ..., ln)`` with, on each axis,
        ``l = (d + 2 pad - dilate (k - 1) - 1) // stride + 1``.

    Raises:
        InvalidType: An input is not float with n + 2 axes, or the channels do not fit.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: a deconvolution for ``x``, a correlation of ``x`` and ``gy`` for ``W``.
    Double backprop: yes, to any order.
    Kernels: those of `convolution_2d`; axes before the last two become channels.
    Source: compatible with chainer.functions.convolution_nd.

    Example:
        >>> x, W = np.ones((1, 3, 5, 7, 9), 'f'), np.ones((2, 3, 2, 3, 3), 'f')
        >>> F.convolution_nd(x, W, stride=(1, 2, 3), pad=1).shape
        (1, 2, 6, 4, 3)
    """
    function = ConvolutionND(x.ndim - 2, stride, pad, cover_all, dilate, groups)
    return function.apply((x, W) if b is None else (x, W, b))[0]


def convolution_1d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    cover_all: bool = False,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Convolution of sequences with filters; see `convolution_nd`.

    Args:
        x: Sequences, float, shape ``(N, C, L)``.
        W: Filters, float, shape ``(OC, C / groups, K)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between windows.
        pad: Zeros put at either end.
        cover_all: If True the output size rounds up so that every element is covered.
        dilate: Distance between the taps of a filter.
        groups: Number of groups that the channels are split into.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OL)``.

    Raises:
        InvalidType: An input is not float, or the channels do not fit.
        ValueError: ``x`` has not 3 axes, a number is out of range, or the window does
            not fit.

    Gradient: as of `convolution_nd`.
    Double backprop: yes, to any order.
    Kernels: those of `convolution_2d`, on images with one row.
    Source: compatible with chainer.functions.convolution_1d.

    Example:
        >>> x, W = np.arange(6, dtype='f').reshape(1, 1, 6), np.ones((1, 1, 3), 'f')
        >>> F.convolution_1d(x, W).array
        array([[[ 3.,  6.,  9., 12.]]], dtype=float32)
    """
    require_axes('convolution_1d', x, 1)
    return convolution_nd(x, W, b, stride, pad, cover_all, dilate, groups)


def convolution_3d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntOrInts = 1,
    pad: IntOrInts = 0,
    cover_all: bool = False,
    dilate: IntOrInts = 1,
    groups: int = 1,
) -> Variable:
    """Convolution of volumes with filters; see `convolution_nd`.

    Args:
        x: Volumes, float, shape ``(N, C, D, H, W)``.
        W: Filters, float, shape ``(OC, C / groups, KD, KH, KW)``.
        b: Biases, float, shape ``(OC,)``; None for none.
        stride: Distance between windows, ``s`` or ``(sz, sy, sx)``.
        pad: Zeros put around each volume, ``p`` or ``(pd, ph, pw)``.
        cover_all: If True the output size rounds up so that every voxel is covered.
        dilate: Distance between the taps of a filter, ``d`` or ``(dz, dy, dx)``.
        groups: Number of groups that the channels are split into.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OD, OH, OW)``.

    Raises:
        InvalidType: An input is not float, or the channels do not fit.
        ValueError: ``x`` has not 5 axes, a number is out of range, or the window does
            not fit.

    Gradient: as of `convolution_nd`.
    Double backprop: yes, to any order.
    Kernels: those of `convolution_2d`; depth becomes channels.
    Source: Tran et al. 2015; compatible with chainer.functions.convolution_3d.

    Example:
        >>> x, W = np.ones((1, 3, 8, 8, 8), 'f'), np.ones((2, 3, 3, 3, 3), 'f')
        >>> F.convolution_3d(x, W, pad=1).shape
        (1, 2, 8, 8, 8)
    """
    require_axes('convolution_3d', x, 3)
    return convolution_nd(x, W, b, stride, pad, cover_all, dilate, groups)
