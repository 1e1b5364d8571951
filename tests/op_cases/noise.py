"""Noise: the oracles draw the same numbers from ``numpy.random``."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, integers


def dropout(x, ratio=0.5, mask=None):
    if mask is None:
        mask = np.where(np.random.rand(*x.shape) < ratio, 0, 1 / (1 - ratio))
    return x * mask


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
]
