"""The two-dimensional convolution layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigrad.functions.connection.convolution_2d import convolution_2d
from minigrad.kernels.specs import IntPair
from minigrad.links.connection.convolution_nd import ConvolutionND
from minigrad.utils import argument


class Convolution2D(ConvolutionND):
    """A convolution layer for images.

    ``Convolution2D(out_channels, ksize)`` leaves ``in_channels`` to the first input.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        ksize: Window, ``k`` or ``(kh, kw)``.
        stride: Step of the window, ``s`` or ``(sy, sx)``.
        pad: Zeros around the image, ``p`` or ``(ph, pw)``.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        dilate: Distance of the window's points, ``d`` or ``(dy, dx)``.
        groups: Number of groups of channels that do not mix.

    Attributes:
        W: Weights, shape ``(out_channels, in_channels / groups, kh, kw)``.
        b: Bias, shape ``(out_channels,)``, or None.

    Raises:
        ValueError: a number is out of its range, or channels do not divide into groups.
        InvalidType: (when called first) the input has not 4 axes.

    Source: compatible with chainer.links.Convolution2D.

    Example:
        >>> conv = L.Convolution2D(None, 6, 5)
        >>> conv(np.zeros((2, 1, 28, 28), 'f')).shape, conv.W.shape
        ((2, 6, 24, 24), (6, 1, 5, 5))
    """

    n_axes = 2
    function = staticmethod(convolution_2d)

    def __init__(
        self,
        in_channels: int | None,
        out_channels: Any,
        ksize: IntPair | None = None,
        stride: IntPair = 1,
        pad: IntPair = 0,
        nobias: bool = False,
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
            initialW,
            initial_bias,
            dilate=dilate,
            groups=groups,
        )
        self.ksize = out_channels if ksize is None else ksize  # as it was given

    @property
    def printable_specs(self) -> Iterator[tuple[str, Any]]:
        """Names and values of the arguments that describe this link."""
        yield 'in_channels', self.in_channels
        yield 'out_channels', self.out_channels
        yield 'ksize', self.ksize
        yield 'stride', self.stride
        yield 'pad', self.pad
        yield 'nobias', self.b is None
        yield 'dilate', self.dilate
        yield 'groups', self.groups


USE_CUDNN_DETERMINISTIC = (
    'deterministic argument is not supported anymore. Use '
    "using_config('cudnn_deterministic', value) context where value is either True or "
    'False.'
)
