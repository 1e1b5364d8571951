"""The convolution layer that learns where its filters look."""

from __future__ import annotations

from typing import Any

from minigrad.chain import Chain
from minigrad.functions.connection.deformable_convolution_2d_sampler import (
    deformable_convolution_2d_sampler,
)
from minigrad.initializers import Zero
from minigrad.kernels.specs import IntPair
from minigrad.kernels.specs import _pair as pair
from minigrad.links.connection._convolution import ConvolutionLink
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.variable import Variable


class DeformableConvolution2D(Chain):
    """A convolution layer whose filters look where another convolution tells them.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Window of both convolutions, ``k`` or ``(kh, kw)``.
        stride: Step of the window, ``s`` or ``(sy, sx)``.
        pad: Zeros around the image, ``p`` or ``(ph, pw)``.
        offset_nobias: If True the convolution that gives the offsets has no ``b``.
        offset_initialW: Its initializer of ``W``; None is LeCunNormal.
        offset_initial_bias: Its initializer of ``b``; None is 0.
        deform_nobias: The same for the convolution that looks there.
        deform_initialW: Here None is 0.
        deform_initial_bias: None is 0.

    Attributes:
        offset_conv: `Convolution2D` from the image to two offsets for every tap.
        deform_conv: The convolution that uses them; has ``W`` and ``b`` as one has.

    Raises:
        ValueError: a number is out of its range.
        InvalidType: (when called first) the input has not 4 axes.

    Source: Dai et al. 2017; compatible with chainer.links.DeformableConvolution2D.

    Example:
        >>> conv = L.DeformableConvolution2D(3, 2, 3, pad=1)
        >>> conv(np.zeros((1, 3, 7, 9), 'f')).shape
        (1, 2, 7, 9)
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: IntPair,
        stride: IntPair = 1,
        pad: IntPair = 0,
        offset_nobias: bool = False,
        offset_initialW: Any = None,
        offset_initial_bias: Any = None,
        deform_nobias: bool = False,
        deform_initialW: Any = None,
        deform_initial_bias: Any = None,
    ) -> None:
        super().__init__()
        kh, kw = pair(ksize, 'ksize', 1, 'DeformableConvolution2D')
        with self.init_scope():
            self.offset_conv = Convolution2D(
                in_channels,
                2 * kh * kw,
                ksize,
                stride,
                pad,
                offset_nobias,
                offset_initialW,
                offset_initial_bias,
            )
            self.deform_conv = DeformableConvolution2DSampler(
                in_channels,
                out_channels,
                ksize,
                stride,
                pad,
                deform_nobias,
                deform_initialW,
                deform_initial_bias,
            )

    def forward(self, x: Any) -> Variable:
        """Applies the layer to images of shape ``(N, in_channels, H, W)``."""
        y: Variable = self.deform_conv(x, self.offset_conv(x))
        return y


class DeformableConvolution2DSampler(ConvolutionLink):
    """The second convolution of `DeformableConvolution2D`, which is given offsets."""

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: IntPair,
        stride: IntPair = 1,
        pad: IntPair = 0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            ksize,
            stride,
            pad,
            nobias,
            Zero() if initialW is None else initialW,
            initial_bias,
        )

    def _W_shape_(self, in_channels: int) -> tuple[int, ...]:
        return (self.out_channels or 0, in_channels, *self._window_)

    def forward(self, x: Any, offset: Any) -> Variable:
        """Applies the layer to images with offsets of ``(N, 2 kh kw, oh, ow)``."""
        self._initialize_from_(x)
        return deformable_convolution_2d_sampler(
            x, offset, self.W, self.b, self.stride, self.pad
        )
