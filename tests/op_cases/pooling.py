"""Poolings against loops over windows."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, const, distinct


def pair(value):
    return (value, value) if np.isscalar(value) else tuple(value)


def windows(x, ksize, stride, pad, cover_all, fill):
    """Yields (i, j, rows, columns) of the padded image, and the padded image."""
    (kh, kw), (ph, pw) = pair(ksize), pair(pad)
    sy, sx = (kh, kw) if stride is None else pair(stride)
    sizes = []
    for size, k, s, p in ((x.shape[2], kh, sy, ph), (x.shape[3], kw, sx, pw)):
        free = size + 2 * p - k
        sizes.append(int(np.ceil(free / s)) + 1 if cover_all else free // s + 1)
    padded = np.pad(
        x, ((0, 0), (0, 0), (ph, ph + sy), (pw, pw + sx)), constant_values=fill
    )
    places = [
        (i, j, slice(i * sy, i * sy + kh), slice(j * sx, j * sx + kw))
        for i in range(sizes[0])
        for j in range(sizes[1])
    ]
    return padded, places, sizes


def naive_max_pooling_2d(
    x, ksize, stride=None, pad=0, cover_all=True, return_indices=False
):
    padded, places, sizes = windows(x, ksize, stride, pad, cover_all, -np.inf)
    y = np.zeros((*x.shape[:2], *sizes))
    where = np.zeros(y.shape, int)
    kw = pair(ksize)[1]
    for i, j, rows, columns in places:
        window = padded[:, :, rows, columns]
        y[:, :, i, j] = window.max(axis=(2, 3))
        area = window.shape[2] * window.shape[3]
        flat = window.reshape(*window.shape[:2], area).argmax(axis=2)
        where[:, :, i, j] = (
            flat // window.shape[3] * kw + flat % window.shape[3]
        )  # a window at the edge may be cut
    return (y, where) if return_indices else y


def naive_average_pooling_2d(x, ksize, stride=None, pad=0):
    padded, places, sizes = windows(x, ksize, stride, pad, False, 0)
    y = np.zeros((*x.shape[:2], *sizes))
    for i, j, rows, columns in places:
        y[:, :, i, j] = padded[:, :, rows, columns].mean(axis=(2, 3))
    return y


def naive_unpooling_2d(x, ksize, stride=None, pad=0, outsize=None, cover_all=True):
    (kh, kw), (ph, pw) = pair(ksize), pair(pad)
    sy, sx = (kh, kw) if stride is None else pair(stride)
    H, W = x.shape[2:]
    if outsize is None:
        outsize = (sy * (H - 1) + kh - 2 * ph, sx * (W - 1) + kw - 2 * pw)
        if cover_all:
            outsize = (outsize[0] - sy + 1, outsize[1] - sx + 1)
    canvas = np.zeros((*x.shape[:2], sy * H + kh + 2 * ph, sx * W + kw + 2 * pw))
    for i in range(H):
        for j in range(W):
            canvas[:, :, i * sy : i * sy + kh, j * sx : j * sx + kw] += x[
                :, :, i, j, None, None
            ]
    return canvas[:, :, ph : ph + outsize[0], pw : pw + outsize[1]]


INDEXES = np.array([[[[3, 0], [1, 2]]], [[[0, 0], [3, 1]]]])


def naive_upsampling_2d(x, indexes, ksize, stride=None, pad=0, outsize=None, **kwargs):
    kh, kw = pair(ksize)
    assert stride is None
    assert pad == 0
    y = np.zeros((*x.shape[:2], kh * x.shape[2], kw * x.shape[3]))
    for (n, c, i, j), index in np.ndenumerate(indexes):
        y[n, c, i * kh + index // kw, j * kw + index % kw] = x[n, c, i, j]
    return y[:, :, : outsize[0], : outsize[1]]


def naive_pyramid(x, pyramid_height, pooling):
    levels = []
    for level in range(pyramid_height):
        bins = 2**level
        ksize = [int(np.ceil(size / bins)) for size in x.shape[2:]]
        pad = [
            (k * bins - size) // 2 for k, size in zip(ksize, x.shape[2:], strict=True)
        ]
        y = naive_max_pooling_2d(x, ksize, None, pad)
        levels.append(y.reshape(len(x), x.shape[1] * bins**2, 1, 1))
    return np.concatenate(levels, axis=1)


NOT_AN_IMAGE = [
    ErrorCase((8, 784), ksize=2, raises=InvalidType, match='x.ndim == 4 .N, C, H, W.'),
    ErrorCase(
        np.ones((1, 1, 4, 4), 'i'), ksize=2, raises=InvalidType, match='x.dtype.kind'
    ),
]

CASES = [
    OpCase(
        'max_pooling_2d',
        samples=[
            Sample(distinct((2, 3, 6, 5)), ksize=2),
            Sample(distinct((2, 3, 6, 5)), ksize=3, stride=2, pad=1),
            Sample(distinct((2, 3, 7, 5)), ksize=3, stride=2, cover_all=False),
            Sample(distinct((2, 3, 5, 5)), ksize=(3, 2), stride=(1, 2), pad=(1, 0)),
        ],
        oracle=naive_max_pooling_2d,
        empty=Sample((0, 3, 6, 5), ksize=2),
        errors=[
            *NOT_AN_IMAGE,
            ErrorCase(
                (1, 1, 2, 2),
                ksize=5,
                cover_all=False,
                raises=ValueError,
                match='max_pooling_2d: a 5x5 window does not fit into a 2x2 input',
            ),
            ErrorCase((1, 1, 4, 4), ksize=0, raises=ValueError, match='ksize'),
        ],
    ),
    OpCase(
        'average_pooling_2d',
        samples=[
            Sample((2, 3, 6, 5), ksize=2),
            Sample((2, 3, 6, 5), ksize=3, stride=2, pad=1),
            Sample((2, 3, 5, 5), ksize=(3, 2), stride=(1, 2), pad=(1, 0)),
            Sample((2, 3, 4, 5), ksize=(4, 5)),
        ],
        oracle=naive_average_pooling_2d,
        empty=Sample((0, 3, 6, 5), ksize=2),
        errors=[
            *NOT_AN_IMAGE,
            ErrorCase(
                (1, 1, 2, 2),
                ksize=5,
                raises=ValueError,
                match='average_pooling_2d: a 5x5',
            ),
        ],
    ),
    OpCase(
        'unpooling_2d',
        samples=[
            Sample((2, 3, 3, 2), ksize=2),
            Sample((2, 3, 3, 2), ksize=2, cover_all=False),
            Sample((2, 3, 3, 2), ksize=3, stride=2, pad=1),
            Sample((2, 3, 3, 2), ksize=(2, 3), stride=(3, 2), outsize=(8, 5)),
        ],
        oracle=naive_unpooling_2d,
        empty=Sample((0, 3, 3, 2), ksize=2),
        errors=[
            *NOT_AN_IMAGE,
            ErrorCase(
                (1, 1, 2, 2),
                ksize=2,
                outsize=(9, 4),
                raises=InvalidType,
                match=r'unpooling_2d: .*\(5, 2\), the pooling of outsize \(9, 4\)',
            ),
        ],
    ),
    OpCase(
        'upsampling_2d',
        samples=[
            Sample((2, 1, 2, 2), const(INDEXES), ksize=2, outsize=(4, 4)),
            Sample((2, 1, 2, 2), const(INDEXES), ksize=(2, 3), outsize=(4, 6)),
        ],
        oracle=naive_upsampling_2d,
        errors=[
            ErrorCase(
                (1, 1, 2, 2),
                const(INDEXES),
                ksize=2,
                raises=InvalidType,
                match='x.shape == indexes.shape',
            ),
            ErrorCase(
                (2, 1, 2, 2),
                const(INDEXES),
                ksize=2,
                outsize=(9, 4),
                raises=InvalidType,
                match='upsampling_2d',
            ),
        ],
    ),
    OpCase(
        'spatial_pyramid_pooling_2d',
        samples=[
            Sample(distinct((2, 2, 6, 5)), pyramid_height=2, pooling='max'),
            Sample(distinct((1, 2, 7, 8)), pyramid_height=3, pooling='max'),
        ],
        oracle=naive_pyramid,
        empty=Sample((0, 2, 6, 5), pyramid_height=2, pooling='max'),
        errors=[
            ErrorCase(
                (1, 1, 4, 4), pyramid_height=2, raises=ValueError, match="must be 'max'"
            ),
            ErrorCase(
                (4, 4),
                pyramid_height=2,
                pooling='max',
                raises=InvalidType,
                match='spatial_pyramid_pooling_2d: expected x.ndim == 4',
            ),
        ],
    ),
]
