"""Poolings of regions of interest, against loops over bins, samples and pixels."""

import math

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, distinct


def pair(value):
    return tuple(value) if hasattr(value, '__len__') else (value, value)


def pixels_of_bins(start, end, n_bins, size):
    """Yields the pixels of every bin of a region, along one axis."""
    start, end = round(start), round(end)
    stride = max(end - start, 1) / n_bins
    for i in range(n_bins):
        first, last = math.floor(i * stride), math.ceil((i + 1) * stride)
        yield [p for p in range(start + first, start + last) if 0 <= p < size]


def naive_pooling(reduce, nothing):
    def oracle(x, rois, roi_indices, outsize, spatial_scale):
        outsize = pair(outsize)
        y = np.full((len(rois), x.shape[1], *outsize), nothing)
        for r, (top, left, bottom, right) in enumerate(rois * spatial_scale):
            rows = list(pixels_of_bins(top, bottom, outsize[0], x.shape[2]))
            columns = list(pixels_of_bins(left, right, outsize[1], x.shape[3]))
            for i, j in np.ndindex(*outsize):
                bin_ = x[roi_indices[r]][:, rows[i]][:, :, columns[j]]
                if bin_.size:
                    y[r, :, i, j] = reduce(bin_, axis=(1, 2))
        return y

    return oracle


def naive_roi_pooling(x, rois, outh, outw, spatial_scale):
    corners = np.round(rois[:, [2, 1, 4, 3]] * spatial_scale)
    corners[:, 2:] += 1
    pool = naive_pooling(np.max, 0.0)
    return pool(x, corners, rois[:, 0].astype(int), (outh, outw), 1)


def samples_of_bins(start, end, n_bins, ratio, size):
    """Yields the pixels and weights of every sample of every bin, along one axis."""
    stride = max(end - start, 1) / n_bins
    n = math.ceil(stride) if ratio is None else ratio
    for i in range(n_bins):
        samples = []
        for j in range(n):
            place = start + i * stride + (j + 0.5) * stride / n
            if not -1 <= place <= size:
                samples.append(None)
                continue
            place = min(max(place, 0), size - 1)
            first = min(int(place), max(size - 2, 0))
            second = min(first + 1, size - 1)
            samples.append((first, second, place - first))
        yield samples


def naive_align(largest):
    def oracle(x, rois, roi_indices, outsize, spatial_scale, sampling_ratio=None):
        outsize, ratio = pair(outsize), pair(sampling_ratio)
        y = np.zeros((len(rois), x.shape[1], *outsize))
        for r, (top, left, bottom, right) in enumerate(rois * spatial_scale):
            image = x[roi_indices[r]]
            rows, columns = [
                list(samples_of_bins(start, end, outsize[i], ratio[i], x.shape[2 + i]))
                for i, (start, end) in enumerate([(top, bottom), (left, right)])
            ]
            for i, j in np.ndindex(*outsize):
                values, n = [], len(rows[i]) * len(columns[j])
                for row in rows[i]:
                    for column in columns[j]:
                        if row is None or column is None:
                            continue
                        (y0, y1, v), (x0, x1, u) = row, column
                        above = image[:, y0, x0] * (1 - u) + image[:, y0, x1] * u
                        below = image[:, y1, x0] * (1 - u) + image[:, y1, x1] * u
                        values.append(above * (1 - v) + below * v)
                if largest:
                    y[r, :, i, j] = np.max(values, axis=0) if values else -np.inf
                elif values:
                    y[r, :, i, j] = np.sum(values, axis=0) / n
        return y

    return oracle


# Regions inside, across each border, outside, of less than a pixel, and upside down;
# numbers that float16 holds, and whose products are not half a pixel.
ROIS = np.array(
    [
        [0, 0, 10, 12],
        [3, 2, 8, 15],
        [-6, -5, 6, 7],
        [5, 9, 20, 25],
        [4, 4, 4.25, 4.25],
        [9, 9, 3, 4],
    ]
)
INDICES = np.array([0, 1, 1, 0, 1, 0], 'i')
FAR = np.array([[40, 40, 50, 50], [0, 0, 8.5, 8]])
FAR_INDICES = np.array([0, 1], 'i')
WITH_INDEX = np.concatenate([INDICES[:, None], ROIS[:, [1, 0, 3, 2]]], axis=1)
IMAGES = (2, 3, 7, 9)


def bad(name, **more):
    one = {'outsize': 2, 'spatial_scale': 1.0, **more}
    rois, indices = ROIS[:1], INDICES[:1]

    def error(*inputs, raises=InvalidType, match, **kwargs):
        return ErrorCase(*inputs, raises=raises, match=match, **{**one, **kwargs})

    return [
        error(IMAGES[1:], rois, indices, match=f'{name}: expected x.ndim == 4'),
        error(np.ones(IMAGES, 'i'), rois, indices, match='x.dtype.kind'),
        error(IMAGES, rois.astype('f'), indices, match='float32 != float64'),
        error(IMAGES, WITH_INDEX[:1], indices, match=r'rois.shape == \(R, 4\)'),
        error(IMAGES, rois, INDICES, match=r'roi_indices.shape == \(1,\)'),
        error(IMAGES, rois, indices.astype('l'), match='roi_indices.dtype == int32'),
        error(
            *(IMAGES, rois, indices + 2),
            raises=IndexError,
            match=f'{name}: a region is of image 2, but there are 2',
        ),
        error(IMAGES, rois, indices, outsize=0, raises=TypeError, match='outsize'),
        error(
            *(IMAGES, rois, indices),
            outsize=(2, 1.5),
            raises=TypeError,
            match=r'outsize must be a positive .*\(2, 1.5\)',
        ),
        error(
            *(IMAGES, rois, indices),
            spatial_scale=-1,
            raises=TypeError,
            match='spatial_scale must be a positive number, got -1',
        ),
    ]


def bad_ratio(name):
    return ErrorCase(
        *(IMAGES, ROIS, INDICES),
        outsize=2,
        spatial_scale=1.0,
        sampling_ratio=(1, 0),
        raises=TypeError,
        match=rf'{name}: sampling_ratio must be .*\(1, 0\)',
    )


def finite(y):
    return F.maximum(y, y.xp.full(y.shape, -1e4, y.dtype))


def no_rois(**kwargs):
    return Sample(IMAGES, ROIS[:0], INDICES[:0], spatial_scale=0.6, **kwargs)


CASES = [
    OpCase(
        'roi_pooling_2d',
        samples=[
            Sample(distinct(IMAGES), WITH_INDEX, outh=3, outw=4, spatial_scale=0.6),
            Sample(distinct(IMAGES), WITH_INDEX, outh=2, outw=1, spatial_scale=1),
        ],
        oracle=naive_roi_pooling,
        empty=Sample(IMAGES, WITH_INDEX[:0], outh=3, outw=4, spatial_scale=0.6),
        grad_inputs=[0],
        errors=[
            ErrorCase(
                *(IMAGES, ROIS),
                outh=1,
                outw=1,
                spatial_scale=1.0,
                raises=InvalidType,
                match=r'roi_pooling_2d: expected rois.shape == \(R, 5\), got \(6, 4\)',
            ),
            ErrorCase(
                *((1, 3, 7, 9), WITH_INDEX),
                outh=1,
                outw=1,
                spatial_scale=1.0,
                raises=IndexError,
                match='of image 1, but there are 1',
            ),
        ],
    ),
    OpCase(
        'roi_max_pooling_2d',
        samples=[
            Sample(distinct(IMAGES), ROIS, INDICES, outsize=(3, 4), spatial_scale=0.6),
            Sample(distinct(IMAGES), ROIS[:2], INDICES[:2], outsize=3, spatial_scale=1),
        ],
        # Bins outside of the image are minus infinity: finite for numerical gradients.
        call=lambda *xs, **kwargs: finite(F.roi_max_pooling_2d(*xs, **kwargs)),
        oracle=lambda *xs, **kwargs: np.maximum(
            naive_pooling(np.max, -np.inf)(*xs, **kwargs), -1e4
        ),
        empty=no_rois(outsize=2),
        grad_inputs=[0],
        errors=bad('roi_max_pooling_2d'),
    ),
    OpCase(
        'roi_average_pooling_2d',
        samples=[
            Sample(IMAGES, ROIS, INDICES, outsize=(3, 4), spatial_scale=0.6),
            Sample(IMAGES, FAR, FAR_INDICES, outsize=3, spatial_scale=1),
        ],
        oracle=naive_pooling(np.mean, 0.0),
        empty=no_rois(outsize=2),
        grad_inputs=[0],
        errors=bad('roi_average_pooling_2d'),
    ),
    OpCase(
        'roi_average_align_2d',
        samples=[
            Sample(IMAGES, ROIS, INDICES, outsize=(3, 4), spatial_scale=0.6),
            Sample(
                *(IMAGES, ROIS, INDICES), outsize=2, spatial_scale=1, sampling_ratio=2
            ),
            Sample(
                *(IMAGES, FAR, FAR_INDICES),
                outsize=2,
                spatial_scale=0.9,
                sampling_ratio=(None, 3),
            ),
        ],
        oracle=naive_align(False),
        empty=no_rois(outsize=2),
        tol={'e': 3e-2},
        grad_inputs=[0],
        errors=[*bad('roi_average_align_2d'), bad_ratio('roi_average_align_2d')],
    ),
    OpCase(
        'roi_max_align_2d',
        samples=[
            Sample(distinct(IMAGES), ROIS, INDICES, outsize=(3, 4), spatial_scale=0.6),
            Sample(
                *(distinct(IMAGES), ROIS, INDICES),
                outsize=2,
                spatial_scale=1,
                sampling_ratio=(1, 3),
            ),
            Sample(distinct(IMAGES), FAR, FAR_INDICES, outsize=2, spatial_scale=0.9),
        ],
        call=lambda *xs, **kwargs: finite(F.roi_max_align_2d(*xs, **kwargs)),
        oracle=lambda *xs, **kwargs: np.maximum(naive_align(True)(*xs, **kwargs), -1e4),
        empty=no_rois(outsize=2),
        tol={'e': 3e-2},
        grad_inputs=[0],
        errors=[*bad('roi_max_align_2d'), bad_ratio('roi_max_align_2d')],
    ),
]
