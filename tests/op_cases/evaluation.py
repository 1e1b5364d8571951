"""Measures of how good predictions are."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, away, distinct, integers


def accuracy(y, t, ignore_label=None):
    y = y.reshape(*y.shape[:2], t.size // max(len(t), 1))
    right = [
        y[n, :, i].argmax() == label
        for n, row in enumerate(t.reshape(len(t), y.shape[2]))
        for i, label in enumerate(row)
        if label != ignore_label
    ]
    return np.mean(right) if right else 0.0


def summary(y, t, label_num=None, beta=1.0, ignore_label=-1):
    pairs = [
        (int(y[(i[0], slice(None), *i[1:])].argmax()), int(t[i]))
        for i in np.ndindex(t.shape)
        if t[i] != ignore_label
    ]
    columns = []
    for label in range(t.max() + 1 if label_num is None else label_num):
        right = sum(p == label == t for p, t in pairs)
        predicted = sum(p == label for p, t in pairs)
        support = sum(t == label for p, t in pairs)
        p = right / predicted if predicted else np.nan
        r = right / support if support else np.nan
        weighted = beta**2 * p + r
        f = (1 + beta**2) * p * r / weighted if weighted else np.nan
        columns.append((p, r, f, support))
    return [np.array(row) for row in zip(*columns, strict=True)]


def r2_score(pred, true, multioutput='uniform_average'):
    scores = []
    for p, t in zip(
        pred.reshape(len(pred), -1).T, true.reshape(len(true), -1).T, strict=True
    ):
        explained = 1 - np.mean((p - t) ** 2) / (np.var(t) or 1)
        scores.append(explained if np.var(t) else 0)
    scores = np.reshape(scores, pred.shape[1:])
    return scores if multioutput == 'raw_values' else scores.mean()


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
    OpCase(
        'binary_accuracy',
        oracle=lambda y, t: (
            np.mean(
                [
                    (v > 0) == label
                    for v, label in zip(y.flat, t.flat, strict=True)
                    if label >= 0
                ]
            )
            if (t >= 0).any()
            else 0.0
        ),
        samples=[
            Sample(away((3, 4), 0), integers((3, 4), 2)),
            Sample(away((3, 4), 0), integers((3, 4), 2, -1)),
            Sample(away((3,), 0), -np.ones(3, np.int32)),
        ],
        empty=Sample((0,), integers((0,), 2)),
        errors=[
            ErrorCase(
                (3,), integers((2,), 2), raises=InvalidType, match=r'\(3,\) != \(2,'
            ),
            ErrorCase((3,), (3,), raises=InvalidType, match='t.dtype.kind'),
            ErrorCase(
                integers((3,), 2),
                integers((3,), 2),
                raises=InvalidType,
                match='y.dtype',
            ),
        ],
        differentiable=False,
    ),
    *[
        OpCase(
            name,
            oracle=lambda *args, pick=pick, **kwargs: pick(*summary(*args, **kwargs)),
            samples=[
                Sample(distinct((20, 3)), integers((20,), 3)),
                Sample(distinct((20, 3)), integers((20,), 3), label_num=4),
                Sample(distinct((10, 3, 2)), integers((10, 2), 3, -1)),
                Sample(distinct((20, 3)), integers((20,), 3), ignore_label=0),
                *[
                    Sample(distinct((20, 3)), integers((20,), 3), beta=2.0)
                    for _ in range(name in ('classification_summary', 'fbeta_score'))
                ],
            ],
            errors=BAD_SCORES,
            differentiable=False,
            dtypes='d',  # the shares are float64 whatever the scores are
        )
        for name, pick in [
            ('classification_summary', lambda p, r, f, s: (p, r, f, s)),
            ('precision', lambda p, r, f, s: (p, s)),
            ('recall', lambda p, r, f, s: (r, s)),
            ('fbeta_score', lambda p, r, f, s: (f, s)),
            ('f1_score', lambda p, r, f, s: (f, s)),
        ]
    ],
    OpCase(
        'r2_score',
        oracle=r2_score,
        samples=[
            Sample((5,), (5,)),
            Sample((5, 3), (5, 3)),
            Sample((5, 3), (5, 3), multioutput='raw_values'),
            Sample((5,), np.ones(5)),
        ],
        tol={'e': 5e-2},
        errors=[
            ErrorCase(
                (5,), (4,), raises=InvalidType, match=r'r2_score: .*\(5,\) != \(4,'
            ),
            ErrorCase((5,), integers((5,), 3), raises=InvalidType, match='int32'),
            ErrorCase((5,), (5,), multioutput='sum', raises=ValueError, match="'sum'"),
            ErrorCase(
                (5,),
                (5,),
                sample_weight=np.ones(5),
                raises=NotImplementedError,
                match='sample_weight',
            ),
        ],
        differentiable=False,
    ),
]
