"""The convolution layer whose weights are not shared between places."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection.local_convolution_2d import local_convolution_2d
from minigrad.initializers import _get_initializer
from minigrad.kernels.specs import ConvSpec, IntPair
from minigrad.kernels.specs import _pair as pair
from minigrad.link import Link
from minigrad.links._arguments import bias_parameter
from minigrad.parameter import Parameter
from minigrad.utils.argument import parse_kwargs
from minigrad.variable import Variable, as_variable


class LocalConvolution2D(Link):
    """A convolution layer with filters of its own at every place of the image.

    Args:
        in_channels: Channels of the input; None takes them from the first one.
        out_channels: Channels of the output.
        in_size: Size of the input, ``s`` or ``(h, w)``; None takes that of the first.
        ksize: Window, ``k`` or ``(kh, kw)``.
        stride: Step of the window, ``s`` or ``(sy, sx)``.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.
        kwargs: Nothing; Chainer takes whatever comes.

    Attributes:
        W: Weights, shape ``(out_channels, oh, ow, in_channels, kh, kw)``.
        b: Bias, shape ``(out_channels, oh, ow)``, or None.

    Raises:
        ValueError: a number is out of its range, or the window does not fit.
        InvalidType: (when called first) the input has not 4 axes.

    Source: Taigman et al. 2014; compatible with chainer.links.LocalConvolution2D, where
        a stride above 1 fails.

    Example:
        >>> conv = L.LocalConvolution2D(3, 2, ksize=3, stride=2)
        >>> conv(np.zeros((1, 3, 7, 9), 'f')).shape, conv.W.shape
        ((1, 2, 3, 4), (2, 3, 4, 3, 3, 3))
    """

    W: Any
    b: Any

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        in_size: IntPair | None = None,
        ksize: Any = None,
        stride: IntPair = 1,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
        **kwargs: Any,
    ) -> None:
        parse_kwargs(kwargs)
        super().__init__()
        self.ksize = ksize
        self.stride = pair(stride, 'stride', 1, 'LocalConvolution2D')
        self.nobias = nobias
        self.out_channels = out_channels
        with self.init_scope():
            self.W = Parameter(_get_initializer(initialW))
            self.b = None if nobias else bias_parameter(initial_bias)
            if in_channels is not None and in_size is not None:
                size = pair(in_size, 'in_size', 1, 'LocalConvolution2D')
                self._initialize_params(in_channels, size)

    def _initialize_params(self, in_channels: int, in_size: tuple[int, int]) -> None:
        name = 'LocalConvolution2D'
        kh, kw = pair(self.ksize, 'ksize', 1, name)
        spec = ConvSpec.of(in_size, (kh, kw), self.stride, function=name)
        outputs = (self.out_channels, spec.oh, spec.ow)
        self.W.initialize((*outputs, in_channels, kh, kw))
        if self.b is not None:
            self.b.initialize(outputs)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to images of shape ``(N, in_channels, h, w)``."""
        x = as_variable(x)
        if self.W.array is None and x.ndim == 4:
            self._initialize_params(x.shape[1], x.shape[2:])
        return local_convolution_2d(x, self.W, self.b, self.stride)
