"""Losses."""

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import (
    ErrorCase,
    OpCase,
    Sample,
    integers,
)


def softmax_cross_entropy(
    x,
    t,
    normalize=True,
    class_weight=None,
    ignore_label=-1,
    reduce='mean',
    soft_target_loss='cross-entropy',
    **options,
):
    log_p = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    if t.dtype.kind == 'f':
        loss = -(t * log_p).sum(axis=1)
        if soft_target_loss == 'kl-divergence':
            loss += (t * np.log(t + 1e-7)).sum(axis=1)
        return loss.mean() if reduce == 'mean' else loss
    loss = np.zeros(t.shape)
    for i in np.ndindex(t.shape):
        if t[i] != ignore_label:
            loss[i] = -log_p[(i[0], t[i], *i[1:])]
            if class_weight is not None:
                loss[i] *= class_weight[t[i]]
    if reduce == 'no':
        return loss
    return loss.sum() / max((t != ignore_label).sum() if normalize else len(x), 1)


def distributions(shape):
    def draw(rng):
        t = rng.uniform(0.1, 1, shape)
        return t / t.sum(axis=1, keepdims=True)

    return draw


WEIGHT = np.array([0.5, 2.0, 1.5])
LABELS = integers((4,), 3, -1)  # -1, 0, 1 and 2
MAPS = integers((2, 2, 3), 3, -1)

CASES = [
    OpCase(
        'softmax_cross_entropy',
        oracle=softmax_cross_entropy,
        samples=[
            Sample((4, 3), integers((4,), 3)),
            Sample((4, 3), LABELS),
            Sample((4, 3), LABELS, normalize=False),
            Sample((4, 3), LABELS, reduce='no'),
            Sample((4, 3), LABELS, class_weight=WEIGHT),
            Sample((4, 3), LABELS, class_weight=WEIGHT, reduce='no'),
            Sample((4, 3), LABELS, ignore_label=-1, cache_score=False),
            Sample((4, 3), integers((4,), 3), ignore_label=0),
            Sample((4, 3), integers((4,), 1), ignore_label=0),
            Sample((2, 3, 2, 3), MAPS),
            Sample((2, 3, 2, 3), MAPS, normalize=False, class_weight=WEIGHT),
            Sample((2, 3, 2, 3), MAPS, reduce='no', class_weight=WEIGHT),
            Sample((4, 3), LABELS, enable_double_backprop=True),
        ],
        empty=Sample((0, 3), integers((0,), 3)),
        errors=[
            ErrorCase(
                (4, 3),
                np.array([0, 1, 3, 2]),
                raises=ValueError,
                match=r'labels 0 <= t < 3 .*ignore_label=-1, got t\[2\] == 3',
            ),
            ErrorCase(
                (1, 3, 2, 2),
                np.array([[[0, 1], [-2, -1]]]),
                raises=ValueError,
                match=r'got t\[0, 1, 0\] == -2',
            ),
            ErrorCase(
                (4, 3),
                integers((5,), 3),
                raises=InvalidType,
                match=r'softmax_cross_entropy: expected t.shape.*\(5,\) for x \(4, 3\)',
            ),
            ErrorCase(
                (4, 3), (4, 2), raises=InvalidType, match='soft targets, with x.ndim'
            ),
            ErrorCase(
                (4, 3),
                np.zeros(4, np.uint8),
                raises=InvalidType,
                match=r't.dtype == uint8\n  hint: .*astype',
            ),
            ErrorCase(
                integers((4, 3), 5), LABELS, raises=InvalidType, match='x.dtype.kind'
            ),
            ErrorCase((4, 3), LABELS, reduce='sum', raises=ValueError, match="'sum'"),
            ErrorCase(
                (4, 3),
                LABELS,
                soft_target_loss='entropy',
                raises=ValueError,
                match="got 'entropy'",
            ),
            ErrorCase(
                (4, 3),
                LABELS,
                class_weight=np.ones(2),
                raises=ValueError,
                match=r'class_weight.shape == \(x.shape\[1\],\), got \(2,\) for 3',
            ),
            ErrorCase(
                (4, 3),
                LABELS,
                class_weight=np.ones((1, 3)),
                raises=ValueError,
                match='ndim',
            ),
            ErrorCase(
                (4, 3),
                LABELS,
                class_weight=np.ones(3, 'i'),
                raises=ValueError,
                match='int32',
            ),
            ErrorCase(
                (4, 3),
                LABELS,
                class_weight=[1, 2, 3],
                raises=ValueError,
                match='got list',
            ),
        ],
    ),
    OpCase(
        'softmax_cross_entropy (soft targets)',
        call=F.softmax_cross_entropy,
        oracle=softmax_cross_entropy,
        samples=[
            Sample((4, 3), distributions((4, 3))),
            Sample((4, 3), distributions((4, 3)), reduce='no'),
            Sample((4, 3), (4, 3), cache_score=False),
            Sample((2, 3, 2), distributions((2, 3, 2))),
            Sample((2, 3, 2), distributions((2, 3, 2)), reduce='no'),
            Sample((4, 3), distributions((4, 3)), soft_target_loss='kl-divergence'),
        ],
        empty=Sample((0, 3), distributions((0, 3)), reduce='no'),
        grad_inputs=[0],
    ),
]
