"""Two-dimensional convolution, and the family of its derivatives.

A convolution ``y = x * W`` is linear in both arrays. Its three products — ``y`` from
``x`` and ``W``, ``gx`` from ``gy`` and ``W``, ``gW`` from ``x`` and ``gy`` — share one
`ConvSpec`, and the derivative of each is made of the other two. ``gx`` is a
deconvolution, so the third member of the family lives in ``deconvolution_2d.py``.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.bfloat16 import is_bfloat16, is_float
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._derivative import derive
from minigrad.functions.math.sum_to import sum_to
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import ConvSpec, IntPair
from minigrad.types import Array
from minigrad.variable import Variable, as_array


@reads('spec', 'sy', 'sx', 'ph', 'pw', 'dy', 'dx')
class Convolution2DFunction(FunctionNode):
    """``y = x * W + b``, in the dtype of ``x``."""

    arg_names = ('x', 'W', 'b')
    on_arrays = True
    public_name = 'convolution_2d'

    def __init__(
        self,
        stride: IntPair = 1,
        pad: IntPair = 0,
        cover_all: bool = False,
        *,
        dilate: IntPair = 1,
        groups: int = 1,
        spec: ConvSpec | None = None,
    ) -> None:
        self._arguments = stride, pad, dilate, groups, cover_all
        self.cover_all = cover_all
        self.groups = groups
        self.spec = spec

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_conv_inputs(self, in_types)
        check_conv_channels(self, in_types, self.groups)
        if len(in_types) == 3:
            check_conv_bias(self, in_types, in_types[1].shape[0])

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return convolves_bfloat16(inputs)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, W = inputs[:2]
        b = inputs[2] if len(inputs) == 3 else None
        if self.spec is None:
            self.spec = ConvSpec.of(x.shape, W.shape, *self._arguments)
        return kernels_for(x).conv_2d(x, W, b, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        (gy,) = grad_outputs
        spec = self.spec
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(_transposed(spec), gy, W)
        if 1 in indexes:
            gradients += derive(Convolution2DGradW(spec, W.dtype), x, gy)
        if 2 in indexes:
            gradients.append(sum_over_pixels(gy))
        return gradients


@reads('spec', 'sy', 'sx', 'ph', 'pw', 'dy', 'dx', 'kh', 'kw', 'groups')
class Convolution2DGradW(FunctionNode):
    """``gW``, from ``x`` and ``gy``."""

    arg_names = ('x', 'gy')
    on_arrays = True

    def __init__(self, spec: Any, dtype: Any) -> None:
        self.spec = spec
        self._dtype = dtype

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return convolves_bfloat16(inputs)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gy = inputs
        # Weights wider than the images keep that width in the sum over all pixels.
        dtype = numpy.promote_types(x.dtype, self._dtype)
        x, gy = x.astype(dtype, copy=False), gy.astype(dtype, copy=False)
        gW = kernels_for(x).conv_2d_grad_w(x, gy, self.spec)
        return gW.astype(self._dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gy = self.get_retained_inputs()
        (ggW,) = grad_outputs
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(_transposed(self.spec), gy, ggW)
        if 1 in indexes:
            function = Convolution2DFunction(spec=self.spec, groups=self.spec.groups)
            gradients += derive(function, x, ggW)
        return gradients


def convolves_bfloat16(inputs: tuple[Any, ...]) -> bool:
    """Tells whether the kernels convolve bfloat16 inputs as they are."""
    arrays = [as_array(x) for x in inputs]
    return kernels_for(arrays[0]).convolves_bfloat16 and all(
        [is_bfloat16(a.dtype) for a in arrays]  # noqa: C419
    )


def _transposed(spec: Any) -> FunctionNode:
    """Returns the node that computes ``gx`` from ``gy`` and ``W``."""
    from minigrad.functions.connection.deconvolution_2d import Deconvolution2DFunction

    return Deconvolution2DFunction(spec=spec, groups=spec.groups)


def sum_over_pixels(gy: Any) -> Any:
    """Returns the gradient of a bias: ``gy`` summed over all axes but the channels."""
    if not isinstance(gy, Variable):
        return kernels_for(gy).sum_channels(gy)
    channels = gy.shape[1]
    return sum_to(gy, (1, channels, *[1] * (gy.ndim - 2))).reshape((channels,))


def check_conv_inputs(node: FunctionNode, in_types: InputTypes) -> None:
    """Refuses ``x`` and ``W`` that are not float arrays with four axes."""
    x, W = in_types[:2]
    if not is_float(x.dtype):
        raise node.refuse("x.dtype.kind == 'f'", x.dtype)
    if not is_float(W.dtype):
        raise node.refuse("W.dtype.kind == 'f'", W.dtype)
    if x.ndim != 4:
        raise node.refuse('x.ndim == 4 (N, C, H, W)', x.ndim)
    if W.ndim != 4:
        raise node.refuse('W.ndim == 4', W.ndim)


def check_conv_channels(node: FunctionNode, in_types: InputTypes, groups: int) -> None:
    """Refuses channels that do not divide into the groups of the filters."""
    x, W = in_types[:2]
    if x.shape[1] != W.shape[1] * groups:
        raise node.refuse(
            'x.shape[1] == W.shape[1] * groups',
            f'{x.shape[1]} != {W.shape[1]} * {groups}',
            f'W takes {W.shape[1]} input channels'
            + (' per group' if groups != 1 else '')
            + f', but x has {x.shape[1]}',
        )
    if groups > 1 and W.shape[0] % groups:
        raise node.refuse(
            'W.shape[0] % groups == 0',
            f'{W.shape[0]} % {groups}',
            'each group needs the same number of output channels',
        )


def check_conv_bias(node: FunctionNode, in_types: InputTypes, channels: int) -> None:
    """Refuses a bias that is not one number of x's dtype per output channel."""
    x, b = in_types[0], in_types[2]
    if b.dtype != x.dtype:
        raise node.refuse('b.dtype == x.dtype', f'{b.dtype} != {x.dtype}')
    if b.shape != (channels,):
        raise node.refuse(
            f'b.shape == ({channels},)', b.shape, 'one bias per output channel'
        )


def convolution_2d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntPair = 1,
    pad: IntPair = 0,
    cover_all: bool = False,
    *,
    dilate: IntPair = 1,
    groups: int = 1,
) -> Variable:
    """Two-dimensional convolution of images with filters.

    Each output pixel is the inner product of a filter and the window of ``x`` below it
    (cross-correlation: the filter is not flipped), plus a bias.

    Args:
        x: Images, float, shape ``(N, C, H, W)``.
        W: Filters, float, shape ``(OC, C / groups, KH, KW)``.
        b: Biases, dtype of ``x``, shape ``(OC,)``; None for none.
        stride: Distance between windows, ``s`` or ``(sy, sx)``.
        pad: Zeros put around each image, ``p`` or ``(ph, pw)``.
        cover_all: If True the output size rounds up so that every pixel is covered.
        dilate: Distance between the taps of a filter, ``d`` or ``(dy, dx)``.
        groups: Number of groups that the channels are split into; filters of a group
            see only its own input channels.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OH, OW)`` with
        ``OH = (H + 2 ph - dy (KH - 1) - 1) // sy + 1``.

    Raises:
        InvalidType: An input is not float with 4 axes, or the channels do not fit.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: a deconvolution for ``x``, a correlation of ``x`` and ``gy`` for ``W``.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn (cover_all=False).
    Source: LeCun et al. 1998; compatible with chainer.functions.convolution_2d.

    Example:
        >>> x, W = np.ones((1, 3, 30, 40), 'f'), np.ones((2, 3, 10, 10), 'f')
        >>> F.convolution_2d(x, W, stride=(5, 7), pad=5).shape
        (1, 2, 7, 6)
        >>> F.convolution_2d(x, W, stride=(5, 7), pad=5, cover_all=True).shape
        (1, 2, 7, 7)
    """
    function = Convolution2DFunction(
        stride, pad, cover_all, dilate=dilate, groups=groups
    )
    return function.apply((x, W) if b is None else (x, W, b))[0]
