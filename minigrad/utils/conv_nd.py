"""Windows over any number of axes as columns and back, by Chainer's path.

The functions of this library use `minigrad.kernels`, which are faster.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from minigrad.backend import get_array_module
from minigrad.kernels.specs import get_conv_outsize
from minigrad.types import Array


def as_tuple(x: Any, n: int) -> tuple[Any, ...]:
    """Returns ``n`` values: those of a sequence, or one value ``n`` times.

    Raises:
        ValueError: The sequence has another length.
    """
    if not hasattr(x, '__getitem__'):
        return (x,) * n
    if len(x) != n:
        raise ValueError(f'expected a number or {n} numbers, got {x}')
    return tuple(x)


def _windows(
    ksize: Sequence[int],
    stride: Sequence[int],
    outs: Sequence[int],
    dilate: Sequence[int],
) -> Iterator[tuple[Any, Any]]:
    # Pairs of indexes into the columns and into the padded image.
    rest = (slice(None),) * len(ksize)
    for place in itertools.product(*map(range, ksize)):
        starts = [k * d for k, d in zip(place, dilate, strict=True)]
        spans = [
            slice(start, start + (out - 1) * s + 1, s)
            for start, out, s in zip(starts, outs, stride, strict=True)
        ]
        yield (slice(None), slice(None), *place, *rest), (..., *spans)


def im2col_nd(
    img: Array,
    ksize: Sequence[int],
    stride: Sequence[int],
    pad: Sequence[int],
    cover_all: bool = False,
    dilate: int | Sequence[int] = 1,
) -> Array:
    """Copies the windows of images into columns.

    Args:
        img: Images, shape ``(N, C, d_1, ..., d_n)``.
        ksize: Size of a window along each axis.
        stride: Steps.
        pad: Padding with zeros on both sides.
        cover_all: If True, the last windows may reach beyond the padding.
        dilate: Distances between the pixels of a window.

    Returns:
        Array of shape ``(N, C, k_1, ..., k_n, out_1, ..., out_n)``.

    Source: compatible with chainer.utils.conv_nd.im2col_nd.

    Example:
        >>> from minigrad.utils import conv_nd
        >>> conv_nd.im2col_nd(np.ones((1, 2, 5, 5, 5)), (2, 2, 2), (1,) * 3, (0,) * 3).shape
        (1, 2, 2, 2, 2, 4, 4, 4)
    """
    return im2col_nd_cpu(img, ksize, stride, pad, 0, cover_all, dilate)


def im2col_nd_cpu(
    img: Array,
    ksize: Sequence[int],
    stride: Sequence[int],
    pad: Sequence[int],
    pval: float = 0,
    cover_all: bool = False,
    dilate: int | Sequence[int] = 1,
) -> Array:
    """Is `im2col_nd` with a value for the padding.

    Args:
        img: See `im2col_nd`.
        ksize: See `im2col_nd`.
        stride: See `im2col_nd`.
        pad: See `im2col_nd`.
        pval: Value of the padding.
        cover_all: See `im2col_nd`.
        dilate: See `im2col_nd`.

    Source: compatible with chainer.utils.conv_nd.im2col_nd_cpu.
    """
    xp = get_array_module(img)
    sizes, n = img.shape[2:], img.ndim - 2
    dilate = as_tuple(dilate, n)
    axes = list(zip(sizes, ksize, stride, pad, dilate, strict=True))
    outs = [get_conv_outsize(d, k, s, p, cover_all, di) for d, k, s, p, di in axes]
    after = [
        max(0, (out - 1) * s + (k - 1) * di + 1 - p - d)
        for out, (d, k, s, p, di) in zip(outs, axes, strict=True)
    ]
    margins = [(0, 0), (0, 0), *zip(pad, after, strict=True)]
    img = xp.pad(img, margins, constant_values=pval)
    col = xp.empty((*img.shape[:2], *ksize, *outs), img.dtype)
    for to, source in _windows(ksize, stride, outs, dilate):
        col[to] = img[source]
    return col


def col2im_nd(
    col: Array,
    stride: Sequence[int],
    pad: Sequence[int],
    dims: Sequence[int],
    dilate: int | Sequence[int] = 1,
) -> Array:
    """Adds columns up into images, the derivative of `im2col_nd`.

    Args:
        col: Columns, shape ``(N, C, k_1, ..., k_n, out_1, ..., out_n)``.
        stride: Steps.
        pad: Padding.
        dims: Size of the images along each axis.
        dilate: Distances between the pixels of a window.

    Returns:
        Array of shape ``(N, C, *dims)``.

    Source: compatible with chainer.utils.conv_nd.col2im_nd.

    Example:
        >>> from minigrad.utils import conv_nd
        >>> conv_nd.col2im_nd(np.ones((1, 1, 2, 2)), (1,), (0,), (3,))
        array([[[1., 2., 1.]]])
    """
    xp = get_array_module(col)
    n = len(dims)
    ksize, outs = col.shape[2 : 2 + n], col.shape[2 + n :]
    dilate = as_tuple(dilate, n)
    sizes = [
        max(p + d, (out - 1) * s + (k - 1) * di + 1)
        for p, d, out, s, k, di in zip(
            pad, dims, outs, stride, ksize, dilate, strict=True
        )
    ]
    img = xp.zeros((*col.shape[:2], *sizes), col.dtype)
    for source, to in _windows(ksize, stride, outs, dilate):
        img[to] += col[source]
    inside = [slice(p, p + d) for p, d in zip(pad, dims, strict=True)]
    return img[(..., *inside)]


im2col_nd_gpu, col2im_nd_cpu, col2im_nd_gpu = im2col_nd, col2im_nd, col2im_nd
