"""Connections against loops over pixels and plain matrix products."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, const, integers


def pair(value):
    return (value, value) if np.isscalar(value) else tuple(value)


def naive_convolution_2d(
    x, W, b=None, stride=1, pad=0, cover_all=False, dilate=1, groups=1
):
    (sy, sx), (ph, pw), (dy, dx) = pair(stride), pair(pad), pair(dilate)
    N, _, H, Wd = x.shape
    OC, C, KH, KW = W.shape
    sizes = []
    for size, k, s, p, d in ((H, KH, sy, ph, dy), (Wd, KW, sx, pw, dx)):
        free = size + 2 * p - d * (k - 1) - 1
        sizes.append(int(np.ceil(free / s)) + 1 if cover_all else free // s + 1)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph + sy), (pw, pw + sx)))
    y = np.zeros((N, OC, *sizes))
    for o in range(OC):
        first = o // (OC // groups) * C
        for i in range(sizes[0]):
            for j in range(sizes[1]):
                rows = i * sy + dy * np.arange(KH)
                columns = j * sx + dx * np.arange(KW)
                window = padded[:, first : first + C][:, :, rows][:, :, :, columns]
                y[:, o, i, j] = (window * W[o]).sum(axis=(1, 2, 3))
    return y if b is None else y + b[:, None, None]


def naive_deconvolution_2d(
    x, W, b=None, stride=1, pad=0, outsize=None, dilate=1, groups=1
):
    (sy, sx), (ph, pw), (dy, dx) = pair(stride), pair(pad), pair(dilate)
    N, C, H, Wd = x.shape
    OC, KH, KW = W.shape[1:]
    if outsize is None:
        outsize = (
            sy * (H - 1) + dy * (KH - 1) + 1 - 2 * ph,
            sx * (Wd - 1) + dx * (KW - 1) + 1 - 2 * pw,
        )
    h, w = outsize
    canvas = np.zeros((N, OC * groups, h + 2 * ph + sy, w + 2 * pw + sx))
    for c in range(C):
        first = c // (C // groups) * OC
        for i in range(H):
            for j in range(Wd):
                for ky in range(KH):
                    for kx in range(KW):
                        canvas[
                            :, first : first + OC, i * sy + ky * dy, j * sx + kx * dx
                        ] += x[:, c, i, j, None] * W[c, :, ky, kx]
    y = canvas[:, :, ph : ph + h, pw : pw + w]
    return y if b is None else y + b[:, None, None]


def naive_depthwise_convolution_2d(x, W, b=None, stride=1, pad=0):
    M, C = W.shape[:2]
    channels = [
        naive_convolution_2d(
            x[:, c : c + 1], W[m : m + 1, c : c + 1], None, stride, pad
        )
        for c in range(C)
        for m in range(M)
    ]
    y = np.concatenate(channels, axis=1)
    return y if b is None else y + b[:, None, None]


def naive_linear(x, W, b=None, n_batch_axes=1):
    batch = x.shape[:n_batch_axes]
    rows = x.reshape(int(np.prod(batch)), W.shape[1])
    y = np.array([[sum(row * w) for w in W] for row in rows])
    y = y.reshape(*batch, len(W))
    return y if b is None else y + b


def naive_bilinear(e1, e2, W, V1=None, V2=None, b=None):
    e1, e2 = e1.reshape(len(e1), -1), e2.reshape(len(e2), -1)
    y = np.einsum('ij,ik,jkl->il', e1, e2, W)
    return y if b is None else y + e1 @ V1 + e2 @ V2 + b


def naive_embed_id(x, W, ignore_label=None):
    y = np.zeros((*x.shape, W.shape[1]))
    for place, label in np.ndenumerate(x):
        if label != ignore_label:
            y[place] = W[label]
    return y


ints = np.ones((2, 3), 'i')

HALF = np.array([[True, False], [True, True], [False, True]])
NOT_FIRST = np.array([[False, True, True]] * 3)  # with causal, row 0 sees nothing


def attention(q, k, v, mask=None, causal=False, scale=None):
    """Query by query, over the keys that it may look at."""
    shape = (*q.shape[:-1], k.shape[-2])
    y = np.zeros((*q.shape[:-1], v.shape[-1]))
    bias = np.zeros(shape) if mask is None or mask.dtype == bool else mask
    bias = np.broadcast_to(bias, shape)
    allowed = mask if mask is not None and mask.dtype == bool else np.True_
    allowed = np.broadcast_to(allowed, shape)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    for place in np.ndindex(q.shape[:-1]):
        stack, i = place[:-1], place[-1]
        seen = allowed[place] & (np.arange(shape[-1]) <= (i if causal else shape[-1]))
        if seen.any():
            score = k[stack][seen] @ q[place] * scale + bias[place][seen]
            weights = np.exp(score) / np.exp(score).sum()
            y[place] = weights @ v[stack][seen]
    return y


CASES = [
    OpCase(
        'linear',
        samples=[
            Sample((3, 4), (5, 4), (5,)),
            Sample((3, 4), (5, 4)),
            Sample((1, 4), (1, 4)),
            Sample((3, 2, 2), (5, 4), (5,)),
            Sample((2, 3, 2, 2), (5, 4), (5,), n_batch_axes=2),
        ],
        oracle=naive_linear,
        empty=Sample((0, 4), (5, 4), (5,)),
        errors=[
            ErrorCase(
                (3, 4), (5, 6), raises=InvalidType, match='W takes 6 values per sample'
            ),
            ErrorCase(
                (3, 4), (5, 4), (4,), raises=InvalidType, match=r'b.shape == \(5,\)'
            ),
            ErrorCase(
                (3, 4), (5, 4, 1), raises=InvalidType, match='linear: .*W.ndim == 2'
            ),
            ErrorCase((3,), (5, 3), raises=InvalidType, match='x.ndim == 2'),
            ErrorCase(ints, (5, 3), raises=InvalidType, match='x.dtype.kind'),
            ErrorCase((2, 3), ints, raises=InvalidType, match='W.dtype.kind'),
            ErrorCase(
                (2, 3), (4, 3), np.ones(4, 'f'), raises=InvalidType, match='b.dtype'
            ),
            ErrorCase(
                (3, 4), (5, 4), n_batch_axes=0, raises=ValueError, match='n_batch_axes'
            ),
        ],
    ),
    OpCase(
        'bilinear',
        samples=[
            Sample((3, 4), (3, 2), (4, 2, 5)),
            Sample((3, 4), (3, 2), (4, 2, 5), (4, 5), (2, 5), (5,)),
            Sample((3, 2, 2), (3, 1, 2), (4, 2, 5), (4, 5), (2, 5), (5,)),
        ],
        oracle=naive_bilinear,
        tol={'e': 4e-2},
        errors=[
            ErrorCase(
                (3, 4),
                (2, 2),
                (4, 2, 5),
                raises=InvalidType,
                match=r'bilinear: .*3 != 2',
            ),
            ErrorCase(
                (3, 4), (3, 2), (4, 3, 5), raises=InvalidType, match=r'\(4, 2, L\)'
            ),
            ErrorCase(
                (3, 4),
                (3, 2),
                (4, 2, 5),
                (4, 5),
                raises=ValueError,
                match='got only V1',
            ),
            ErrorCase(
                *[(3, 4), (3, 2), (4, 2, 5), (4, 5), (2, 5), (4,)],
                raises=InvalidType,
                match=r'b.shape == \(5\)',
            ),
            ErrorCase((3, 4), ints, (4, 3, 5), raises=InvalidType, match='one dtype'),
            ErrorCase(
                (3,), (3, 1), (1, 1, 1), raises=InvalidType, match='e1.ndim >= 2'
            ),
        ],
    ),
    OpCase(
        'convolution_2d',
        samples=[
            Sample((2, 3, 7, 6), (4, 3, 3, 3), (4,)),
            Sample((2, 3, 7, 6), (4, 3, 3, 2), (4,), stride=2, pad=1),
            Sample((2, 3, 7, 6), (4, 3, 3, 3), stride=3, pad=2),
            Sample(
                (2, 3, 7, 6), (4, 3, 3, 3), stride=(2, 1), pad=(0, 1), dilate=(1, 2)
            ),
            Sample((2, 4, 7, 6), (6, 2, 3, 2), (6,), groups=2),
            Sample((2, 3, 7, 6), (4, 3, 2, 3), stride=4, cover_all=True),
            Sample((2, 4, 8, 7), (4, 2, 3, 2), pad=1, dilate=2, groups=2),
            Sample((1, 1, 5, 5), (2, 1, 5, 5), (2,)),
            Sample((3, 5, 4, 4), (6, 5, 1, 1), (6,)),
        ],
        oracle=naive_convolution_2d,
        empty=Sample((0, 3, 7, 6), (4, 3, 3, 3), (4,)),
        tol={'e': 5e-2},
        errors=[
            ErrorCase(
                (8, 3, 9, 9),
                (16, 5, 3, 3),
                raises=InvalidType,
                match='W takes 5 input channels, but x has 3',
            ),
            ErrorCase(
                (8, 6, 9, 9),
                (16, 2, 3, 3),
                groups=2,
                raises=InvalidType,
                match=r'6 != 2 \* 2\n.*W takes 2 input channels per group',
            ),
            ErrorCase(
                (8, 6, 9, 9),
                (3, 3, 3, 3),
                groups=2,
                raises=InvalidType,
                match='W.shape.0. % groups == 0',
            ),
            ErrorCase((8, 784), (16, 1, 3, 3), raises=InvalidType, match='x.ndim == 4'),
            ErrorCase(
                (8, 3, 9, 9), (16, 3, 9), raises=InvalidType, match='W.ndim == 4'
            ),
            ErrorCase(
                np.ones((1, 1, 5, 5), 'i'),
                (1, 1, 3, 3),
                raises=InvalidType,
                match="x.dtype.kind == 'f', got int32",
            ),
            ErrorCase(
                (1, 1, 5, 5),
                np.ones((1, 1, 3, 3), 'i'),
                raises=InvalidType,
                match='W.dtype.kind',
            ),
            ErrorCase(
                (1, 1, 5, 5), (2, 1, 3, 3), (3,), raises=InvalidType, match='b.shape'
            ),
            ErrorCase(
                (1, 1, 5, 5),
                (2, 1, 3, 3),
                np.ones(2, 'f'),
                raises=InvalidType,
                match='b.dtype',
            ),
            ErrorCase(
                (1, 1, 2, 2),
                (1, 1, 5, 5),
                raises=ValueError,
                match='convolution_2d: a 5x5 window does not fit into a 2x2 input',
            ),
            ErrorCase(
                (1, 1, 5, 5), (1, 1, 3, 3), stride=0, raises=ValueError, match='stride'
            ),
            ErrorCase(
                (1, 1, 5, 5), (1, 1, 3, 3), dilate=0, raises=ValueError, match='dilate'
            ),
        ],
    ),
    OpCase(
        'dilated_convolution_2d',
        samples=[
            Sample((2, 3, 8, 7), (4, 3, 3, 2), (4,), stride=2, pad=1, dilate=2),
            Sample((2, 3, 8, 7), (4, 3, 2, 2), dilate=(3, 1), stride=3, cover_all=True),
        ],
        oracle=lambda x, W, b=None, **kwargs: naive_convolution_2d(x, W, b, **kwargs),
        tol={'e': 4e-2},
        empty=Sample((0, 3, 8, 7), (4, 3, 3, 2), dilate=2),
    ),
    OpCase(
        'depthwise_convolution_2d',
        samples=[
            Sample((2, 3, 4, 7), (2, 3, 3, 3), (6,)),
            Sample((2, 3, 5, 6), (1, 3, 2, 3), stride=2, pad=1),
        ],
        oracle=naive_depthwise_convolution_2d,
        empty=Sample((0, 3, 4, 7), (2, 3, 3, 3)),
        errors=[
            ErrorCase(
                (2, 3, 4, 7),
                (6, 3, 3),
                raises=InvalidType,
                match='depthwise_convolution_2d: expected W.ndim == 4',
            ),
            ErrorCase(
                (2, 4, 4, 7), (2, 3, 3, 3), raises=InvalidType, match='4 != 1 . 3'
            ),
        ],
    ),
    OpCase(
        'deconvolution_2d',
        samples=[
            Sample((2, 3, 4, 3), (3, 2, 3, 3), (2,)),
            Sample((2, 3, 4, 3), (3, 2, 3, 2), (2,), stride=2, pad=1),
            Sample((2, 3, 3, 3), (3, 2, 2, 3), stride=3, outsize=(9, 10)),
            Sample((2, 4, 4, 3), (4, 3, 3, 2), (6,), stride=(2, 1), groups=2),
            Sample((2, 3, 4, 4), (3, 2, 2, 3), pad=1, dilate=(2, 1)),
            # a size that only a convolution with cover_all maps to this input
            Sample((2, 3, 3, 3), (3, 2, 3, 3), stride=2, outsize=(6, 6)),
        ],
        oracle=naive_deconvolution_2d,
        empty=Sample((0, 3, 4, 3), (3, 2, 3, 3), (2,)),
        tol={'e': 4e-2},
        errors=[
            ErrorCase(
                (1, 3, 4, 4),
                (5, 2, 3, 3),
                raises=InvalidType,
                match='W takes 5 input channels, but x has 3',
            ),
            ErrorCase(
                (1, 3, 4, 4),
                (3, 2, 3, 3),
                outsize=(12, 6),
                raises=InvalidType,
                match=r'from \(10, 4\) to \(10, 4\), the convolution of outsize',
            ),
            ErrorCase(
                (1, 3, 4, 4), (3, 2, 3, 3), (3,), raises=InvalidType, match=r'== \(2,\)'
            ),
            ErrorCase(
                (1, 3, 4, 4),
                (3, 2, 3, 3),
                groups=2,
                raises=InvalidType,
                match='W.shape.0. % groups == 0',
            ),
            ErrorCase((3, 4), (3, 2, 3, 3), raises=InvalidType, match='x.ndim == 4'),
            ErrorCase(
                (1, 3, 1, 1), (3, 2, 3, 3), pad=2, raises=ValueError, match='reduce pad'
            ),
        ],
    ),
    OpCase(
        'embed_id',
        samples=[
            Sample(integers((4,), 3), (3, 2)),
            Sample(integers((2, 5), 4), (4, 3)),
            Sample(
                const(np.array([[1, -1, 2], [2, 2, -1]], 'i')), (3, 2), ignore_label=-1
            ),
            Sample(const(np.array([1, 0, 2, 1], 'l')), (3, 2), ignore_label=1),
        ],
        oracle=naive_embed_id,
        empty=Sample(integers((0,), 3), (3, 2)),
        errors=[
            ErrorCase(
                const(np.array([0, 3], 'i')),
                (3, 2),
                raises=ValueError,
                match='embed_id: expected 0 <= x < 3, .* got 3 .1 of 2',
            ),
            ErrorCase(
                const(np.array([0, -2], 'i')),
                (3, 2),
                ignore_label=-1,
                raises=ValueError,
                match='got -2',
            ),
            ErrorCase((3,), (3, 2), raises=InvalidType, match="x.dtype.kind == 'i'"),
            ErrorCase(
                const(np.array(1, 'i')), (3, 2), raises=InvalidType, match='x.ndim >= 1'
            ),
            ErrorCase(integers((3,), 2), (3,), raises=InvalidType, match='W.ndim == 2'),
            ErrorCase(
                integers((3,), 2), ints, raises=InvalidType, match='W.dtype.kind'
            ),
        ],
    ),
    OpCase(
        'bias',
        samples=[
            Sample((2, 3, 4, 2), (3, 4)),
            Sample((2, 3), (2, 3), axis=0),
            Sample((2, 3, 2), (2,), axis=2),
        ],
        oracle=lambda x, y, axis=1: np.moveaxis(
            np.moveaxis(x, range(axis, axis + y.ndim), range(-y.ndim, 0)) + y,
            range(-y.ndim, 0),
            range(axis, axis + y.ndim),
        ),
        empty=Sample((0, 3), (3,)),
        errors=[
            ErrorCase(
                (2, 3, 4), (4,), raises=InvalidType, match=r'bias: .*\(4,\) != \(3,\)'
            ),
            ErrorCase(
                (2, 3), (3, 4), raises=InvalidType, match='axis is the first axis'
            ),
        ],
    ),
    OpCase(
        'scale',
        samples=[
            Sample((2, 3, 4, 2), (3, 4)),
            Sample((2, 3), (2, 3), axis=0),
            Sample((2, 3, 2), (2,), axis=2),
        ],
        oracle=lambda x, y, axis=1: np.moveaxis(
            np.moveaxis(x, range(axis, axis + y.ndim), range(-y.ndim, 0)) * y,
            range(-y.ndim, 0),
            range(axis, axis + y.ndim),
        ),
        empty=Sample((0, 3), (3,)),
        errors=[ErrorCase((2, 3, 4), (4,), raises=InvalidType, match='scale: ')],
    ),
    OpCase(
        'scaled_dot_product_attention',
        samples=[
            Sample((2, 3, 4), (2, 5, 4), (2, 5, 2)),
            Sample((3, 4), (3, 4), (3, 2), causal=True),
            Sample((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4), causal=True, scale=0.3),
            Sample((2, 3, 4), (2, 2, 4), (2, 2, 3), mask=HALF),
            Sample((2, 3, 4), (2, 3, 4), (2, 3, 3), mask=NOT_FIRST, causal=True),
            Sample((3, 4), (5, 4), (5, 2), (3, 5)),
        ],
        oracle=attention,
        empty=Sample((0, 3, 4), (0, 5, 4), (0, 5, 2)),
        errors=[
            ErrorCase((4,), (3, 4), (3, 4), raises=InvalidType, match='query float'),
            ErrorCase((2, 4), (3, 5), (3, 4), raises=InvalidType, match='4 != 5'),
            ErrorCase((2, 4), (3, 4), (2, 4), raises=InvalidType, match='3 != 2'),
            ErrorCase(
                *[(2, 4)] * 3,
                np.ones((2, 2), 'i'),
                raises=InvalidType,
                match='mask bool',
            ),
            ErrorCase(
                *[(2, 4)] * 3, dropout_ratio=1.0, raises=ValueError, match='ratio'
            ),
        ],
    ),
]
