"""The convolution layer over any number of axes."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.functions.connection.convolution_nd import convolution_nd
from minigrad.kernels.specs_nd import IntOrInts
from minigrad.links.connection._convolution import ConvolutionLink, in_out_ksize
from minigrad.variable import Variable, as_array


class ConvolutionND(ConvolutionLink):
    """A convolution layer for arrays with any number of spatial axes.

    ``ConvolutionND(ndim, out_channels, ksize)`` leaves ``in_channels`` to the first
    input.

    Args:
        ndim: Number of spatial axes, n.
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Window, ``k`` or ``(k1, ..., kn)``.
        stride: Step of the window, ``s`` or one number per axis.
        pad: Zeros around the input, ``p`` or one number per axis.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        cover_all: If True the output size rounds up so that every element is covered.
        dilate: Distance of the window's points, ``d`` or one number per axis.
        groups: Number of groups of channels that do not mix.

    Attributes:
        W: Weights, shape ``(out_channels, in_channels / groups, k1, ..., kn)``.
        b: Bias, shape ``(out_channels,)``, or None.

    Raises:
        ValueError: a number is out of its range, or channels do not divide into groups.
        InvalidType: (when called first) the input has not n + 2 axes.

    Source: compatible with chainer.links.ConvolutionND.

    Example:
        >>> conv = L.ConvolutionND(3, None, 7, 4)
        >>> conv(np.zeros((1, 2, 5, 5, 5), 'f')).shape, conv.W.shape
        ((1, 7, 2, 2, 2), (7, 2, 4, 4, 4))
    """

    function: ClassVar[Any] = staticmethod(convolution_nd)

    def __init__(
        self,
        ndim: int,
        in_channels: int | None,
        out_channels: Any,
        ksize: IntOrInts | None = None,
        stride: IntOrInts = 1,
        pad: IntOrInts = 0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
        cover_all: bool = False,
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
        self.cover_all = cover_all

    def _W_shape_(self, in_channels: int) -> tuple[int, ...]:
        return (self.out_channels or 0, in_channels // self.groups, *self._window_)

    @classmethod
    def from_params(
        cls,
        W: Any,
        b: Any = None,
        stride: IntOrInts = 1,
        pad: IntOrInts = 0,
        nobias: bool = False,
        **kwargs: Any,
    ) -> ConvolutionND:
        """Makes the layer around given arrays or Variables.

        Args:
            W: Weights, shape ``(out_channels, in_channels / groups, k1, ..., kn)``.
            b: Bias, shape ``(out_channels,)``; None is zeros.
            stride: As in the constructor, and so the others.
            pad: See there.
            nobias: See there.
            kwargs: ``dilate``, ``groups`` and so on; see there.

        Raises:
            ValueError: the lengths of ``W`` and ``b`` differ.
        """
        out_channels, in_channels, *ksize = W.shape
        if b is not None and b.size != out_channels:
            raise ValueError(
                f'{cls.__name__}: W has {out_channels} output channels, but b has '
                f'{b.size} elements'
            )
        make: Any = cls
        return make(  # type: ignore[no-any-return]
            *(() if cls.n_axes else (len(ksize),)),
            in_channels * kwargs.get('groups', 1),
            out_channels,
            tuple(ksize),
            stride=stride,
            pad=pad,
            nobias=nobias,
            initialW=as_array(W),
            initial_bias=as_array(b),
            **kwargs,
        )

    def forward(self, x: Any) -> Variable:
        """Applies the layer to an array of shape ``(N, in_channels, d1, ..., dn)``."""
        self._initialize_from_(x)
        return self.function(  # type: ignore[no-any-return]
            x,
            self.W,
            self.b,
            self.stride,
            self.pad,
            self.cover_all,
            dilate=self.dilate,
            groups=self.groups,
        )


class _FixedAxes(ConvolutionND):
    """A `ConvolutionND` that knows its number of axes."""

    def __init__(
        self,
        in_channels: int | None,
        out_channels: Any,
        ksize: IntOrInts,
        stride: IntOrInts = 1,
        pad: IntOrInts = 0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
        cover_all: bool = False,
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
            initialW,
            initial_bias,
            cover_all,
            dilate,
            groups,
        )


class Convolution1D(_FixedAxes):
    """A convolution layer for sequences; see `ConvolutionND`.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Length of the window.
        stride: Step of the window.
        pad: Zeros at either end.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        cover_all: If True the output size rounds up so that every element is covered.
        dilate: Distance of the window's points.
        groups: Number of groups of channels that do not mix.

    Source: compatible with chainer.links.Convolution1D.

    Example:
        >>> L.Convolution1D(3, 6, 5)(np.zeros((2, 3, 20), 'f')).shape
        (2, 6, 16)
    """

    n_axes = 1


class Convolution3D(_FixedAxes):
    """A convolution layer for volumes; see `ConvolutionND`.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Window, ``k`` or ``(kd, kh, kw)``.
        stride: Step of the window, ``s`` or ``(sz, sy, sx)``.
        pad: Zeros around the volume, ``p`` or ``(pd, ph, pw)``.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        cover_all: If True the output size rounds up so that every voxel is covered.
        dilate: Distance of the window's points, ``d`` or ``(dz, dy, dx)``.
        groups: Number of groups of channels that do not mix.

    Source: compatible with chainer.links.Convolution3D.

    Example:
        >>> L.Convolution3D(3, 6, 3, pad=1)(np.zeros((2, 3, 4, 5, 6), 'f')).shape
        (2, 6, 4, 5, 6)
    """

    n_axes = 3
