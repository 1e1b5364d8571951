"""Losses."""

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import (
    ErrorCase,
    OpCase,
    Sample,
    away,
    integers,
    uniform,
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


def mean(x):
    return x.mean() if x.size else np.float64(0)


def unlike(name, **kwargs):
    """Pairs that differ in dtype or shape, or are not float."""
    return [
        ErrorCase(
            (2, 3),
            (3, 2),
            raises=InvalidType,
            match=rf'{name}: .*\(2, 3\) != \(3, 2',
            **kwargs,
        ),
        ErrorCase(
            (2, 3),
            np.zeros((2, 3), 'f'),
            raises=InvalidType,
            match=f'{name}: .*float64 != float32',
            **kwargs,
        ),
        ErrorCase(
            integers((2,), 3),
            integers((2,), 3),
            raises=InvalidType,
            match=f"{name}: .*== 'f', got int32",
            **kwargs,
        ),
    ]


def elementwise_pair(name, oracle, says=None):
    return OpCase(
        name,
        oracle=oracle,
        samples=[
            Sample(away(shape, 0, margin=0.3), uniform(shape, -0.2, 0.2))
            for shape in [(3, 4), (2, 3, 2), (3,), ()]
        ],
        empty=Sample((0, 3), (0, 3)),
        errors=unlike(says or name),
    )


def hinge(x, t, norm='L1', reduce='mean'):
    loss = np.zeros_like(x)
    for n, k in np.ndindex(x.shape):
        loss[n, k] = max(0, 1 - x[n, k] if t[n] == k else 1 + x[n, k])
    if norm == 'L2':
        loss = loss**2
    return loss.sum() / max(len(x), 1) if reduce == 'mean' else loss


def huber_loss(x, t, delta, reduce='sum_along_second_axis'):
    a = abs(x - t)
    loss = np.where(a <= delta, a**2 / 2, delta * (a - delta / 2))
    return loss if reduce == 'no' else loss.sum(axis=1)


def sigmoid_cross_entropy(x, t, normalize=True, reduce='mean'):
    p = 1 / (1 + np.exp(-x))
    loss = -np.where(t == 1, np.log(p), np.log(1 - p))
    loss[t == -1] = 0
    if reduce == 'no':
        return loss
    return loss.sum() / max((t != -1).sum() if normalize else len(x), 1)


def gaussian_kl_divergence(mean, ln_var):
    std = np.exp(ln_var / 2)
    return (std**2 + mean**2 - 1) / 2 - np.log(std)


def gaussian_nll(x, mean, ln_var):
    density = np.exp(-((x - mean) ** 2) / (2 * np.exp(ln_var)))
    return -np.log(density / np.sqrt(2 * np.pi * np.exp(ln_var)))


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
            ErrorCase((4, 3), (4, 2), raises=InvalidType, match='soft targets'),
            ErrorCase(
                (4, 3),
                np.zeros(4, np.uint8),
                raises=InvalidType,
                match=r'got uint8\n  hint: .*astype',
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
    elementwise_pair('absolute_error', lambda a, b: np.abs(a - b)),
    elementwise_pair('squared_error', lambda a, b: (a - b) ** 2),
    elementwise_pair(
        'squared_difference', lambda a, b: (a - b) ** 2, says='squared_error'
    ),
    elementwise_pair('mean_absolute_error', lambda a, b: mean(np.abs(a - b))),
    elementwise_pair('mean_squared_error', lambda a, b: mean((a - b) ** 2)),
    OpCase(
        'hinge',
        oracle=hinge,
        samples=[
            Sample(away((4, 3), -1, 1), integers((4,), 3), norm=norm, reduce=reduce)
            for norm in ('L1', 'L2')
            for reduce in ('mean', 'no')
        ],
        empty=Sample((0, 3), integers((0,), 3)),
        errors=[
            ErrorCase(
                (4, 3), integers((3,), 3), raises=InvalidType, match='hinge: .*t'
            ),
            ErrorCase((4, 3), (4,), raises=InvalidType, match='t.dtype.kind'),
            ErrorCase(
                integers((4, 3), 3), LABELS, raises=InvalidType, match='x.dtype.kind'
            ),
            ErrorCase(
                (4, 3),
                np.array([0, 1, -1, 2]),
                raises=ValueError,
                match=r't\[2\] == -1',
            ),
            ErrorCase(
                (4, 3), LABELS, norm='L3', raises=NotImplementedError, match="'L3'"
            ),
            ErrorCase((4, 3), LABELS, reduce='sum', raises=ValueError, match="'sum'"),
        ],
    ),
    OpCase(
        'huber_loss',
        oracle=huber_loss,
        samples=[
            Sample(away((3, 4), -0.7, 0.7), np.zeros((3, 4)), delta=0.7),
            Sample(away((3, 4, 2), -0.7, 0.7), np.zeros((3, 4, 2)), delta=0.7),
            Sample(away((3, 4), -2, 2), np.zeros((3, 4)), delta=2.0, reduce='no'),
        ],
        empty=Sample((0, 3), (0, 3), delta=1.0),
        errors=[
            *unlike('huber_loss', delta=1.0),
            ErrorCase(
                (2, 3),
                (2, 3),
                delta=1.0,
                reduce='mean',
                raises=ValueError,
                match="'mean'",
            ),
        ],
    ),
    OpCase(
        'sigmoid_cross_entropy',
        oracle=sigmoid_cross_entropy,
        samples=[
            Sample((4, 3), integers((4, 3), 2)),
            Sample((4, 3), integers((4, 3), 2, -1)),
            Sample((4, 3), integers((4, 3), 2, -1), normalize=False),
            Sample((4, 3), integers((4, 3), 2, -1), reduce='no'),
            Sample((4,), -np.ones(4, np.int32)),
        ],
        empty=Sample((0, 3), integers((0, 3), 2)),
        errors=[
            ErrorCase(
                (4, 3),
                integers((4,), 2),
                raises=InvalidType,
                match=r'\(4, 3\) != \(4,\)',
            ),
            ErrorCase((4,), (4,), raises=InvalidType, match='t.dtype.kind'),
            ErrorCase(LABELS, LABELS, raises=InvalidType, match='x.dtype.kind'),
            ErrorCase((4,), LABELS, reduce='sum', raises=ValueError, match="'sum'"),
        ],
    ),
    *[
        OpCase(
            name,
            oracle=lambda *xs, reduce='sum', oracle=oracle: {
                'sum': np.sum,
                'mean': np.mean,
                'no': np.asarray,
            }[reduce](oracle(*xs)),
            samples=[
                Sample(*[(2, 3)] * n, reduce=reduce) for reduce in ('sum', 'mean', 'no')
            ],
            empty=Sample(*[(0, 3)] * n),
            errors=[
                ErrorCase(*[(2, 3)] * n, reduce='max', raises=ValueError, match="'max'")
            ],
        )
        for name, n, oracle in [
            ('gaussian_kl_divergence', 2, gaussian_kl_divergence),
            ('bernoulli_nll', 2, lambda x, y: np.log(1 + np.exp(y)) - x * y),
            ('gaussian_nll', 3, gaussian_nll),
        ]
    ],
]
