"""Measures of how good predictions are."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, distinct, integers


def accuracy(y, t, ignore_label=None):
    y = y.reshape(*y.shape[:2], t.size // max(len(t), 1))
    right = [
        y[n, :, i].argmax() == label
        for n, row in enumerate(t.reshape(len(t), y.shape[2]))
        for i, label in enumerate(row)
        if label != ignore_label
    ]
    return np.mean(right) if right else 0.0


BAD_SCORES = [
    ErrorCase(
        integers((2, 3), 2), integers((2,), 3), raises=InvalidType, match='y.dtype.kind'
    ),
    ErrorCase(
        (2, 3), (2,), raises=InvalidType, match='t of signed integers, got float64'
    ),
    ErrorCase(
        (2, 3),
        integers((3,), 3),
        raises=InvalidType,
        match=r'got \(3,\) for y \(2, 3\)',
    ),
    ErrorCase(
        (2, 3, 4), integers((2, 3), 3), raises=InvalidType, match='one label per'
    ),
    ErrorCase((2, 3, 4), integers((2,), 3), raises=InvalidType, match='one label per'),
]


CASES = [
    OpCase(
        'accuracy',
        oracle=accuracy,
        samples=[
            Sample(distinct((7, 3)), integers((7,), 3)),
            Sample(distinct((7, 3, 1, 1)), integers((7,), 3)),
            Sample(distinct((4, 3, 2, 2)), integers((4, 2, 2), 3)),
            Sample(distinct((4, 3, 2)), integers((4, 2), 3, -1), ignore_label=-1),
            Sample(distinct((4, 3)), integers((4,), 1), ignore_label=0),
        ],
        empty=Sample((0, 3), integers((0,), 3), ignore_label=-1),
        errors=BAD_SCORES,
        differentiable=False,
    ),
]
