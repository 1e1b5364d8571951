"""Normalizations against their formulas."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.functions import group_normalization
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, distinct, positive


def reduced(x, gamma, axis):
    if axis is None:
        axis = (0, *range(gamma.ndim + 1, x.ndim))
    axis = (axis,) if isinstance(axis, int) else axis
    return axis, tuple([1 if i in axis else n for i, n in enumerate(x.shape)])


def fixed(x, gamma, beta, mean, var, eps=2e-5, axis=None):
    _, shape = reduced(x, gamma, axis)
    gamma, beta, mean, var = [v.reshape(shape) for v in (gamma, beta, mean, var)]
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def batch(x, gamma, beta, eps=2e-5, axis=None):
    axes, _ = reduced(x, gamma, axis)
    return fixed(x, gamma, beta, x.mean(axis=axes), x.var(axis=axes), eps, axis)


def group(x, groups, gamma, beta, eps=1e-5):
    y = np.empty_like(x)
    size = x.shape[1] // groups
    for n in range(len(x)):
        for g in range(groups):
            block = x[n, g * size : (g + 1) * size]
            y[n, g * size : (g + 1) * size] = (block - block.mean()) / np.sqrt(
                block.var() + eps
            )
    shape = (-1,) + (1,) * (x.ndim - 2)
    return y * gamma.reshape(shape) + beta.reshape(shape)


def lrn(x, n=5, k=2, alpha=1e-4, beta=0.75):
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        around = x[:, max(c - n // 2, 0) : c + n // 2 + 1]
        y[:, c] = x[:, c] / (k + alpha * (around**2).sum(axis=1)) ** beta
    return y


CASES = [
    OpCase(
        'batch_normalization',
        samples=[
            Sample(distinct((5, 3)), (3,), (3,)),
            Sample((4, 3, 2, 2), (3,), (3,), eps=0.1),
            Sample((4, 3, 2), (3, 2), (3, 2), eps=0.1),
            Sample((4, 3, 2, 2), (3, 2), (3, 2), axis=(0, 2), eps=0.1),
            Sample((4, 3, 2), (4, 3), (4, 3), axis=2, eps=0.1),
            Sample((4, 1, 3), (1,), (1,), eps=0.1),  # one channel
        ],
        oracle=batch,
        tol={'e': 4e-2, 'f': 1e-4},
        errors=[
            ErrorCase(
                (4, 3, 2),
                (2,),
                (2,),
                raises=InvalidType,
                match=r'batch_normalization: expected gamma.shape == \(3,\).*got \(2,\)',
            ),
            ErrorCase(
                (4, 3),
                (3,),
                (2,),
                raises=InvalidType,
                match='beta.shape == gamma.shape',
            ),
            ErrorCase(
                (4, 3), (3,), np.ones(3, 'f'), raises=InvalidType, match='beta.dtype'
            ),
            ErrorCase(
                np.ones((4, 3), 'i'), (3,), (3,), raises=InvalidType, match='x.dtype'
            ),
            ErrorCase(
                (4, 3),
                np.ones(3, 'i'),
                np.ones(3, 'i'),
                raises=InvalidType,
                match='gamma.dtype',
            ),
            ErrorCase(
                (4, 3, 2),
                (3,),
                (3,),
                axis=(2, 0),
                raises=RuntimeError,
                match='batch_normalization: .*ascending',
            ),
            ErrorCase(
                (4, 3),
                (3,),
                (3,),
                axis=0.5,
                raises=RuntimeError,
                match='axis must be int',
            ),
            ErrorCase(
                (4, 3),
                (3,),
                (3,),
                running_mean=np.zeros(3),
                raises=ValueError,
                match='got only running_mean',
            ),
        ],
    ),
    OpCase(
        'fixed_batch_normalization',
        samples=[
            Sample((5, 3), (3,), (3,), (3,), positive((3,))),
            Sample((2, 3, 2, 2), (3,), (3,), (3,), positive((3,)), eps=0.1),
            Sample((2, 3, 2), (3, 2), (3, 2), (3, 2), positive((3, 2))),
            Sample(*[(4, 3, 2, 2), (3,), (3,), (3,)], positive((3,)), axis=(0, 2, 3)),
        ],
        oracle=fixed,
        empty=Sample((0, 3), (3,), (3,), (3,), positive((3,))),
        tol={'e': 4e-2},
        errors=[
            ErrorCase(
                *[(4, 3), (3,), (3,), (3,), (2,)],
                raises=InvalidType,
                match='fixed_batch_normalization: expected var.shape == gamma.shape',
            ),
            ErrorCase(
                *[(4, 3), (2,), (2,), (2,), (2,)],
                raises=InvalidType,
                match=r'gamma.shape == \(3,\)',
            ),
        ],
    ),
    OpCase(
        'layer_normalization',
        samples=[
            Sample(distinct((3, 5)), (5,), (5,)),
            Sample((3, 4), (4,), (4,), eps=0.1),
        ],
        oracle=lambda x, gamma, beta, eps=1e-5: (
            (x - x.mean(axis=1, keepdims=True))
            / np.sqrt(x.var(axis=1, keepdims=True) + eps)
            * gamma
            + beta
        ),
        empty=Sample((0, 4), (4,), (4,)),
        tol={'e': 4e-2, 'f': 1e-4},
        errors=[
            ErrorCase(
                (3, 4, 2),
                (4,),
                (4,),
                raises=InvalidType,
                match='layer_normalization: expected x.ndim == 2',
            ),
            ErrorCase((3, 4), (3,), (3,), raises=InvalidType, match='gamma.shape'),
            ErrorCase(
                (3, 4),
                np.ones(4, 'f'),
                np.ones(4, 'f'),
                raises=InvalidType,
                match='gamma.dtype == x.dtype',
            ),
        ],
    ),
    OpCase(
        'group_normalization',
        call=lambda x, gamma, beta, groups, eps=1e-5: group_normalization(
            x, groups, gamma, beta, eps
        ),
        samples=[
            Sample(distinct((3, 4, 2, 2)), (4,), (4,), groups=2),
            Sample((2, 6, 3), (6,), (6,), groups=3, eps=0.1),
            Sample((2, 6), (6,), (6,), groups=1, eps=0.1),
        ],
        oracle=lambda x, gamma, beta, groups, eps=1e-5: group(
            x, groups, gamma, beta, eps
        ),
        empty=Sample((0, 4, 2, 2), (4,), (4,), groups=2),
        tol={'e': 4e-2, 'f': 1e-4},
        errors=[
            ErrorCase(
                (2, 6, 3),
                (6,),
                (6,),
                groups=4,
                raises=ValueError,
                match='group_normalization: 6 channels cannot be split into 4',
            ),
            ErrorCase(
                (2, 6, 3), (6,), (6,), groups=2.0, raises=TypeError, match='got float'
            ),
            ErrorCase(
                (2, 6, 3), (6,), (6,), groups=0, raises=ValueError, match='positive'
            ),
            ErrorCase(
                (2, 6, 3), (3,), (3,), groups=2, raises=InvalidType, match='gamma'
            ),
            ErrorCase(
                (6,), (6,), (6,), groups=2, raises=InvalidType, match='x.ndim >= 2'
            ),
        ],
    ),
    OpCase(
        'local_response_normalization',
        samples=[
            Sample((2, 7, 3, 2)),
            Sample((2, 4, 3), n=3, k=1.5, alpha=0.3, beta=0.5),
            Sample((2, 5), n=4, k=1, alpha=0.5),
            Sample((2, 2, 2, 2), n=7, alpha=0.2),
        ],
        oracle=lrn,
        empty=Sample((0, 7, 3, 2)),
        errors=[
            ErrorCase((3,), raises=InvalidType, match='x.ndim >= 2'),
            ErrorCase(np.ones((2, 3), 'i'), raises=InvalidType, match='x.dtype.kind'),
        ],
    ),
    OpCase(
        'normalize',
        samples=[
            Sample((3, 4)),
            Sample((3, 4, 2), eps=0.1, axis=(0, 2)),
            Sample((3, 4), axis=-1),
        ],
        oracle=lambda x, eps=1e-5, axis=1: (
            x / (np.sqrt((x * x).sum(axis=axis, keepdims=True)) + eps)
        ),
        empty=Sample((0, 4)),
        errors=[
            ErrorCase((3,), raises=InvalidType, match='normalize: expected an axis'),
            ErrorCase(np.ones((2, 3), 'i'), raises=InvalidType, match='x.dtype.kind'),
        ],
    ),
]
