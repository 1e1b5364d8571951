"""The two-dimensional deconvolution (transposed convolution) layer."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection.deconvolution_2d import deconvolution_2d
from minigrad.kernels.specs import IntPair
from minigrad.links.connection.convolution_2d import USE_CUDNN_DETERMINISTIC
from minigrad.links.connection.deconvolution_nd import DeconvolutionND
from minigrad.utils import argument


class Deconvolution2D(DeconvolutionND):
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

    n_axes = 2
    function = staticmethod(deconvolution_2d)

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
        super().__init__(
            2,
            in_channels,
            out_channels,
            ksize,
            stride,
            pad,
            nobias,
            outsize,
            initialW,
            initial_bias,
            dilate,
            groups,
        )
        self.ksize = out_channels if ksize is None else ksize  # as it was given
