"""Convolution and the family of its derivatives, over any number of axes.

A convolution ``y = x * W`` is linear in both arrays. Its three products (``y`` from ``x``
and ``W``, ``gx`` from ``gy`` and ``W``, ``gW`` from ``x`` and ``gy``) share one spec, and
the derivative of each is made of the other two. ``gx`` is a deconvolution.

Images have kernels of their own: the two-dimensional nodes are the others with a
`ConvSpec` in place of a `WindowSpec`.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy

from minigrad.dtypes import is_bfloat16
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._derivative import derive
from minigrad.functions._spatial import check_ndim
from minigrad.functions.array.cast import cast
from minigrad.functions.math.sum_to import sum_to
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import ConvSpec, IntPair
from minigrad.kernels.specs_nd import IntOrInts, WindowSpec, read_numbers
from minigrad.types import Array
from minigrad.variable import Variable, as_array

Spec = WindowSpec | ConvSpec


class _Product(FunctionNode):
    """One of the three products; its ``family`` says which nodes and kernels go with it."""

    on_arrays = True
    spec: Any
    on_images: ClassVar[bool] = False
    family: ClassVar[Any]  # a `Family`; given at the end of this file

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        arrays = [as_array(x) for x in inputs]
        return (
            self.on_images
            and kernels_for(arrays[0]).convolves_bfloat16
            and all([is_bfloat16(a.dtype) for a in arrays])  # noqa: C419
        )


class _WithBias(_Product):
    """A product of ``x`` and ``W``, to which a bias is added."""

    arg_names = ('x', 'W', 'b')
    fresh_gradients = True
    _b_dtype: Any = None

    ndim: int
    groups: int
    _given: tuple[IntOrInts, IntOrInts, IntOrInts]  # stride, pad, dilate

    def check_type_forward(self, in_types: InputTypes) -> None:
        if not 2 <= len(in_types) <= 3:
            raise self.refuse('inputs x, W and perhaps b', f'{len(in_types)} inputs')
        check_ndim(self, in_types, self.ndim)
        channels = self.check_channels(*in_types[:2])
        if len(in_types) == 3:
            self._check_bias(in_types[0], in_types[2], channels)

    def check_channels(self, x: Array, W: Array) -> Any:
        """Refuses channels that do not fit; returns the number of output channels."""
        raise NotImplementedError

    def _check_bias(self, x: Array, b: Array, channels: int) -> None:
        if self.on_images and b.dtype != x.dtype:
            raise self.refuse('b.dtype == x.dtype', f'{b.dtype} != {x.dtype}')
        if b.dtype.kind != 'f' and b.dtype != x.dtype:
            raise self.refuse("b.dtype.kind == 'f'", b.dtype)
        if b.shape != (channels,):
            hint = 'one bias per output channel'
            raise self.refuse(f'b.shape == ({channels},)', b.shape, hint)

    def _check_groups(self, W: Array, which: str) -> None:
        if self.groups > 1 and W.shape[0] % self.groups:
            raise self.refuse(
                'W.shape[0] % groups == 0',
                f'{W.shape[0]} % {self.groups}',
                f'each group needs the same number of {which} channels',
            )

    def bias_gradient(self, gy: Any) -> Any:
        """Returns ``gy`` summed over all axes but the channels, in the bias's dtype."""
        gb = sum_over_pixels(gy)
        dtype = self._b_dtype
        if gb.dtype == dtype:
            return gb
        return cast(gb, dtype) if isinstance(gb, Variable) else gb.astype(dtype)


@reads('spec', 'stride', 'pad', 'dilate')
class ConvolutionND(_WithBias):
    """``y = x * W + b``, in the dtype of ``x``."""

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
        spec: Spec | None = None,
    ) -> None:
        self.ndim = ndim
        self._given = stride, pad, dilate
        self.cover_all = cover_all
        self.groups = groups
        self.spec = spec

    def check_channels(self, x: Array, W: Array) -> Any:
        groups = self.groups
        if x.shape[1] != W.shape[1] * groups:
            raise self.refuse(
                'x.shape[1] == W.shape[1] * groups',
                f'{x.shape[1]} != {W.shape[1]} * {groups}',
                f'W takes {W.shape[1]} input channels'
                + (' per group' if groups != 1 else '')
                + f', but x has {x.shape[1]}',
            )
        self._check_groups(W, 'output')
        return W.shape[0]

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, W = inputs[:2]
        b = inputs[2] if len(inputs) == 3 else None
        if self.spec is None:
            self.spec = self.family.spec.of(
                x.shape[2:],
                W.shape[2:],
                *self._given,
                self.groups,
                self.cover_all,
                function=self.public_name,
            )
        if b is not None:
            self._b_dtype = b.dtype
            b = b.astype(x.dtype, copy=False)
        return getattr(kernels_for(x), self.family.y)(x, W, b, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        (gy,) = grad_outputs
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(self.family.transposed(self.spec), gy, W)
        if 1 in indexes:
            gradients += derive(self.family.grad_w(self.spec, W.dtype), x, gy)
        if 2 in indexes:
            gradients.append(self.bias_gradient(gy))
        return gradients


@reads('spec', 'stride', 'pad', 'dilate', 'groups', ksize='window')
class ConvolutionNDGradW(_Product):
    """``gW``, from ``x`` and ``gy``."""

    arg_names = ('x', 'gy')

    def __init__(self, spec: Spec, dtype: Any) -> None:
        self.spec = spec
        self._dtype = dtype

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gy = inputs
        # Weights wider than the images keep that width in the sum over all pixels.
        dtype = numpy.promote_types(x.dtype, self._dtype)
        x, gy = x.astype(dtype, copy=False), gy.astype(dtype, copy=False)
        gW = getattr(kernels_for(x), self.family.gW)(x, gy, self.spec)
        return gW.astype(self._dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gy = self.get_retained_inputs()
        (ggW,) = grad_outputs
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(self.family.transposed(self.spec), gy, ggW)
        if 1 in indexes:
            gradients += derive(self.family.convolution(self.spec), x, ggW)
        return gradients


@reads('spec', 'stride', 'pad', 'dilate', outs='size')
class DeconvolutionND(_WithBias):
    """``gx`` of a convolution with ``W``, given ``x`` as its ``gy``; plus a bias."""

    public_name = 'deconvolution_nd'

    def __init__(
        self,
        ndim: int,
        stride: IntOrInts = 1,
        pad: IntOrInts = 0,
        outsize: Any = None,
        dilate: IntOrInts = 1,
        groups: int = 1,
        *,
        spec: Spec | None = None,  # of the convolution
    ) -> None:
        self.ndim = ndim
        self._given = stride, pad, dilate
        self.groups = groups
        self.spec = spec
        self._outsize = outsize
        if outsize is not None:
            name = self.public_name
            self._outsize = read_numbers(outsize, ndim, 'outsize', 1, name)

    def check_channels(self, x: Array, W: Array) -> Any:
        if x.shape[1] != W.shape[0]:
            raise self.refuse(
                'x.shape[1] == W.shape[0]',
                f'{x.shape[1]} != {W.shape[0]}',
                f'W takes {W.shape[0]} input channels, but x has {x.shape[1]}',
            )
        self._check_groups(W, 'input')
        return W.shape[1] * self.groups

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, W = inputs[:2]
        if self.spec is None:
            self.spec = self._make_spec(x.shape[2:], W.shape[2:])
        y = getattr(kernels_for(x), self.family.gx)(W, x, self.spec)
        if len(inputs) == 3:
            b = inputs[2]
            self._b_dtype = b.dtype
            y += b.reshape(-1, *[1] * self.ndim)
        return y

    def _make_spec(self, size: tuple[int, ...], window: tuple[int, ...]) -> Any:
        stride, pad, dilate = self._given
        kind, function = self.family.spec, self.public_name
        if self._outsize is None:
            return kind.of_transposed(
                size,
                window,
                stride,
                pad,
                dilate=dilate,
                groups=self.groups,
                function=function,
            )
        # A stride maps several sizes to one, and a convolution may round the output
        # size down or up (cover_all): any size that fits in either way is accepted.
        low, high = [
            kind.of(
                self._outsize,
                window,
                *self._given,
                self.groups,
                cover_all,
                function=function,
            )
            for cover_all in (False, True)
        ]
        least, most = low.windows().out, high.windows().out
        if not all(
            [a <= n <= b for a, n, b in zip(least, size, most, strict=True)]  # noqa: C419
        ):
            raise self.refuse(
                f'x.shape[2:] from {least} to {most}, the convolution of outsize '
                f'{self._outsize}',
                size,
                'leave outsize=None, or change it by less than the stride',
            )
        return low.reaching(size)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        (gy,) = grad_outputs
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(self.family.convolution(self.spec), gy, W)
        if 1 in indexes:
            gradients += derive(self.family.grad_w(self.spec, W.dtype), gy, x)
        if 2 in indexes:
            gradients.append(self.bias_gradient(gy))
        return gradients


@reads('spec', 'sy', 'sx', 'ph', 'pw', 'dy', 'dx')
class Convolution2DFunction(ConvolutionND):
    """`ConvolutionND` of images."""

    public_name = 'convolution_2d'
    on_images = True

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
        super().__init__(2, stride, pad, cover_all, dilate, groups, spec=spec)


@reads('spec', 'sy', 'sx', 'ph', 'pw', 'dy', 'dx', 'kh', 'kw')
class Convolution2DGradW(ConvolutionNDGradW):
    """`ConvolutionNDGradW` of images."""

    on_images = True


@reads('spec', 'sy', 'sx', 'ph', 'pw', 'dy', 'dx', outh='h', outw='w')
class Deconvolution2DFunction(DeconvolutionND):
    """`DeconvolutionND` to images."""

    public_name = 'deconvolution_2d'
    on_images = True

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
        super().__init__(2, stride, pad, outsize, dilate, groups, spec=spec)


class Family(NamedTuple):
    """What belongs together: a kind of spec, the nodes made from one, the kernels."""

    spec: Any
    convolution: Any
    grad_w: Any
    transposed: Any
    y: str
    gx: str
    gW: str


ConvolutionND.family = ConvolutionNDGradW.family = DeconvolutionND.family = Family(
    WindowSpec,
    lambda spec: ConvolutionND(len(spec.size), groups=spec.groups, spec=spec),
    ConvolutionNDGradW,
    lambda spec: DeconvolutionND(len(spec.size), groups=spec.groups, spec=spec),
    *('conv_nd', 'conv_nd_grad_x', 'conv_nd_grad_w'),
)
Convolution2DFunction.family = Convolution2DGradW.family = Family(
    ConvSpec,
    lambda spec: Convolution2DFunction(groups=spec.groups, spec=spec),
    Convolution2DGradW,
    lambda spec: Deconvolution2DFunction(groups=spec.groups, spec=spec),
    *('conv_2d', 'conv_2d_grad_x', 'conv_2d_grad_w'),
)
Deconvolution2DFunction.family = Convolution2DFunction.family


def sum_over_pixels(gy: Any) -> Any:
    """Returns ``gy`` summed over all axes but the channels."""
    if not isinstance(gy, Variable):
        return kernels_for(gy).sum_channels(gy)
    channels = gy.shape[1]
    return sum_to(gy, (1, channels, *[1] * (gy.ndim - 2))).reshape((channels,))
