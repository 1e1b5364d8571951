"""What the convolution links have in common."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from minigrad.functions._check import Checker
from minigrad.initializers import _get_initializer
from minigrad.kernels.specs_nd import IntOrInts, read_numbers
from minigrad.link import Link
from minigrad.links._arguments import bias_parameter
from minigrad.parameter import Parameter
from minigrad.variable import Variable, as_variable


class ConvolutionLink(Link):
    """Reads the arguments of a convolution and makes its lazy parameters.

    A subclass says what shape its weights have for a number of input channels.
    """

    W: Any
    b: Parameter | None
    _has_read_ = False
    n_axes: ClassVar[int | None] = None  # of a class whose constructor takes no ndim

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int | None,
        ksize: IntOrInts,
        stride: IntOrInts,
        pad: IntOrInts,
        nobias: bool,
        initialW: Any,
        initial_bias: Any,
        dilate: IntOrInts = 1,
        groups: int = 1,
        ndim: int = 2,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.ksize = ksize
        self.ndim = ndim
        self._window_ = read_numbers(ksize, ndim, 'ksize', 1, name)
        self.stride = read_numbers(stride, ndim, 'stride', 1, name)
        self.pad = read_numbers(pad, ndim, 'pad', 0, name)
        self.dilate = read_numbers(dilate, ndim, 'dilate', 1, name)
        self.groups = int(groups)
        with self.init_scope():
            self.W = Parameter(_get_initializer(initialW))
            # Before b: the order in which Chainer draws random numbers.
            if in_channels is not None:
                self._initialize_params(in_channels)
            self.b = None if nobias else bias_parameter(initial_bias, out_channels)

    def _W_shape_(self, in_channels: int) -> tuple[int, ...]:
        raise NotImplementedError

    def _initialize_params(self, in_channels: int) -> None:
        for which, number in (('output', self.out_channels), ('input', in_channels)):
            if number is not None and number % self.groups != 0:
                raise ValueError(
                    f'{type(self).__name__}: the number of {which} channels ({number}) '
                    f'must be divisible by the number of groups ({self.groups})'
                )
        self.W.initialize(self._W_shape_(in_channels))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if '_window_' not in state:  # pickled by Chainer
            self.ndim = state.get('ndim', self.n_axes or 2)
            self.cover_all = state.get('cover_all', False)
            name = type(self).__name__
            self._window_ = read_numbers(self.ksize, self.ndim, 'ksize', 1, name)
            for key in ('stride', 'pad', 'dilate'):
                values = read_numbers(getattr(self, key), self.ndim, key, 0, name)
                setattr(self, key, values)

    def _initialize_from_(self, x: Any) -> None:
        if self._has_read_ and self.W.array is not None:
            return
        x = as_variable(x)
        if not self._has_read_:
            self._has_read_ = True
            self._warn_of_channels_last_(x)
        if self.W.array is not None:
            return
        if x.ndim != self.ndim + 2:
            axes = {1: 'L', 2: 'H, W', 3: 'D, H, W'}.get(self.ndim, '...')
            rule = f'x.ndim == {self.ndim + 2} (N, C, {axes})'
            raise Checker(type(self).__name__, x=x).refuse(rule, x.ndim)
        self._initialize_params(x.shape[1])

    def _warn_of_channels_last_(self, x: Variable) -> None:
        """Warns of images whose last axis is as short as that of colours.

        Where the sizes do not fit, an error says so; here they happen to.
        """
        if x.ndim != self.ndim + 2 or x.creator_node is not None:
            return
        channels, *first, last = x.shape[1:]
        if last in (1, 3, 4) and channels > 4 and all(n == channels for n in first):
            axes = ', '.join(map(str, (0, x.ndim - 1, *range(1, x.ndim - 1))))
            warnings.warn(
                f'{type(self).__name__}: x of shape {x.shape} looks like channels last, '
                f'and is read as {channels} channels\n  hint: x.transpose({axes})',
                stacklevel=4,
            )


def in_out_ksize(
    in_channels: Any, out_channels: Any, ksize: Any
) -> tuple[Any, Any, Any]:
    """Reads ``(out_channels, ksize)`` as ``(None, out_channels, ksize)``."""
    if ksize is None:
        return None, in_channels, out_channels
    return in_channels, out_channels, ksize
