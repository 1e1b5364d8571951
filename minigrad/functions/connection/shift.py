"""Shift: a convolution without products."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.kernels.specs import IntPair
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Shift(FunctionNode):
    """Moves each group of channels in a direction of its own."""

    arg_names = ('x',)

    def __init__(self, ksize: Any = 3, dilate: Any = 1) -> None:
        self.kh, self.kw = _pair(ksize)
        self.dy, self.dx = _pair(dilate)
        if self.kh % 2 != 1 or self.kw % 2 != 1:
            raise ValueError(
                f'shift: ksize must be odd, got {self.kh}x{self.kw}: a window needs a '
                'middle'
            )

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        taps = self.kh * self.kw
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if x.ndim != 4:
            raise self.refuse('x.ndim == 4 (N, C, H, W)', x.ndim)
        if x.shape[1] < taps:
            raise self.refuse(
                f'x.shape[1] >= {taps}, a channel for each of {self.kh}x{self.kw} shifts',
                x.shape[1],
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        y = get_array_module(x).zeros_like(x)
        C, H, W = x.shape[1:]
        taps = self.kh * self.kw
        size, middle = C // taps, taps // 2
        for group in range(taps):
            last = group == taps - 1
            # The channels that are left over stay where they are: the group in the
            # middle, which does not move, comes last.
            tap = middle if last else taps - 1 if group == middle else group
            channels = slice(group * size, C if last else (group + 1) * size)
            to_y, from_y = _overlap((tap // self.kw - self.kh // 2) * self.dy, H)
            to_x, from_x = _overlap((tap % self.kw - self.kw // 2) * self.dx, W)
            y[:, channels, to_y, to_x] = x[:, channels, from_y, from_x]
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        back = Shift((self.kh, self.kw), (-self.dy, -self.dx))
        return back.apply(grad_outputs)


def _pair(value: Any) -> Any:
    return value if hasattr(value, '__getitem__') else (value, value)


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    """Returns where an axis moved by ``shift`` goes, and where it comes from."""
    length = max(size - abs(shift), 0)
    to, origin = max(shift, 0), max(-shift, 0)
    return slice(to, to + length), slice(origin, origin + length)


@checks_arguments
def shift(x: Any, ksize: IntPair = 3, dilate: IntPair = 1) -> Variable:
    """Moves groups of channels, each by another tap of a window.

    Zeros come in at the border. The group of the tap in the middle, and what is left
    over when the channels are shared out, stays in its place and comes last.

    Args:
        x: Images, float, shape ``(N, C, H, W)`` with at least one channel per tap.
        ksize: Window, ``k`` or ``(kh, kw)``, odd numbers.
        dilate: Distance between the taps, ``d`` or ``(dy, dx)``.

    Returns:
        Variable, dtype and shape of ``x``.

    Raises:
        InvalidType: ``x`` is not float with 4 axes, or has too few channels.
        ValueError: ``ksize`` is even.

    Gradient: moved back.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Wu et al. 2018; compatible with chainer.functions.shift.

    Example:
        >>> x = np.tile(np.array([1., 2., 3.]), (1, 3, 1, 1))
        >>> F.shift(x, (1, 3)).array[0, :, 0]
        array([[2., 3., 0.],
               [0., 1., 2.],
               [1., 2., 3.]])
    """
    return Shift(ksize, dilate).apply((x,))[0]
