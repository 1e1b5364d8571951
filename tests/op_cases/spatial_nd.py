"""Convolutions and poolings over any number of axes, against loops over windows."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, distinct


def each(value, ndim):
    return (value,) * ndim if np.isscalar(value) else tuple(value)


def out_sizes(sizes, ksize, stride, pad, dilate, cover_all):
    free = [
        size + 2 * p - d * (k - 1) - 1
        for size, k, p, d in zip(sizes, ksize, pad, dilate, strict=True)
    ]
    return [
        int(np.ceil(f / s)) + 1 if cover_all else f // s + 1
        for f, s in zip(free, stride, strict=True)
    ]


def naive_convolution(
    x, W, b=None, stride=1, pad=0, cover_all=False, dilate=1, groups=1
):
    n = x.ndim - 2
    stride, pad, dilate = each(stride, n), each(pad, n), each(dilate, n)
    OC, C = W.shape[:2]
    sizes = out_sizes(x.shape[2:], W.shape[2:], stride, pad, dilate, cover_all)
    margins = [(p, p + s) for p, s in zip(pad, stride, strict=True)]
    padded = np.pad(x, [(0, 0), (0, 0), *margins])
    y = np.zeros((len(x), OC, *sizes))
    for o in range(OC):
        first = o // (OC // groups) * C
        for place in np.ndindex(*sizes):
            for tap in np.ndindex(*W.shape[2:]):
                at = [
                    i * s + k * d
                    for i, s, k, d in zip(place, stride, tap, dilate, strict=True)
                ]
                pixels = padded[:, first : first + C, *at]
                y[:, o, *place] += (pixels * W[o, :, *tap]).sum(axis=1)
    return y if b is None else y + b.reshape(-1, *[1] * n)


def naive_deconvolution(
    x, W, b=None, stride=1, pad=0, outsize=None, dilate=1, groups=1
):
    n = x.ndim - 2
    stride, pad, dilate = each(stride, n), each(pad, n), each(dilate, n)
    C, OC = W.shape[:2]
    whole = [
        s * (size - 1) + d * (k - 1) + 1
        for size, k, s, d in zip(x.shape[2:], W.shape[2:], stride, dilate, strict=True)
    ]
    if outsize is None:
        outsize = [size - 2 * p for size, p in zip(whole, pad, strict=True)]
    room = [
        max(size, o + 2 * p) for size, o, p in zip(whole, outsize, pad, strict=True)
    ]
    canvas = np.zeros((len(x), OC * groups, *room))
    for c in range(C):
        first = c // (C // groups) * OC
        for place in np.ndindex(*x.shape[2:]):
            for tap in np.ndindex(*W.shape[2:]):
                at = [
                    i * s + k * d
                    for i, s, k, d in zip(place, stride, tap, dilate, strict=True)
                ]
                canvas[:, first : first + OC, *at] += (
                    x[:, c, *place, None] * W[c, :, *tap]
                )
    inside = [slice(p, p + o) for p, o in zip(pad, outsize, strict=True)]
    y = canvas[:, :, *inside]
    return y if b is None else y + b.reshape(-1, *[1] * n)


def windows(x, ksize, stride, pad, cover_all):
    """Yields each place of the output, its window's pixels, and their numbers in it."""
    n = x.ndim - 2
    ksize, pad = each(ksize, n), each(pad, n)
    stride = ksize if stride is None else each(stride, n)
    sizes = out_sizes(x.shape[2:], ksize, stride, pad, (1,) * n, cover_all)
    for place in np.ndindex(*sizes):
        taps, pixels = [], []
        for number, tap in enumerate(np.ndindex(*ksize)):
            at = [
                i * s + k - p
                for i, s, k, p in zip(place, stride, tap, pad, strict=True)
            ]
            if all(0 <= i < size for i, size in zip(at, x.shape[2:], strict=True)):
                taps.append(number)
                pixels.append(tuple(at))
        yield sizes, place, taps, pixels


def naive_max_pooling(
    x, ksize, stride=None, pad=0, cover_all=True, return_indices=False
):
    y = where = None
    for sizes, place, taps, pixels in windows(x, ksize, stride, pad, cover_all):
        if y is None:
            y = np.zeros((*x.shape[:2], *sizes))
            where = np.zeros(y.shape, int)
        values = np.stack([x[:, :, *at] for at in pixels])
        y[:, :, *place] = values.max(axis=0)
        where[:, :, *place] = np.array(taps)[values.argmax(axis=0)]
    return (y, where) if return_indices else y


def naive_average_pooling(x, ksize, stride=None, pad=0, pad_value=0):
    y = None
    area = np.prod(each(ksize, x.ndim - 2))
    for sizes, place, _, pixels in windows(x, ksize, stride, pad, False):
        if y is None:
            y = np.zeros((*x.shape[:2], *sizes))
        total = sum(x[:, :, *at] for at in pixels)
        y[:, :, *place] = total / (len(pixels) if pad_value is None else area)
    return y


def naive_unpooling(x, ksize, stride=None, pad=0, outsize=None, cover_all=True):
    n = x.ndim - 2
    ksize, pad = each(ksize, n), each(pad, n)
    stride = ksize if stride is None else each(stride, n)
    if outsize is None:
        outsize = [
            s * (size - 1) + k - 2 * p - (s - 1 if cover_all else 0)
            for size, k, s, p in zip(x.shape[2:], ksize, stride, pad, strict=True)
        ]
    y = np.zeros((*x.shape[:2], *outsize))
    for place in np.ndindex(*x.shape[2:]):
        for tap in np.ndindex(*ksize):
            at = [
                i * s + k - p
                for i, s, k, p in zip(place, stride, tap, pad, strict=True)
            ]
            if all(0 <= i < size for i, size in zip(at, outsize, strict=True)):
                y[:, :, *at] += x[:, :, *place]
    return y


def wrong_axes(name, shape, *rest, **kwargs):
    match = rf'{name}: expected x.ndim == \d \(N, C, .*got {len(shape)}'
    return ErrorCase(shape, *rest, raises=ValueError, match=match, **kwargs)


ints = np.ones((1, 1, 4), 'i')
NOT_FLOAT = ErrorCase(ints, ksize=2, raises=InvalidType, match='x.dtype.kind')

CASES = [
    OpCase(
        'convolution_nd',
        samples=[
            Sample((2, 3, 7), (4, 3, 3), (4,), stride=2, pad=1),
            Sample((2, 4, 5, 4), (2, 2, 3, 2), (2,), pad=(1, 0), groups=2),
            Sample((2, 3, 4, 3, 5), (4, 3, 2, 3, 3), (4,), stride=2, pad=1),
            Sample(
                (1, 4, 5, 4, 3),
                (4, 2, 2, 2, 1),
                stride=(2, 1, 3),
                pad=(0, 1, 0),
                cover_all=True,
                dilate=(2, 1, 1),
                groups=2,
            ),
            Sample((1, 2, 3, 2, 3, 2), (2, 2, 2, 1, 2, 2), (2,), pad=(1, 0, 0, 0)),
            # The last window sticks out of each axis.
            Sample((1, 2, 4, 3, 3), (2, 2, 3, 2, 2), stride=2, cover_all=True),
        ],
        oracle=naive_convolution,
        empty=Sample((0, 3, 4, 3, 5), (4, 3, 2, 3, 3), (4,)),
        tol={'e': 5e-2},
        errors=[
            ErrorCase(
                (8, 3, 9, 9, 9),
                (16, 5, 3, 3, 3),
                raises=InvalidType,
                match='convolution_nd: .*\n.*W takes 5 input channels, but x has 3',
            ),
            ErrorCase(
                (1, 3, 9, 9), (2, 3, 3), raises=InvalidType, match='W.ndim == 4, got 3'
            ),
            ErrorCase(ints, (1, 1, 2), raises=InvalidType, match='x.dtype.kind'),
            ErrorCase((1, 1, 4), ints, raises=InvalidType, match='W.dtype.kind'),
            ErrorCase(
                (1, 1, 5), (2, 1, 3), (3,), raises=InvalidType, match=r'b.shape == \(2,'
            ),
            ErrorCase(
                (1, 1, 5),
                (2, 1, 3),
                np.ones(2, 'i'),
                raises=InvalidType,
                match='b.dtype.kind',
            ),
            ErrorCase(
                (1, 1, 2, 5, 5),
                (1, 1, 3, 3, 3),
                raises=ValueError,
                match='convolution_nd: a 3x3x3 window does not fit into a 2x5x5 input',
            ),
            ErrorCase(
                (1, 1, 5, 5, 5),
                (1, 1, 3, 3, 3),
                stride=(1, 2),
                raises=ValueError,
                match=r'stride must have 3 numbers, .*got \(1, 2\)',
            ),
            ErrorCase((2, 3), (2, 3), raises=ValueError, match='one spatial axis'),
        ],
    ),
    OpCase(
        'convolution_1d',
        samples=[
            Sample((2, 4, 9), (4, 2, 3), (4,), stride=2, pad=2, dilate=2, groups=2),
            Sample((2, 3, 8), (4, 3, 2), stride=(3,), cover_all=True),
        ],
        oracle=naive_convolution,
        empty=Sample((0, 3, 8), (4, 3, 2)),
        tol={'e': 4e-2},
        errors=[wrong_axes('convolution_1d', (1, 3, 8, 8), (4, 3, 2, 2))],
    ),
    OpCase(
        'convolution_3d',
        samples=[Sample((2, 2, 4, 3, 3), (3, 2, 2, 2, 3), (3,), pad=(0, 1, 1))],
        oracle=naive_convolution,
        empty=Sample((0, 2, 4, 3, 3), (3, 2, 2, 2, 3)),
        tol={'e': 4e-2},
        errors=[wrong_axes('convolution_3d', (1, 3, 8), (4, 3, 2))],
    ),
    OpCase(
        'deconvolution_nd',
        samples=[
            Sample((2, 3, 4), (3, 2, 3), (2,), stride=2, pad=1),
            Sample((2, 4, 3, 2), (4, 2, 3, 2), (4,), stride=(1, 2), groups=2),
            Sample((2, 3, 2, 3, 2), (3, 2, 2, 3, 2), (2,), stride=2, pad=(0, 1, 0)),
            Sample((1, 4, 3, 2, 3), (4, 1, 2, 2, 2), dilate=(2, 1, 1), groups=2),
            # sizes that a convolution maps to this input, the last with cover_all
            Sample((1, 2, 3, 2, 3), (2, 2, 2, 2, 3), stride=2, outsize=(7, 4, 6)),
        ],
        oracle=naive_deconvolution,
        empty=Sample((0, 3, 2, 3, 2), (3, 2, 2, 3, 2), (2,)),
        tol={'e': 4e-2},
        errors=[
            ErrorCase(
                (1, 3, 4, 4, 4),
                (5, 2, 3, 3, 3),
                raises=InvalidType,
                match='W takes 5 input channels, but x has 3',
            ),
            ErrorCase(
                (1, 3, 4),
                (3, 2, 3),
                outsize=(12,),
                raises=InvalidType,
                match=r'from \(10,\) to \(10,\), the convolution of outsize',
            ),
            ErrorCase(
                (1, 3, 4),
                (3, 2, 3),
                outsize=(6, 6),
                raises=ValueError,
                match='outsize must have 1 number',
            ),
            ErrorCase(
                (1, 3, 4), (3, 2, 3), (3,), raises=InvalidType, match=r'== \(2,\)'
            ),
            ErrorCase(
                (1, 3, 1), (3, 2, 3), pad=2, raises=ValueError, match='reduce pad'
            ),
        ],
    ),
    OpCase(
        'deconvolution_1d',
        samples=[Sample((2, 3, 4), (3, 2, 3), (2,), stride=2, pad=1, outsize=(8,))],
        oracle=naive_deconvolution,
        empty=Sample((0, 3, 4), (3, 2, 3)),
        errors=[wrong_axes('deconvolution_1d', (1, 3, 4, 4), (3, 2, 3, 3))],
    ),
    OpCase(
        'deconvolution_3d',
        samples=[Sample((1, 2, 2, 3, 2), (2, 3, 2, 2, 2), (3,), stride=(1, 2, 3))],
        oracle=naive_deconvolution,
        empty=Sample((0, 2, 2, 3, 2), (2, 3, 2, 2, 2)),
        errors=[wrong_axes('deconvolution_3d', (1, 3, 4, 4), (3, 2, 3, 3))],
    ),
    OpCase(
        'max_pooling_nd',
        samples=[
            Sample(distinct((2, 3, 7)), ksize=3, stride=2, pad=1),
            Sample(distinct((2, 2, 5, 4)), ksize=2, cover_all=False),
            Sample(
                distinct((2, 2, 4, 3, 5)),
                ksize=(2, 3, 2),
                stride=(1, 2, 2),
                pad=(1, 1, 0),
                return_indices=True,
            ),
            Sample(distinct((1, 2, 3, 2, 3, 3)), ksize=2, return_indices=True),
        ],
        oracle=naive_max_pooling,
        empty=Sample((0, 3, 4, 4, 4), ksize=2),
        errors=[
            NOT_FLOAT,
            ErrorCase((2, 3), ksize=2, raises=ValueError, match='at least 1 spatial'),
            ErrorCase(
                (1, 1, 2, 2, 2),
                ksize=5,
                cover_all=False,
                raises=ValueError,
                match='max_pooling_nd: a 5x5x5 window does not fit into a 2x2x2 input',
            ),
            ErrorCase((1, 1, 4), ksize=0, raises=ValueError, match='ksize'),
        ],
    ),
    OpCase(
        'max_pooling_1d',
        samples=[Sample(distinct((2, 3, 7)), ksize=3, stride=2, return_indices=True)],
        oracle=naive_max_pooling,
        empty=Sample((0, 3, 7), ksize=2),
        errors=[wrong_axes('max_pooling_1d', (1, 3, 4, 4), ksize=2)],
    ),
    OpCase(
        'max_pooling_3d',
        samples=[Sample(distinct((1, 2, 4, 3, 5)), ksize=2, cover_all=False)],
        oracle=naive_max_pooling,
        empty=Sample((0, 3, 7, 3, 3), ksize=2),
        errors=[wrong_axes('max_pooling_3d', (1, 3, 4, 4), ksize=2)],
    ),
    OpCase(
        'average_pooling_nd',
        samples=[
            Sample((2, 3, 7), ksize=3, stride=2, pad=1),
            Sample((2, 3, 5, 4), ksize=(3, 2), stride=(1, 2), pad=(1, 0)),
            Sample((2, 2, 4, 3, 5), ksize=(2, 3, 2), stride=2, pad=(1, 1, 0)),
            Sample(
                (2, 2, 4, 3, 5),
                ksize=(2, 3, 2),
                stride=2,
                pad=(1, 1, 0),
                pad_value=None,
            ),
            Sample((1, 2, 3, 2, 3, 3), ksize=2, stride=1),
        ],
        oracle=naive_average_pooling,
        empty=Sample((0, 3, 4, 4, 4), ksize=2),
        errors=[
            NOT_FLOAT,
            ErrorCase(
                (1, 1, 4),
                ksize=2,
                pad_value=1,
                raises=ValueError,
                match='pad_value must be 0 or None, got 1',
            ),
        ],
    ),
    OpCase(
        'average_pooling_1d',
        samples=[Sample((2, 3, 7), ksize=3, stride=2, pad=1, pad_value=None)],
        oracle=naive_average_pooling,
        empty=Sample((0, 3, 7), ksize=2),
        errors=[wrong_axes('average_pooling_1d', (1, 3, 4, 4), ksize=2)],
    ),
    OpCase(
        'average_pooling_3d',
        samples=[Sample((1, 2, 4, 3, 5), ksize=2)],
        oracle=naive_average_pooling,
        empty=Sample((0, 3, 7, 3, 3), ksize=2),
        errors=[wrong_axes('average_pooling_3d', (1, 3, 4, 4), ksize=2)],
    ),
    OpCase(
        'unpooling_nd',
        samples=[
            Sample((2, 3, 3), ksize=3, stride=2, pad=1),
            Sample((2, 3, 3, 2), ksize=(2, 3), stride=(3, 2), outsize=(8, 5)),
            Sample((2, 2, 2, 3, 2), ksize=(2, 3, 2), stride=(1, 2, 2), pad=(0, 1, 0)),
            Sample((1, 2, 2, 1, 2, 2), ksize=2, cover_all=False),
        ],
        oracle=naive_unpooling,
        empty=Sample((0, 3, 3, 2, 2), ksize=2),
        errors=[
            NOT_FLOAT,
            ErrorCase(
                (1, 1, 2, 2, 2),
                ksize=2,
                outsize=(9, 4, 4),
                raises=InvalidType,
                match=r'unpooling_nd: .*\(5, 2, 2\), the pooling of outsize \(9, 4, 4',
            ),
        ],
    ),
    OpCase(
        'unpooling_1d',
        samples=[Sample((2, 3, 3), ksize=2, outsize=(6,))],
        oracle=naive_unpooling,
        empty=Sample((0, 3, 3), ksize=2),
        errors=[wrong_axes('unpooling_1d', (1, 3, 4, 4), ksize=2)],
    ),
    OpCase(
        'unpooling_3d',
        samples=[Sample((1, 2, 2, 3, 2), ksize=2)],
        oracle=naive_unpooling,
        empty=Sample((0, 3, 3, 2, 2), ksize=2),
        errors=[wrong_axes('unpooling_3d', (1, 3, 4, 4), ksize=2)],
    ),
]
