"""Noise: the oracles draw the same numbers from ``numpy.random``."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, integers


def dropout(x, ratio=0.5, mask=None):
    if mask is None:
        mask = np.where(np.random.rand(*x.shape) < ratio, 0, 1 / (1 - ratio))
    return x * mask


def gaussian(mean, ln_var, eps=None):
    if eps is None:
        eps = np.random.standard_normal(mean.shape)
    return mean + np.sqrt(np.exp(ln_var)) * eps


def gumbel_softmax(log_pi, tau=0.1, axis=1):
    y = np.exp((log_pi + np.random.gumbel(size=log_pi.shape)) / tau)
    return y / y.sum(axis=axis, keepdims=True)


CASES = [
    OpCase(
        'dropout',
        oracle=dropout,
        samples=[
            Sample((3, 4)),
            Sample((2, 3, 4), ratio=0.2),
            Sample((3, 4), ratio=0),
            Sample(()),
            Sample((2, 2), mask=np.array([[0.0, 2.0], [1.0, 0.0]])),
        ],
        empty=Sample((0, 4)),
        random=True,
        errors=[
            ErrorCase(integers((2, 3), 5), raises=InvalidType, match="dropout: .*'f'"),
            ErrorCase(
                (2,), ratio=1.0, raises=ValueError, match='0 <= ratio < 1, got 1.0'
            ),
            ErrorCase((2,), ratio=-0.1, raises=ValueError, match='0 <= ratio < 1'),
            ErrorCase((2,), train=True, raises=ValueError, match='using_config'),
            ErrorCase(
                (2,), mask=np.ones(3), raises=InvalidType, match=r'\(3,\) != \(2,\)'
            ),
            ErrorCase((2,), rate=0.1, raises=TypeError, match="dropout.*'rate'"),
        ],
    ),
    OpCase(
        'gaussian',
        oracle=gaussian,
        samples=[
            Sample((3, 4), (3, 4)),
            Sample((), ()),
            Sample((2,), (2,), eps=np.array([0.5, -1.0])),
        ],
        empty=Sample((0, 4), (0, 4)),
        random=True,
        errors=[
            ErrorCase(
                (2,), (3,), raises=InvalidType, match='gaussian: .*one dtype and'
            ),
            ErrorCase(
                integers((2,), 3),
                integers((2,), 3),
                raises=InvalidType,
                match='mean.dtype',
            ),
        ],
    ),
    OpCase(
        'zoneout',
        oracle=lambda h, x, ratio=0.5: np.where(np.random.rand(*x.shape) < ratio, h, x),
        samples=[Sample((3, 4), (3, 4)), Sample((3, 4), (3, 4), ratio=0.1)],
        empty=Sample((0, 4), (0, 4)),
        random=True,
        errors=[
            ErrorCase((2,), (2,), ratio=1.5, raises=ValueError, match='got 1.5'),
            ErrorCase((2,), (2,), train=True, raises=ValueError, match='using_config'),
        ],
    ),
    OpCase(
        'gumbel_softmax',
        oracle=gumbel_softmax,
        samples=[
            Sample((3, 4), tau=1.0),
            Sample((2, 3, 2), tau=0.5),
            Sample((3, 4), tau=2.0, axis=0),
        ],
        empty=Sample((0, 4)),
        random=True,
        tol={'e': 5e-2, 'f': 1e-4},
        errors=[ErrorCase((3,), raises=InvalidType, match='softmax: .*axis=1')],
    ),
]
