"""Shapes of convolutions and poolings over any number of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minigrad.kernels.specs import (
    ConvSpec,
    _integer,
    get_conv_outsize,
    get_deconv_outsize,
)
from minigrad.suggestions import shown

Ints = tuple[int, ...]
IntOrInts = int | Sequence[int]


class WindowSpec(NamedTuple):
    """Windows over ``size``: in every tuple one number per spatial axis."""

    size: Ints
    window: Ints
    out: Ints
    stride: Ints
    pad: Ints
    dilate: Ints
    groups: int = 1
    count_pad: bool = True

    @classmethod
    def of(
        cls,
        size: Sequence[int],
        window: IntOrInts,
        stride: IntOrInts | None = None,
        pad: IntOrInts = 0,
        dilate: IntOrInts = 1,
        groups: int = 1,
        cover_all: bool = False,
        *,
        count_pad: bool = True,
        function: str = 'convolution_nd',
    ) -> WindowSpec:
        """Returns the spec of a convolution or pooling of ``size``.

        Args:
            size: Lengths of the spatial axes.
            window: ``k`` or one number per axis, and so the next three.
            stride: None is ``window``.
            pad: Width of the padding on either side.
            dilate: Distance between the taps of a window.
            groups: Number of groups that the channels are split into.
            cover_all: Round the output size up.
            count_pad: Whether an average counts padding as zeros.
            function: Public name for messages.

        Raises:
            ValueError: A number is out of range, or the window does not fit.

        Example:
            >>> WindowSpec.of((9, 9, 9), (1, 3, 5), 2).out
            (5, 4, 3)
        """
        given = _arguments(len(size), window, stride, pad, dilate, function)
        window, stride, pad, dilate = given
        out = tuple(
            [
                get_conv_outsize(n, k, s, p, cover_all, d)
                for n, k, s, p, d in zip(size, *given, strict=True)
            ]
        )
        if min(out) <= 0:
            spans = [(k - 1) * d + 1 for k, d in zip(window, dilate, strict=True)]
            raise ValueError(
                f'{function}: a {_by(spans)} window does not fit into a {_by(size)} '
                f'input with pad={pad}\n  hint: reduce ksize or add pad'
            )
        groups = _integer(groups, 'groups', 1, function)
        return cls(tuple(size), window, out, stride, pad, dilate, groups, count_pad)

    @classmethod
    def of_transposed(
        cls,
        out: Sequence[int],
        window: IntOrInts,
        stride: IntOrInts | None = None,
        pad: IntOrInts = 0,
        dilate: IntOrInts = 1,
        groups: int = 1,
        cover_all: bool = False,
        *,
        function: str = 'deconvolution_nd',
        least: int = 1,
    ) -> WindowSpec:
        """Returns the spec with the smallest size that `of` maps to ``out``.

        Args:
            out: Lengths of the spatial axes of what is transposed.
            window: As in `of`, and so the others.
            stride: See there.
            pad: See there.
            dilate: See there.
            groups: See there.
            cover_all: See there.
            function: Public name for messages.
            least: Least size that is allowed.

        Raises:
            ValueError: A number is out of range, or that size is too small.

        Example:
            >>> WindowSpec.of_transposed((5, 4, 3), (1, 3, 5), 2).size
            (9, 9, 9)
        """
        given = _arguments(len(out), window, stride, pad, dilate, function)
        window, stride, pad, dilate = given
        size = tuple(
            [
                get_deconv_outsize(n, k, s, p, cover_all, d)
                for n, k, s, p, d in zip(out, *given, strict=True)
            ]
        )
        if min(size) < least:
            raise ValueError(
                f'{function}: the output would be {_by(size)} for a {_by(out)} input '
                f'with pad={pad}\n  hint: reduce pad'
            )
        groups = _integer(groups, 'groups', 1, function)
        return cls(size, window, tuple(out), stride, pad, dilate, groups)

    @classmethod
    def of_unpooling(
        cls,
        out: Sequence[int],
        window: IntOrInts,
        stride: IntOrInts | None = None,
        pad: IntOrInts = 0,
        cover_all: bool = True,
        *,
        function: str = 'unpooling_nd',
    ) -> WindowSpec:
        """Returns the spec of the smallest pooling that gives ``out``; see `of`."""
        # Nothing is left where all that an unpooling gives is padding, as in Chainer.
        return cls.of_transposed(
            out, window, stride, pad, cover_all=cover_all, function=function, least=0
        )

    def windows(self) -> WindowSpec:
        """Returns the numbers by kind: itself; see `ConvSpec.windows`."""
        return self

    def reaching(self, out: Sequence[int]) -> WindowSpec:
        """Returns the spec with another output size."""
        return self._replace(out=tuple(out))

    def plane(self) -> ConvSpec:
        """Returns the part that concerns the last two axes; a lone axis is a row."""
        last_two = [
            (neutral, *numbers)[-2:]
            for neutral, numbers in zip((1, 1, 1, 1, 0, 1), self[:6], strict=True)
        ]
        (h, w), (kh, kw), (oh, ow), (sy, sx), (ph, pw), (dy, dx) = last_two
        return ConvSpec(h, w, kh, kw, oh, ow, sy, sx, ph, pw, dy, dx, self.groups)


def read_numbers(
    value: IntOrInts, ndim: int, name: str, least: int, function: str
) -> Ints:
    """Reads ``k`` as ``(k, ..., k)``, and checks the length of a sequence.

    Args:
        value: A number, or one per axis.
        ndim: Number of axes.
        name: Name of the argument, for messages.
        least: Least value that is allowed.
        function: Public name for messages.

    Raises:
        TypeError: Something is not an integer.
        ValueError: A number is too small, or there are too many or too few.

    Example:
        >>> read_numbers(2, 3, 'pad', 0, 'convolution_3d')
        (2, 2, 2)
    """
    if isinstance(value, int) or not hasattr(value, '__len__'):
        return (_integer(value, name, least, function),) * ndim
    if getattr(value, 'ndim', 1) == 0:  # a NumPy number
        return (_integer(value, name, least, function),) * ndim
    if len(value) != ndim:
        numbers = f'{ndim} number' + ('s' if ndim != 1 else '')
        raise ValueError(
            f'{function}: {name} must have {numbers}, one per spatial axis, '
            f'got {shown(value)}'
        )
    return tuple([_integer(number, name, least, function) for number in value])


def _arguments(
    ndim: int,
    window: IntOrInts,
    stride: IntOrInts | None,
    pad: IntOrInts,
    dilate: IntOrInts,
    function: str,
) -> tuple[Ints, Ints, Ints, Ints]:
    if ndim == 0:
        raise ValueError(f'{function}: x must have at least one spatial axis')
    return (
        read_numbers(window, ndim, 'ksize', 1, function),
        read_numbers(window if stride is None else stride, ndim, 'stride', 1, function),
        read_numbers(pad, ndim, 'pad', 0, function),
        read_numbers(dilate, ndim, 'dilate', 1, function),
    )


def _by(lengths: Sequence[int]) -> str:
    """Writes ``(2, 3, 4)`` as 2x3x4."""
    return 'x'.join(str(length) for length in lengths)
