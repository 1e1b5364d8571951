"""Batch renormalization, whitening, and a layer that loses weights."""

import warnings

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import (
    ErrorCase,
    OpCase,
    Sample,
    const,
    integers,
    positive,
)

# Far from every batch, so that r and d are constants and not only taken for such.
FAR = {
    'running_mean': np.array([50.0, -50.0, 50.0]),
    'running_var': np.array([1e4, 1e-4, 1e4]),
}


def batch_renormalization(
    x, gamma, beta, rmax, dmax, eps=2e-5, running_mean=None, running_var=None
):
    y = np.zeros(x.shape)
    for c in np.ndindex(gamma.shape):
        at = (slice(None), *c)
        std, known = np.sqrt(x[at].var() + eps), np.sqrt(running_var[c] + eps)
        r = min(max(std / known, 1 / rmax), rmax)
        d = min(max((x[at].mean() - running_mean[c]) / known, -dmax), dmax)
        y[at] = gamma[c] * ((x[at] - x[at].mean()) / std * r + d) + beta[c]
    return y


def fixed_batch_normalization(x, gamma, beta, mean, var, eps=2e-5):
    shape = (1, -1, *[1] * (x.ndim - 2))
    gamma, beta, mean, var = (v.reshape(shape) for v in (gamma, beta, mean, var))
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def call_fixed(*inputs, **kwargs):
    with warnings.catch_warnings(action='ignore'):  # it is deprecated
        return F.fixed_batch_renormalization(*inputs, **kwargs)


def matrix_power(a, exponent):
    """Raises a symmetric matrix to a power, by Newton's iteration for its root."""
    assert exponent == -0.5
    scale = np.trace(a)
    y, z, one = a / scale, np.eye(len(a)), np.eye(len(a))
    for _ in range(60):  # Denman and Beavers
        y, z = (y + np.linalg.inv(z)) / 2, (z + np.linalg.inv(y)) / 2
    assert np.allclose(z @ z @ a / scale, one)
    return z / np.sqrt(scale)


def apply_by_group(x, groups, projection_of):
    y = np.zeros(x.shape)
    size = x.shape[1] // groups
    for g in range(groups):
        part = np.moveaxis(x[:, g * size : (g + 1) * size], 1, 0)
        rows = part.reshape(size, -1)
        mean, projection = projection_of(g, rows)
        result = (projection @ (rows - mean[:, None])).reshape(part.shape)
        y[:, g * size : (g + 1) * size] = np.moveaxis(result, 0, 1)
    return y


def decorrelated(x, groups=16, eps=2e-5):
    def projection_of(g, rows):
        covariance = np.cov(rows, bias=True).reshape(len(rows), len(rows))
        covariance = covariance + eps * np.eye(len(rows))
        return rows.mean(axis=1), matrix_power(covariance, -0.5)

    return apply_by_group(x, groups, projection_of)


def fixed_decorrelated(x, mean, projection, groups=16):
    return apply_by_group(x, groups, lambda g, rows: (mean[g], projection[g]))


def dropconnect(
    x, W, b=None, ratio=0.5, train=True, mask=None, use_batchwise_mask=True
):
    ratio = ratio if train else 0
    shape = (len(x), *W.shape) if use_batchwise_mask else W.shape
    if mask is None:
        mask = np.random.random_sample(shape) >= ratio
    y = np.zeros((len(x), len(W)))
    for n, m in np.ndindex(y.shape):
        kept = mask[n, m] if use_batchwise_mask else mask[m]
        y[n, m] = (x[n].ravel() * W[m] * kept).sum() / (1 - ratio)
    return y if b is None else y + b


MASK = np.array([[True, False, True, True], [False, False, True, True]])

CASES = [
    OpCase(
        'batch_renormalization',
        oracle=batch_renormalization,
        samples=[
            Sample((4, 3), (3,), (3,), rmax=1, dmax=0, **FAR),
            Sample((2, 3, 2, 2), (3,), (3,), rmax=3, dmax=0.5, eps=1e-3, **FAR),
            Sample(
                (3, 2, 2, 2),
                (2, 2),
                (2, 2),
                rmax=2,
                dmax=1,
                running_mean=np.full((2, 2), 9.0),
                running_var=np.full((2, 2), 1e-3),
            ),
        ],
        tol={'e': 5e-2, 'f': 1e-4},
        errors=[
            ErrorCase(
                (4, 3), (2,), (2,), rmax=1, dmax=0, raises=InvalidType, match='gamma',
                **FAR,
            ),
            ErrorCase(
                (4, 3), (3,), (3,), rmax=1, dmax=0, raises=TypeError,
                match='running_mean is required',
            ),
        ],
    ),
    OpCase(
        'fixed_batch_renormalization',
        call=call_fixed,
        oracle=fixed_batch_normalization,
        samples=[Sample((2, 3, 2), (3,), (3,), (3,), positive((3,)), eps=1e-3)],
        empty=Sample((0, 3), (3,), (3,), (3,), positive((3,))),
    ),
    OpCase(
        'decorrelated_batch_normalization',
        oracle=decorrelated,
        samples=[
            Sample((6, 4), groups=2),
            Sample((3, 3, 2, 2), groups=1, eps=0.1),
            Sample((4, 2, 2), groups=2, eps=1e-3),
            # equal eigenvalues
            Sample(const(np.sqrt(2) * np.eye(4)[:, :2]), groups=1, eps=0.5),
        ],
        tol={'e': 5e-2, 'f': 2e-4, 'd': 1e-8},
        errors=[
            ErrorCase((4, 3), groups=2, raises=InvalidType, match='groups=2.*got 3'),
            ErrorCase((4,), groups=1, raises=InvalidType, match='x.ndim >= 2'),
            ErrorCase(
                integers((4, 2), 3), groups=1, raises=InvalidType, match='x.dtype'
            ),
        ],
    ),
    OpCase(
        'fixed_decorrelated_batch_normalization',
        oracle=fixed_decorrelated,
        samples=[
            Sample((3, 4), (2, 2), (2, 2, 2), groups=2),
            Sample((2, 3, 2, 2), (1, 3), (1, 3, 3), groups=1),
        ],
        tol={'e': 5e-2},
        empty=Sample((0, 4), (2, 2), (2, 2, 2), groups=2),
        errors=[
            ErrorCase(
                (3, 4), (1, 2), (2, 2, 2), groups=2, raises=InvalidType,
                match=r'mean.shape == \(2, 2\)',
            ),
            ErrorCase(
                (3, 4), (2, 2), np.ones((2, 2, 2), 'f'), groups=2, raises=InvalidType,
                match='projection.dtype',
            ),
        ],
    ),
    OpCase(
        'simplified_dropconnect',
        oracle=dropconnect,
        random=True,
        samples=[
            Sample((3, 4), (2, 4), (2,)),
            Sample((3, 2, 2), (2, 4), ratio=0.2, use_batchwise_mask=False),
            Sample((3, 4), (2, 4), train=False),
            Sample((3, 4), (2, 4), (2,), mask=MASK, use_batchwise_mask=False),
            Sample((2, 4), (2, 4), mask=np.stack([MASK, ~MASK])),
        ],
        empty=Sample((0, 4), (2, 4), (2,)),
        errors=[
            ErrorCase((3, 4), (2, 3), raises=InvalidType, match='as many values'),
            ErrorCase((3, 4), (2, 4), (3,), raises=InvalidType, match='b float64'),
            ErrorCase(
                (3, 4), (2, 4), mask=MASK, raises=InvalidType, match=r'\(3, 2, 4\)'
            ),
            ErrorCase(
                (3, 4), (2, 4), ratio=1.0, raises=ValueError, match='0 <= ratio < 1'
            ),
        ],
    ),
]  # fmt: skip
