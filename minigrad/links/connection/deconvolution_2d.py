"""The two-dimensional deconvolution (transposed convolution) layer."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection.deconvolution_2d import deconvolution_2d
from minigrad.kernels.specs import IntPair
from minigrad.links.connection._convolution import ConvolutionLink, in_out_ksize
from minigrad.links.connection.convolution_2d import USE_CUDNN_DETERMINISTIC
from minigrad.utils import argument
from minigrad.variable import Variable


class Deconvolution2D(ConvolutionLink):
    """A transposed convolution layer: it enlarges images by its stride.

    ``Deconvolution2D(out_channels, ksize)`` leaves ``in_channels`` to the first input.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Window, ``k`` or ``(kh, kw)``.
        stride: Step of the window on the output, ``s`` or ``(sy, sx)``.
        pad: Pixels cut off around the output, ``p`` or ``(ph, pw)``.
        nobias: If True there is no ``b``.
        outsize: Size of the output, ``(h, w)``; None is the smallest that fits.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        dilate: Distance of the window's points, ``d`` or ``(dy, dx)``.
        groups: Number of groups of channels that do not mix.

    Attributes:
        W: Weights, shape ``(in_channels, out_channels / groups, kh, kw)``.
        b: Bias, shape ``(out_channels,)``, or None.

    Raises:
        ValueError: a number is out of its range, or channels do not divide into groups.
        InvalidType: (when called first) the input has not 4 axes.

    Source: compatible with chainer.links.Deconvolution2D.

    Example:
        >>> deconv = L.Deconvolution2D(None, 3, 4, stride=2, pad=1)
        >>> deconv(np.zeros((2, 8, 7, 7), 'f')).shape
        (2, 3, 14, 14)
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: Any,
        ksize: IntPair | None = None,
        stride: IntPair = 1,
        pad: IntPair = 0,
        nobias: bool = False,
        outsize: tuple[int, int] | None = None,
        initialW: Any = None,
        initial_bias: Any = None,
        *,
        dilate: IntPair = 1,
        groups: int = 1,
        **kwargs: Any,
    ) -> None:
        argument.parse_kwargs(kwargs, deterministic=USE_CUDNN_DETERMINISTIC)
        self.outsize = outsize
        super().__init__(
            *in_out_ksize(in_channels, out_channels, ksize),
            stride=stride,
            pad=pad,
            nobias=nobias,
            initialW=initialW,
            initial_bias=initial_bias,
            dilate=dilate,
            groups=groups,
        )

    def _W_shape(self, in_channels: int) -> tuple[int, ...]:
        return (in_channels, (self.out_channels or 0) // self.groups, *self._window)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to feature maps of shape ``(N, in_channels, H, W)``."""
        self._initialize_from(x)
        return deconvolution_2d(
            x,
            self.W,
            self.b,
            self.stride,
            self.pad,
            self.outsize,
            dilate=self.dilate,
            groups=self.groups,
        )
