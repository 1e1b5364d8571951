"""The deconvolution (transposed convolution) layer over any number of axes."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.functions.connection.deconvolution_nd import deconvolution_nd
from minigrad.kernels.specs_nd import IntOrInts
from minigrad.links.connection._convolution import ConvolutionLink, in_out_ksize
from minigrad.variable import Variable


class DeconvolutionND(ConvolutionLink):
    """A transposed convolution layer for arrays with any number of spatial axes.

    ``DeconvolutionND(ndim, out_channels, ksize)`` leaves ``in_channels`` to the first
    input.

    Args:
        ndim: Number of spatial axes, n.
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Window, ``k`` or ``(k1, ..., kn)``.
        stride: Step of the window on the output, ``s`` or one number per axis.
        pad: Width cut off around the output, ``p`` or one number per axis.
        nobias: If True there is no ``b``.
        outsize: Size of the output, ``(l1, ..., ln)``; None is the smallest that fits.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        dilate: Distance of the window's points, ``d`` or one number per axis.
        groups: Number of groups of channels that do not mix.

    Attributes:
        W: Weights, shape ``(in_channels, out_channels / groups, k1, ..., kn)``.
        b: Bias, shape ``(out_channels,)``, or None.

    Raises:
        ValueError: a number is out of its range, or channels do not divide into groups.
        InvalidType: (when called first) the input has not n + 2 axes.

    Source: compatible with chainer.links.DeconvolutionND.

    Example:
        >>> deconv = L.DeconvolutionND(3, None, 7, 4, 2, 1)
        >>> deconv(np.zeros((1, 2, 5, 5, 5), 'f')).shape
        (1, 7, 10, 10, 10)
    """

    function: ClassVar[Any] = staticmethod(deconvolution_nd)

    def __init__(
        self,
        ndim: int,
        in_channels: int | None,
        out_channels: Any,
        ksize: IntOrInts | None = None,
        stride: IntOrInts = 1,
        pad: IntOrInts = 0,
        nobias: bool = False,
        outsize: Any = None,
        initialW: Any = None,
        initial_bias: Any = None,
        dilate: IntOrInts = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            *in_out_ksize(in_channels, out_channels, ksize),
            stride=stride,
            pad=pad,
            nobias=nobias,
            initialW=initialW,
            initial_bias=initial_bias,
            dilate=dilate,
            groups=groups,
            ndim=ndim,
        )
        self.ksize = self._window_
        self.outsize = outsize

    def _W_shape_(self, in_channels: int) -> tuple[int, ...]:
        return (in_channels, (self.out_channels or 0) // self.groups, *self._window_)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to an array of shape ``(N, in_channels, d1, ..., dn)``."""
        self._initialize_from_(x)
        return self.function(  # type: ignore[no-any-return]
            x,
            self.W,
            self.b,
            self.stride,
            self.pad,
            self.outsize,
            dilate=self.dilate,
            groups=self.groups,
        )


class _FixedAxes(DeconvolutionND):
    """A `DeconvolutionND` that knows its number of axes."""

    def __init__(
        self,
        in_channels: int | None,
        out_channels: Any,
        ksize: IntOrInts,
        stride: IntOrInts = 1,
        pad: IntOrInts = 0,
        nobias: bool = False,
        outsize: Any = None,
        initialW: Any = None,
        initial_bias: Any = None,
        dilate: IntOrInts = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            self.n_axes or 0,
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


class Deconvolution1D(_FixedAxes):
    """A transposed convolution layer for sequences; see `DeconvolutionND`.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Length of the window.
        stride: Step of the window on the output.
        pad: Width cut off at either end of the output.
        nobias: If True there is no ``b``.
        outsize: Length of the output, in a tuple; None is the smallest that fits.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        dilate: Distance of the window's points.
        groups: Number of groups of channels that do not mix.

    Source: compatible with chainer.links.Deconvolution1D.

    Example:
        >>> L.Deconvolution1D(3, 6, 4, 2, 1)(np.zeros((2, 3, 10), 'f')).shape
        (2, 6, 20)
    """

    n_axes = 1


class Deconvolution3D(_FixedAxes):
    """A transposed convolution layer for volumes; see `DeconvolutionND`.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Window, ``k`` or ``(kd, kh, kw)``.
        stride: Step of the window on the output, ``s`` or ``(sz, sy, sx)``.
        pad: Width cut off around the output, ``p`` or ``(pd, ph, pw)``.
        nobias: If True there is no ``b``.
        outsize: Size of the output, ``(d, h, w)``; None is the smallest that fits.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        dilate: Distance of the window's points, ``d`` or ``(dz, dy, dx)``.
        groups: Number of groups of channels that do not mix.

    Source: compatible with chainer.links.Deconvolution3D.

    Example:
        >>> L.Deconvolution3D(3, 6, 4, 2, 1)(np.zeros((2, 3, 4, 5, 6), 'f')).shape
        (2, 6, 8, 10, 12)
    """

    n_axes = 3
