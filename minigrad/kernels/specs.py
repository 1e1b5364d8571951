"""Shapes of convolutions and poolings: every output-size rule of the library.

A spec is a hashable tuple of plain integers, checked once where the user called,
so that kernels receive numbers that fit together and check nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import NamedTuple

from minigrad.suggestions import shown

IntPair = int | Sequence[int]


def get_conv_outsize(
    size: int, k: int, s: int, p: int, cover_all: bool = False, d: int = 1
) -> int:
    """Returns the output length of a convolution or pooling along one axis.

    Args:
        size: Input length.
        k: Window length.
        s: Stride.
        p: Padding at each end.
        cover_all: If True the length rounds up, so that every element is covered.
        d: Dilation: distance between two taps of the window.

    Returns:
        The output length; zero or negative when the window does not fit.

    Source: compatible with chainer.utils.get_conv_outsize.

    Example:
        >>> get_conv_outsize(28, 5, 1, 0)
        24
        >>> get_conv_outsize(5, 2, 2, 0), get_conv_outsize(5, 2, 2, 0, True)
        (2, 3)
    """
    span = (k - 1) * d + 1
    free = size + 2 * p - span
    return (free + s - 1) // s + 1 if cover_all else free // s + 1


def get_deconv_outsize(
    size: int, k: int, s: int, p: int, cover_all: bool = False, d: int = 1
) -> int:
    """Returns the output length of a transposed convolution along one axis.

    It is the smallest length that a convolution with the same window maps to
    ``size``.

    Args:
        size: Input length.
        k: Window length.
        s: Stride.
        p: Padding of the convolution that is transposed.
        cover_all: Whether that convolution rounds its output length up.
        d: Dilation.

    Returns:
        The output length.

    Source: compatible with chainer.utils.get_deconv_outsize.

    Example:
        >>> get_deconv_outsize(24, 5, 1, 0)
        28
    """
    span = (k - 1) * d + 1
    out = s * (size - 1) + span - 2 * p
    return out - s + 1 if cover_all else out


class Windows(NamedTuple):
    """The numbers of a `ConvSpec` or `PoolSpec`, in pairs."""

    size: tuple[int, int]
    window: tuple[int, int]
    out: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int]
    dilate: tuple[int, int]


class ConvSpec(NamedTuple):
    """A two-dimensional convolution from ``(h, w)`` to ``(oh, ow)``."""

    h: int
    w: int
    kh: int
    kw: int
    oh: int
    ow: int
    sy: int
    sx: int
    ph: int
    pw: int
    dy: int
    dx: int
    groups: int

    @property
    def is_pointwise(self) -> bool:
        """Whether each output pixel sees one input pixel, its own."""
        return self[2:4] == (1, 1) and self[6:10] == (1, 1, 0, 0)

    @classmethod
    def of(
        cls,
        x_shape: Sequence[int],
        W_shape: Sequence[int],
        stride: IntPair = 1,
        pad: IntPair = 0,
        dilate: IntPair = 1,
        groups: int = 1,
        cover_all: bool = False,
        *,
        function: str = 'convolution_2d',
    ) -> ConvSpec:
        """Returns the spec of a convolution of ``x`` with ``W``.

        Args:
            x_shape: ``(N, C, H, W)``.
            W_shape: ``(OC, C / groups, KH, KW)``.
            stride: ``s`` or ``(sy, sx)``.
            pad: ``p`` or ``(ph, pw)``.
            dilate: ``d`` or ``(dy, dx)``.
            groups: Number of groups that the channels are split into.
            cover_all: Round the output size up.
            function: Public name for messages.

        Raises:
            ValueError: A number is out of range, or the window does not fit.

        Example:
            >>> spec = ConvSpec.of((8, 3, 32, 32), (16, 3, 5, 5), stride=2, pad=2)
            >>> spec.oh, spec.ow
            (16, 16)
        """
        h, w = x_shape[-2:]
        kh, kw = W_shape[-2:]
        sy, sx = _pair(stride, 'stride', 1, function)
        ph, pw = _pair(pad, 'pad', 0, function)
        dy, dx = _pair(dilate, 'dilate', 1, function)
        groups = _integer(groups, 'groups', 1, function)
        oh = get_conv_outsize(h, kh, sy, ph, cover_all, dy)
        ow = get_conv_outsize(w, kw, sx, pw, cover_all, dx)
        window = ((kh - 1) * dy + 1, (kw - 1) * dx + 1)
        _check_fits((h, w), window, (ph, pw), (oh, ow), function)
        return cls(h, w, kh, kw, oh, ow, sy, sx, ph, pw, dy, dx, groups)

    @classmethod
    def of_transposed(
        cls,
        x_shape: Sequence[int],
        W_shape: Sequence[int],
        stride: IntPair = 1,
        pad: IntPair = 0,
        outsize: IntPair | None = None,
        dilate: IntPair = 1,
        groups: int = 1,
        *,
        function: str = 'deconvolution_2d',
    ) -> ConvSpec:
        """Returns the spec of the convolution whose gradient is this deconvolution.

        Args:
            x_shape: ``(N, C, OH, OW)``: what that convolution would put out.
            W_shape: ``(C, OC / groups, KH, KW)``.
            stride: ``s`` or ``(sy, sx)``.
            pad: ``p`` or ``(ph, pw)``.
            outsize: ``(H, W)`` to produce; by default the smallest one that fits.
            dilate: ``d`` or ``(dy, dx)``.
            groups: Number of groups that the channels are split into.
            function: Public name for messages.

        Raises:
            ValueError: A number is out of range, or no convolution maps ``outsize``
                to the shape of ``x``.

        Example:
            >>> spec = ConvSpec.of_transposed((8, 16, 14, 14), (16, 3, 4, 4), 2, 1)
            >>> spec.h, spec.w
            (28, 28)
        """
        oh, ow = x_shape[-2:]
        kh, kw = W_shape[-2:]
        sy, sx = _pair(stride, 'stride', 1, function)
        ph, pw = _pair(pad, 'pad', 0, function)
        dy, dx = _pair(dilate, 'dilate', 1, function)
        groups = _integer(groups, 'groups', 1, function)
        if outsize is None:
            h = get_deconv_outsize(oh, kh, sy, ph, d=dy)
            w = get_deconv_outsize(ow, kw, sx, pw, d=dx)
            if h <= 0 or w <= 0:
                raise ValueError(
                    f'{function}: the output would be {h}x{w} for a {oh}x{ow} input'
                    f' with pad={_show((ph, pw))}\n  hint: reduce pad'
                )
        else:
            h, w = _pair(outsize, 'outsize', 1, function)
            back = (
                get_conv_outsize(h, kh, sy, ph, d=dy),
                get_conv_outsize(w, kw, sx, pw, d=dx),
            )
            if back != (oh, ow):
                raise ValueError(
                    f'{function}: outsize {h}x{w} does not belong to a {oh}x{ow} input:'
                    f' a convolution with this window, stride and pad takes {h}x{w}'
                    f' to {back[0]}x{back[1]}\n'
                    '  hint: leave outsize=None, or change it by less than the stride'
                )
        return cls(h, w, kh, kw, oh, ow, sy, sx, ph, pw, dy, dx, groups)

    def windows(self) -> Windows:
        """Returns the same numbers by kind, one for each axis."""
        return Windows(*zip(self[:12:2], self[1:12:2], strict=True))

    def reaching(self, out: Sequence[int]) -> ConvSpec:
        """Returns the spec with another output size."""
        return self._replace(oh=out[0], ow=out[1])


class PoolSpec(NamedTuple):
    """A two-dimensional pooling from ``(h, w)`` to ``(oh, ow)``.

    ``count_pad`` says whether an average counts padding as zeros.
    """

    h: int
    w: int
    kh: int
    kw: int
    oh: int
    ow: int
    sy: int
    sx: int
    ph: int
    pw: int
    count_pad: bool = True

    @property
    def window(self) -> tuple[int, int]:
        return self.kh, self.kw

    @property
    def stride(self) -> tuple[int, int]:
        return self.sy, self.sx

    @property
    def pad(self) -> tuple[int, int]:
        return self.ph, self.pw

    def windows(self) -> Windows:
        """Returns the same numbers by kind, one for each axis."""
        rows, columns = (*self[:10:2], 1), (*self[1:10:2], 1)
        return Windows(*zip(rows, columns, strict=True))

    @classmethod
    def of(
        cls,
        x_shape: Sequence[int],
        ksize: IntPair,
        stride: IntPair | None = None,
        pad: IntPair = 0,
        cover_all: bool = False,
        *,
        count_pad: bool = True,
        function: str = 'max_pooling_2d',
    ) -> PoolSpec:
        """Returns the spec of a pooling of ``x``.

        Args:
            x_shape: ``(N, C, H, W)``.
            ksize: ``k`` or ``(kh, kw)``.
            stride: ``s`` or ``(sy, sx)``; by default ``ksize``.
            pad: ``p`` or ``(ph, pw)``.
            cover_all: Round the output size up, so that every pixel is covered.
            count_pad: Whether an average counts padding as zeros.
            function: Public name for messages.

        Raises:
            ValueError: A number is out of range, or the window does not fit.

        Example:
            >>> PoolSpec.of((1, 1, 5, 5), 2, cover_all=True).oh
            3
        """
        h, w = x_shape[-2:]
        kh, kw = _pair(ksize, 'ksize', 1, function)
        sy, sx = (kh, kw) if stride is None else _pair(stride, 'stride', 1, function)
        ph, pw = _pair(pad, 'pad', 0, function)
        oh = get_conv_outsize(h, kh, sy, ph, cover_all)
        ow = get_conv_outsize(w, kw, sx, pw, cover_all)
        _check_fits((h, w), (kh, kw), (ph, pw), (oh, ow), function)
        return cls(h, w, kh, kw, oh, ow, sy, sx, ph, pw, count_pad)

    @classmethod
    def of_unpooling(
        cls,
        x_shape: Sequence[int],
        ksize: IntPair,
        stride: IntPair | None = None,
        pad: IntPair = 0,
        outsize: IntPair | None = None,
        cover_all: bool = True,
        *,
        function: str = 'unpooling_2d',
    ) -> PoolSpec:
        """Returns the spec of the pooling that an unpooling of ``x`` inverts.

        Args:
            x_shape: ``(N, C, OH, OW)``: what that pooling would put out.
            ksize: ``k`` or ``(kh, kw)``.
            stride: ``s`` or ``(sy, sx)``; by default ``ksize``.
            pad: ``p`` or ``(ph, pw)``.
            outsize: ``(H, W)`` to produce; by default the smallest one that fits.
            cover_all: Whether that pooling rounds its output size up.
            function: Public name for messages.

        Raises:
            ValueError: A number is out of range, or no pooling maps ``outsize`` to
                the shape of ``x``.

        Example:
            >>> PoolSpec.of_unpooling((1, 1, 3, 3), 2, cover_all=False).h
            6
        """
        oh, ow = x_shape[-2:]
        kh, kw = _pair(ksize, 'ksize', 1, function)
        sy, sx = (kh, kw) if stride is None else _pair(stride, 'stride', 1, function)
        ph, pw = _pair(pad, 'pad', 0, function)
        if outsize is None:
            h = get_deconv_outsize(oh, kh, sy, ph, cover_all)
            w = get_deconv_outsize(ow, kw, sx, pw, cover_all)
            if h < 0 or w < 0:  # Chainer unpools to nothing, too
                raise ValueError(
                    f'{function}: the output would be {h}x{w} for a {oh}x{ow} input'
                    f' with pad={_show((ph, pw))}\n  hint: reduce pad'
                )
        else:
            h, w = _pair(outsize, 'outsize', 1, function)
            back = (
                get_conv_outsize(h, kh, sy, ph, cover_all),
                get_conv_outsize(w, kw, sx, pw, cover_all),
            )
            if back != (oh, ow):
                raise ValueError(
                    f'{function}: outsize {h}x{w} does not belong to a {oh}x{ow} input:'
                    f' this pooling takes {h}x{w} to {back[0]}x{back[1]}\n'
                    '  hint: leave outsize=None, or change cover_all'
                )
        return cls(h, w, kh, kw, oh, ow, sy, sx, ph, pw)


def _integer(value: object, name: str, least: int, function: str) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f'{function}: {name} must be an integer or a pair of integers, got {value!r}'
        ) from None
    if number < least:
        raise ValueError(f'{function}: {name} must be at least {least}, got {number}')
    return number


def _pair(value: IntPair, name: str, least: int, function: str) -> tuple[int, int]:
    if isinstance(value, int):  # the usual case, without a loop
        number = _integer(value, name, least, function)
        return number, number
    # NumPy integers and 0-d arrays are numbers too.
    if not hasattr(value, '__len__') or getattr(value, 'ndim', 1) == 0:
        number = _integer(value, name, least, function)
        return number, number
    if len(value) != 2:
        raise ValueError(
            f'{function}: {name} must have two numbers, got {shown(value)}'
        )
    return (
        _integer(value[0], name, least, function),
        _integer(value[1], name, least, function),
    )


def _show(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def _check_fits(
    size: tuple[int, int],
    window: tuple[int, int],
    pad: tuple[int, int],
    out: tuple[int, int],
    function: str,
) -> None:
    if out[0] > 0 and out[1] > 0:
        return
    raise ValueError(
        f'{function}: a {window[0]}x{window[1]} window does not fit into a'
        f' {size[0]}x{size[1]} input with pad={_show(pad)}\n'
        '  hint: reduce ksize or add pad'
    )
