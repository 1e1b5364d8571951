"""Two-dimensional deconvolution: the gradient of a convolution, with a name."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._derivative import derive
from minigrad.functions.connection.convolution_2d import (
    Convolution2DFunction,
    Convolution2DGradW,
    check_conv_bias,
    check_conv_inputs,
    convolves_bfloat16,
    sum_over_pixels,
)
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import ConvSpec, IntPair
from minigrad.types import Array
from minigrad.variable import Variable


@reads('spec', 'sy', 'sx', 'ph', 'pw', 'dy', 'dx', outh='h', outw='w')
class Deconvolution2DFunction(FunctionNode):
    """``gx`` of a convolution with ``W``, given ``x`` as its ``gy``; plus a bias."""

    arg_names = ('x', 'W', 'b')
    on_arrays = True
    public_name = 'deconvolution_2d'

    def __init__(
        self,
        stride: IntPair = 1,
        pad: IntPair = 0,
        outsize: Any = None,
        *,
        dilate: IntPair = 1,
        groups: int = 1,
        spec: ConvSpec | None = None,
    ) -> None:
        self._arguments = stride, pad, dilate
        self.outsize = outsize
        self.groups = groups
        self.spec = spec  # of the convolution

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_conv_inputs(self, in_types)
        check_deconv_channels(self, in_types, self.groups)
        if len(in_types) == 3:
            channels = in_types[1].shape[1] * self.groups
            check_conv_bias(self, in_types, channels)

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return convolves_bfloat16(inputs)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, W = inputs[:2]
        if self.spec is None:
            self.spec = self._make_spec(x, W, inputs)
        y = kernels_for(x).conv_2d_grad_x(W, x, self.spec)
        if len(inputs) == 3:
            y += inputs[2][:, None, None]
        return y

    def _make_spec(self, x: Array, W: Array, inputs: tuple[Array, ...]) -> ConvSpec:
        stride, pad, dilate = self._arguments
        if self.outsize is None:
            return ConvSpec.of_transposed(
                x.shape, W.shape, stride, pad, None, dilate, self.groups
            )
        # A stride maps several sizes to one, and a convolution may round the output
        # size down or up (cover_all): any size that fits in either way is accepted.
        low, high = [
            ConvSpec.of(
                self.outsize,
                W.shape,
                stride,
                pad,
                dilate,
                self.groups,
                cover_all,
                function=self.public_name,
            )
            for cover_all in (False, True)
        ]
        oh, ow = x.shape[2:]
        if not (low.oh <= oh <= high.oh and low.ow <= ow <= high.ow):
            raise self.refuse(
                f'x.shape[2:] from {(low.oh, low.ow)} to {(high.oh, high.ow)}, the '
                f'convolution of outsize {self.outsize}',
                (oh, ow),
                'leave outsize=None, or change it by less than the stride',
            )
        return low._replace(oh=oh, ow=ow)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        (gy,) = grad_outputs
        spec: Any = self.spec
        gradients: list[Any] = []
        if 0 in indexes:
            function = Convolution2DFunction(spec=spec, groups=spec.groups)
            gradients += derive(function, gy, W)
        if 1 in indexes:
            gradients += derive(Convolution2DGradW(spec, W.dtype), gy, x)
        if 2 in indexes:
            gradients.append(sum_over_pixels(gy))
        return gradients


def check_deconv_channels(
    node: FunctionNode, in_types: InputTypes, groups: int
) -> None:
    """Refuses channels that do not divide into the groups of the filters."""
    x, W = in_types[:2]
    if x.shape[1] != W.shape[0]:
        raise node.refuse(
            'x.shape[1] == W.shape[0]',
            f'{x.shape[1]} != {W.shape[0]}',
            f'W takes {W.shape[0]} input channels, but x has {x.shape[1]}',
        )
    if groups > 1 and W.shape[0] % groups:
        raise node.refuse(
            'W.shape[0] % groups == 0',
            f'{W.shape[0]} % {groups}',
            'each group needs the same number of input channels',
        )


def deconvolution_2d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: IntPair = 1,
    pad: IntPair = 0,
    outsize: Any = None,
    *,
    dilate: IntPair = 1,
    groups: int = 1,
) -> Variable:
    """Two-dimensional deconvolution, also called transposed convolution.

    It maps ``x`` to images as the gradient of a convolution would: every input pixel
    adds its multiple of a filter to the output.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        W: Filters, float, shape ``(C, OC / groups, KH, KW)``.
        b: Biases, dtype of ``x``, shape ``(OC,)``; None for none.
        stride: Distance between the places of two input pixels, ``s`` or ``(sy, sx)``.
        pad: Width cut off around the output, ``p`` or ``(ph, pw)``.
        outsize: ``(OH, OW)``; None takes the smallest size.
        dilate: Distance between the taps of a filter, ``d`` or ``(dy, dx)``.
        groups: Number of groups that the channels are split into.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OH, OW)`` with
        ``OH = sy (H - 1) + dy (KH - 1) + 1 - 2 ph``.

    Raises:
        InvalidType: An input is not float with 4 axes, the channels do not fit, or no
            convolution maps ``outsize`` to the size of ``x``.
        ValueError: A number is out of range, or the output would be empty.

    Gradient: a convolution for ``x``, a correlation of ``gy`` and ``x`` for ``W``.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn.
    Source: Zeiler et al. 2010; compatible with chainer.functions.deconvolution_2d.

    Example:
        >>> x, W = np.ones((1, 3, 5, 10), 'f'), np.ones((3, 2, 10, 10), 'f')
        >>> F.deconvolution_2d(x, W, stride=(5, 7), pad=5).shape
        (1, 2, 20, 63)
    """
    function = Deconvolution2DFunction(
        stride, pad, outsize, dilate=dilate, groups=groups
    )
    return function.apply((x, W) if b is None else (x, W, b))[0]
