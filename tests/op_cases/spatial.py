"""Grids, samplers, local and deformable convolutions, shifts, views of memory."""

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample


def pair(value):
    return (value, value) if np.isscalar(value) else tuple(value)


def interpolate(image, v, u):
    """One value of an image (C, H, W) between its pixels, zeros around it."""
    value = np.zeros(len(image))
    for row in range(image.shape[1]):
        for column in range(image.shape[2]):
            weight = max(0, 1 - abs(v - row)) * max(0, 1 - abs(u - column))
            value += weight * image[:, row, column]
    return value


def naive_sampler(x, grid):
    N, C, H, W = x.shape
    y = np.zeros((N, C, *grid.shape[2:]))
    for n in range(N):
        for i, j in np.ndindex(*grid.shape[2:]):
            u = (grid[n, 0, i, j] + 1) * (W - 1) / 2
            v = (grid[n, 1, i, j] + 1) * (H - 1) / 2
            y[n, :, i, j] = interpolate(x[n], v, u)
    return y


def naive_grid(theta, output_shape):
    H, W = output_shape
    grid = np.zeros((len(theta), 2, H, W))
    for n, i, j in np.ndindex(len(theta), H, W):
        point = np.array([2 * j / (W - 1) - 1, 2 * i / (H - 1) - 1, 1])
        grid[n, :, i, j] = theta[n] @ point
    return grid


def naive_deformable(x, offset, W, b=None, stride=1, pad=0):
    (sy, sx), (ph, pw) = pair(stride), pair(pad)
    OC, _, KH, KW = W.shape
    N, _, OH, OW = offset.shape
    y = np.zeros((N, OC, OH, OW))
    for n, i, j in np.ndindex(N, OH, OW):
        for ky, kx in np.ndindex(KH, KW):
            tap = ky * KW + kx
            u = j * sx + kx - pw + offset[n, tap, i, j]
            v = i * sy + ky - ph + offset[n, KH * KW + tap, i, j]
            y[n, :, i, j] += W[:, :, ky, kx] @ interpolate(x[n], v, u)
    return y if b is None else y + b[:, None, None]


def naive_local_convolution(x, W, b=None, stride=1):
    sy, sx = pair(stride)
    OC, OH, OW, _, KH, KW = W.shape
    y = np.zeros((len(x), OC, OH, OW))
    for o, i, j in np.ndindex(OC, OH, OW):
        window = x[:, :, i * sy : i * sy + KH, j * sx : j * sx + KW]
        y[:, o, i, j] = (window * W[o, i, j]).sum(axis=(1, 2, 3))
    return y if b is None else y + b


def naive_shift(x, ksize=3, dilate=1):
    (kh, kw), (dy, dx) = pair(ksize), pair(dilate)
    C, H, W = x.shape[1:]
    size = C // (kh * kw)
    taps = list(np.ndindex(kh, kw))
    middle = len(taps) // 2
    taps[middle], taps[-1] = taps[-1], taps[middle]
    y = np.zeros(x.shape)
    for c in range(C):
        ky, kx = taps[min(c // size, len(taps) - 1)]
        for i, j in np.ndindex(H, W):
            row, column = i - (ky - kh // 2) * dy, j - (kx - kw // 2) * dx
            if 0 <= row < H and 0 <= column < W:
                y[:, c, i, j] = x[:, c, row, column]
    return y


def naive_as_strided(x, shape, strides, storage_offset=None):
    flat = x.ravel()
    y = np.zeros(shape)
    for place in np.ndindex(*shape):
        y[place] = flat[(storage_offset or 0) + int(np.dot(place, strides))]
    return y


def inside(size):
    """Points for a sampler, away from the middles of pixels, where it has kinks."""

    def draw(rng):
        N, OH, OW, H, W = size
        cells = rng.integers(-2, [[W], [H]], (N, OH * OW, 2, 1))
        places = cells[..., 0] + rng.uniform(0.2, 0.8, (N, OH * OW, 2))
        grid = 2 * places / (np.array([W, H]) - 1) - 1
        return grid.transpose(0, 2, 1).reshape(N, 2, OH, OW)

    return draw


def offsets(shape):
    """Offsets that reach the outside, away from whole numbers."""
    return lambda rng: rng.integers(-2, 2, shape) + rng.uniform(0.2, 0.8, shape)


CASES = [
    OpCase(
        'spatial_transformer_sampler',
        samples=[
            Sample((2, 3, 4, 5), inside((2, 3, 2, 4, 5))),
            Sample((1, 1, 2, 3), inside((1, 2, 4, 2, 3))),
        ],
        oracle=naive_sampler,
        empty=Sample((0, 3, 4, 5), (0, 2, 3, 3)),
        tol={'e': 4e-2},
        errors=[
            ErrorCase(
                (1, 1, 4, 4),
                (1, 3, 2, 2),
                raises=InvalidType,
                match=r'spatial_transformer_sampler: expected grid.shape\[1\] == 2',
            ),
            ErrorCase((1, 1, 4, 4), (2, 2, 2, 2), raises=InvalidType, match='1 != 2'),
            ErrorCase(
                (1, 1, 4, 4),
                np.ones((1, 2, 2, 2), 'f'),
                raises=InvalidType,
                match='float32 != float64',
            ),
            ErrorCase((1, 4, 4), (1, 2, 2, 2), raises=InvalidType, match='x.ndim == 4'),
            ErrorCase(
                (1, 1, 4, 4),
                (1, 2, 2, 2),
                use_cudnn=False,
                raises=ValueError,
                match='using_config',
            ),
        ],
    ),
    OpCase(
        'spatial_transformer_grid',
        samples=[
            Sample((2, 2, 3), output_shape=(3, 4)),
            Sample((1, 2, 3), output_shape=(2, 2)),
        ],
        oracle=naive_grid,
        empty=Sample((0, 2, 3), output_shape=(3, 4)),
        errors=[
            ErrorCase(
                (2, 3, 3),
                output_shape=(3, 4),
                raises=InvalidType,
                match=r'spatial_transformer_grid: .*got \(2, 3, 3\)',
            ),
            ErrorCase(
                (2, 3), output_shape=(3, 4), raises=InvalidType, match='theta.ndim == 3'
            ),
        ],
    ),
    OpCase(
        'deformable_convolution_2d_sampler',
        samples=[
            Sample((2, 3, 4, 5), offsets((2, 12, 2, 4)), (4, 3, 3, 2), (4,)),
            Sample(
                (1, 2, 5, 4),
                offsets((1, 18, 3, 2)),
                (2, 2, 3, 3),
                stride=2,
                pad=1,
            ),
            Sample((1, 1, 3, 1), offsets((1, 4, 2, 1)), (2, 1, 2, 1), stride=(1, 2)),
        ],
        oracle=naive_deformable,
        empty=Sample((0, 3, 4, 5), (0, 12, 2, 4), (4, 3, 3, 2)),
        tol={'e': 4e-2},
        errors=[
            ErrorCase(
                (1, 1, 4, 4),
                (1, 8, 2, 2),
                (1, 1, 3, 3),
                raises=ValueError,
                match='a 3x3 window needs 18 channels of offsets, got 8',
            ),
            ErrorCase(
                (1, 2, 4, 4),
                (1, 18, 2, 2),
                (1, 1, 3, 3),
                raises=InvalidType,
                match='1 != 2',
            ),
            ErrorCase(
                (1, 1, 4, 4),
                (1, 18, 2, 2),
                (1, 1, 3, 3),
                (2,),
                raises=InvalidType,
                match=r'b.shape == \(1,\)',
            ),
        ],
    ),
    OpCase(
        'local_convolution_2d',
        samples=[
            Sample((2, 3, 5, 4), (2, 3, 3, 3, 3, 2), (2, 3, 3)),
            Sample((2, 2, 6, 5), (3, 2, 3, 2, 2, 1), stride=(3, 2)),
        ],
        oracle=naive_local_convolution,
        empty=Sample((0, 3, 5, 4), (2, 3, 3, 3, 3, 2)),
        tol={'e': 4e-2},
        errors=[
            ErrorCase(
                (2, 3, 4, 4),
                (2, 3, 3, 3, 3, 2),
                raises=InvalidType,
                match='local_convolution_2d: expected images of 5x4 .* got 4x4',
            ),
            ErrorCase(
                (2, 1, 5, 4), (2, 3, 3, 3, 3, 2), raises=InvalidType, match='1 != 3'
            ),
            ErrorCase(
                (2, 3, 5, 4), (2, 3, 3, 3), raises=InvalidType, match='W.ndim == 6'
            ),
            ErrorCase(
                (2, 3, 5, 4),
                (2, 3, 3, 3, 3, 2),
                (2,),
                raises=InvalidType,
                match=r'b.shape == W.shape\[:3\]',
            ),
        ],
    ),
    OpCase(
        'shift',
        samples=[
            Sample((2, 9, 4, 3)),
            Sample((1, 8, 3, 4), ksize=(1, 3), dilate=2),
            Sample((2, 20, 3, 2), dilate=(1, 4)),
        ],
        oracle=naive_shift,
        empty=Sample((0, 9, 4, 3)),
        errors=[
            ErrorCase((1, 8, 4, 4), raises=InvalidType, match='shift: .*>= 9.* got 8'),
            ErrorCase((1, 9, 4, 4), ksize=2, raises=ValueError, match='must be odd'),
            ErrorCase((9, 4, 4), raises=InvalidType, match='x.ndim == 4'),
        ],
    ),
    OpCase(
        'as_strided',
        # The memory that a view lies in is not that of a case: hence the sum.
        call=lambda x, *args, **kwargs: F.as_strided(x + 0, *args, **kwargs),
        samples=[
            Sample((4,), shape=(3, 2), strides=(1, 1)),
            Sample((3, 4), shape=(2, 3, 2), strides=(0, 4, -1), storage_offset=3),
            Sample((2, 3), shape=(), strides=(), storage_offset=4),
        ],
        oracle=naive_as_strided,
        empty=Sample((4,), shape=(0, 2), strides=(1, 1)),
        errors=[
            ErrorCase(
                (4,),
                shape=(3, 3),
                strides=(1, 1),
                raises=ValueError,
                match='as_strided: out of buffer: elements 0 to 4 of 4',
            ),
            ErrorCase(
                (4,), shape=(3,), strides=(-1,), raises=ValueError, match='-2 to 0'
            ),
        ],
    ),
]
