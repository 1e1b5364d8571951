"""Losses of pairs, triples, sequences and samples: oracles that try every possibility."""

import itertools

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import (
    ErrorCase,
    OpCase,
    Sample,
    const,
    integers,
)


def contrastive(x0, x1, y, margin=1, reduce='mean'):
    loss = []
    for a, b, similar in zip(x0, x1, y, strict=True):
        d = np.linalg.norm(a - b)
        loss.append(d**2 / 2 if similar else max(margin - d, 0) ** 2 / 2)
    return np.mean(loss) if reduce == 'mean' else np.array(loss)


def triplet(anchor, positive, negative, margin=0.2, reduce='mean'):
    loss = []
    for a, p, n in zip(anchor, positive, negative, strict=True):
        near, far = np.linalg.norm(a - p) ** 2, np.linalg.norm(a - n) ** 2
        loss.append(max(near - far + margin, 0))
    return np.mean(loss) if reduce == 'mean' else np.array(loss)


def cross_covariance(y, z, reduce='half_squared_sum'):
    covariance = np.zeros((y.shape[1], z.shape[1]))
    for i, j in np.ndindex(covariance.shape):
        a, b = y[:, i] - y[:, i].mean(), z[:, j] - z[:, j].mean()
        covariance[i, j] = (a * b).mean()
    return covariance if reduce == 'no' else (covariance**2).sum() / 2


def decov(h, reduce='half_squared_sum'):
    covariance = cross_covariance(h, h, 'no')
    np.fill_diagonal(covariance, 0)
    return covariance if reduce == 'no' else (covariance**2).sum() / 2


def black_out(x, t, W, samples, reduce='mean'):
    loss = []
    for n in range(len(x)):
        right = np.exp(W[t[n]] @ x[n])
        wrong = [np.exp(W[s] @ x[n]) for s in samples[n]]
        z = right + sum(wrong)
        loss.append(-np.log(right / z) - sum(np.log(1 - w / z) for w in wrong))
    return np.mean(loss) if reduce == 'mean' else np.array(loss)


def sampler(shape):
    return (np.arange(np.prod(shape)) * 7 % 4).reshape(shape).astype('i')


def sampler_like(x):
    """Draws arrays of the kind of ``x``."""
    xp = x.xp if hasattr(x, 'xp') else F.cast(x, x.dtype).xp
    return lambda shape: xp.asarray(sampler(shape))


def negative_sampling(x, t, W, sample_size=3, reduce='sum'):
    drawn = sampler((len(t), sample_size + 1))
    loss = np.zeros(len(t))
    for n, label in enumerate(t):
        if label != -1:
            loss[n] = np.log1p(np.exp(-W[label] @ x[n]))
            for s in drawn[n, 1:]:
                loss[n] += np.log1p(np.exp(W[s] @ x[n]))
    return loss.sum() if reduce == 'sum' else loss


def collapse(symbols, blank):
    """Merges repetitions, then drops the blanks."""
    merged = [s for s, _ in itertools.groupby(symbols)]
    return [s for s in merged if s != blank]


def ctc(x, t, input_length, label_length, blank_symbol=2, reduce='mean'):
    p = np.exp(x) / np.exp(x).sum(axis=2, keepdims=True)
    loss = []
    for b in range(len(t)):
        total = 0
        wanted = t[b, : label_length[b]].tolist()
        for said in itertools.product(range(x.shape[2]), repeat=input_length[b]):
            if collapse(said, blank_symbol) == wanted:
                total += np.prod([p[i, b, s] for i, s in enumerate(said)])
        loss.append(-np.log(total))
    return np.mean(loss) if reduce == 'mean' else np.array(loss)


def call_ctc(x, t, input_length, label_length, blank_symbol=2, reduce='mean'):
    return F.connectionist_temporal_classification(
        F.separate(x, axis=0), t, blank_symbol, input_length, label_length, reduce
    )


def ctc_sample(t, input_length, label_length, V=3, T=4, **kwargs):
    lengths = [const(np.array(n, 'i')) for n in (t, input_length, label_length)]
    return Sample((T, len(t), V), *lengths, **kwargs)


def score(cost, x, y):
    """Scores one sequence of labels."""
    return sum(x[i, k] for i, k in enumerate(y)) + sum(
        cost[a, b] for a, b in itertools.pairwise(y)
    )


def sequences(xs):
    """Yields the sequences of a list of shrinking batches."""
    for b in range(len(xs[0])):
        yield np.array([x[b] for x in xs if len(x) > b])


def crf1d(cost, *inputs, reduce='mean'):
    xs, ys = inputs[: len(inputs) // 2], inputs[len(inputs) // 2 :]
    loss = []
    for x, y in zip(sequences(xs), sequences(ys), strict=True):
        everything = itertools.product(range(len(cost)), repeat=len(x))
        z = sum(np.exp(score(cost, x, labels)) for labels in everything)
        loss.append(np.log(z) - score(cost, x, y))
    return np.mean(loss) if reduce == 'mean' else np.array(loss)


def call_crf1d(cost, *inputs, **kwargs):
    n = len(inputs) // 2
    return F.crf1d(cost, inputs[:n], inputs[n:], **kwargs)


def argmax_crf1d(cost, *xs):
    scores, paths = [], []
    for x in sequences(xs):
        everything = itertools.product(range(len(cost)), repeat=len(x))
        paths.append(max(everything, key=lambda labels: score(cost, x, labels)))
        scores.append(score(cost, x, paths[-1]))
    by_time = [[path[t] for path in paths if len(path) > t] for t, _ in enumerate(xs)]
    return (np.array(scores), *[np.array(labels, 'i') for labels in by_time])


def call_argmax_crf1d(cost, *xs):
    best, path = F.argmax_crf1d(cost, xs)
    return (best, *path)


def discriminative(
    x, labels, delta_v=0.5, delta_d=1.5, max_embedding_dim=3, norm=1, **weights
):
    size = (lambda v: abs(v).sum()) if norm == 1 else (lambda v: (v**2).sum() ** 0.5)
    N, K = len(x), max_embedding_dim
    centres, variance = np.zeros((K, N, K)), 0
    for k in range(K):
        for n in range(N):
            pixels = [x[n, :, i, j] for i, j in np.argwhere(labels[n] == k + 1)]
            centres[k, n] = np.sum(pixels, axis=0) / max(len(pixels), 1)
        excess = [
            max(size(centres[k, n] - x[n, :, i, j]) - delta_v, 0) ** 2
            for n, i, j in np.argwhere(labels == k + 1)
        ]
        variance += np.sum(excess) / max(len(excess), 1) / K
    pairs = [
        max(2 * delta_d - size(centres[a, n] - centres[b, n]), 0) ** 2
        for a, b in itertools.combinations(range(K), 2)
        for n in range(N)
    ]
    regular = sum(size(centre) for centre in centres) / (K * N)
    return (
        np.float64(weights.get('alpha', 1) * variance),
        np.float64(weights.get('beta', 1) * (np.mean(pairs) if pairs else 0)),
        np.float64(weights.get('gamma', 0.001) * regular),
    )


def call_discriminative(x, labels, delta_v=0.5, delta_d=1.5, **kwargs):
    dim = kwargs.pop('max_embedding_dim', 3)
    return F.discriminative_margin_based_clustering_loss(
        x, labels, delta_v, delta_d, dim, **kwargs
    )


BAD_REDUCE = {'reduce': 'max', 'raises': ValueError, 'match': "reduce='.*got 'max'"}
PAIR = const(np.array([1, 0, 0, 1], 'i'))
T = const(np.array([1, -1, 3], 'i'))
LENGTHS = np.array([4, 4], 'i')

CASES = [
    OpCase(
        'contrastive',
        oracle=contrastive,
        samples=[
            Sample((4, 3), (4, 3), PAIR, margin=4.0),
            Sample((4, 3), (4, 3), PAIR, margin=1.5, reduce='no'),
        ],
        tol={'e': 5e-2},
        errors=[
            ErrorCase((4, 3), (4, 2), PAIR, raises=InvalidType, match='one shape'),
            ErrorCase((4, 3), (4, 3), (4,), raises=InvalidType, match="y.*'i'"),
            ErrorCase((3, 3), (3, 3), PAIR, raises=InvalidType, match='y.shape'),
            ErrorCase((4,), (4,), PAIR, raises=InvalidType, match='x0.ndim == 2'),
            ErrorCase(
                (4, 3), (4, 3), PAIR, margin=0, raises=ValueError, match='margin > 0'
            ),
            ErrorCase((4, 3), (4, 3), PAIR, **BAD_REDUCE),
        ],
    ),
    OpCase(
        'triplet',
        oracle=triplet,
        samples=[
            Sample((4, 3), (4, 3), (4, 3)),
            Sample((4, 3), (4, 3), (4, 3), margin=2.0, reduce='no'),
        ],
        tol={'e': 5e-2},
        errors=[
            ErrorCase((2, 3), (2, 3), (2, 4), raises=InvalidType, match='negative of'),
            ErrorCase((0, 3), (0, 3), (0, 3), raises=InvalidType, match='len'),
            ErrorCase(
                (2, 3), (2, 3), (2, 3), margin=-1, raises=ValueError, match='margin > 0'
            ),
            ErrorCase((2, 3), (2, 3), (2, 3), **BAD_REDUCE),
        ],
    ),
    OpCase(
        'cross_covariance',
        oracle=cross_covariance,
        samples=[Sample((5, 3), (5, 2)), Sample((5, 3), (5, 2), reduce='no')],
        errors=[
            ErrorCase((5, 3), (4, 2), raises=InvalidType, match='number of rows'),
            ErrorCase((5,), (5,), raises=InvalidType, match='matrices'),
            ErrorCase((5, 3), (5, 2), **BAD_REDUCE),
        ],
    ),
    OpCase(
        'decov',
        oracle=decov,
        samples=[Sample((5, 3)), Sample((5, 3), reduce='no')],
        errors=[
            ErrorCase((5,), raises=InvalidType, match='decov: .*matrices'),
            ErrorCase(integers((5, 3), 4), raises=InvalidType, match='h.dtype'),
            ErrorCase((5, 3), **BAD_REDUCE),
        ],
    ),
    OpCase(
        'black_out',
        oracle=black_out,
        samples=[
            Sample((3, 2), integers((3,), 5), (5, 2), integers((3, 4), 5)),
            Sample((3, 2), integers((3,), 5), (5, 2), integers((3, 2), 5), reduce='no'),
        ],
        tol={'e': 8e-2, 'f': 1e-4},
        errors=[
            ErrorCase((3, 2), T, (5, 2), integers((3, 4), 5), **BAD_REDUCE),
            ErrorCase(
                (3, 2),
                const(np.array([0, 1, 5])),
                (5, 2),
                integers((3, 4), 5),
                raises=ValueError,
                match='0 <= x < 5.*got 5',
            ),
        ],
    ),
    OpCase(
        'negative_sampling',
        call=lambda x, t, W, sample_size=3, **kwargs: F.negative_sampling(
            x, t, W, sampler_like(x), sample_size, **kwargs
        ),
        oracle=negative_sampling,
        samples=[
            Sample((3, 2), T, (4, 2)),
            Sample((3, 2), T, (4, 2), sample_size=2, reduce='no'),
        ],
        tol={'e': 4e-2},
        empty=Sample((0, 2), integers((0,), 3), (4, 2)),
        errors=[
            ErrorCase((3, 2), (3,), (4, 2), raises=InvalidType, match='int32'),
            ErrorCase((3, 2), T, (4, 3), raises=InvalidType, match=r'W \(V, D\)'),
            ErrorCase((2, 2), T, (4, 2), raises=InvalidType, match='t.shape'),
            ErrorCase((3, 2), T, (3, 2), raises=ValueError, match='0 <= t < 3'),
            ErrorCase((3, 2), T, (4, 2), **BAD_REDUCE),
        ],
    ),
    OpCase(
        'connectionist_temporal_classification',
        call=call_ctc,
        oracle=ctc,
        samples=[
            ctc_sample([[0, 1], [1, 0]], [4, 4], [2, 2]),
            # labels that repeat need a blank between them
            ctc_sample([[0, 0], [1, 1]], [3, 4], [2, 2], reduce='no'),
            # padding, an empty sequence of labels, another blank
            ctc_sample(
                [[1, 3, -1], [2, -1, -1], [2, 2, 1]],
                [4, 2, 4],
                [2, 0, 3],
                V=4,
                blank_symbol=0,
                reduce='no',
            ),
            ctc_sample([[1]], [1], [1], T=1),
        ],
        tol={'e': 3e-2},
        errors=[
            ErrorCase(
                (4, 2, 3),
                const(np.zeros((2, 2))),
                LENGTHS,
                LENGTHS,
                raises=InvalidType,
                match='t.dtype == int32',
            ),
            ErrorCase(
                (4, 2, 3),
                const(np.zeros((3, 2), 'i')),
                LENGTHS,
                LENGTHS,
                raises=InvalidType,
                match=r't.shape == \(B, M\)',
            ),
            ErrorCase(
                (4, 2, 3),
                const(np.zeros((2, 2), 'i')),
                LENGTHS[:1],
                LENGTHS,
                raises=InvalidType,
                match='input_length.shape',
            ),
            ErrorCase(
                (4, 2, 3),
                const(np.zeros((2, 2), 'i')),
                LENGTHS,
                LENGTHS,
                blank_symbol=3,
                raises=ValueError,
                match='0 <= blank_symbol < 3',
            ),
            ErrorCase(
                (4, 2, 3), const(np.zeros((2, 2), 'i')), LENGTHS, LENGTHS, **BAD_REDUCE
            ),
        ],
    ),
    OpCase(
        'crf1d',
        call=call_crf1d,
        oracle=crf1d,
        samples=[
            Sample(
                (3, 3),
                *[(2, 3)] * 3,
                *[integers((2,), 3)] * 3,
            ),
            # sequences of lengths 4, 2, 2 and 1
            Sample(
                (2, 2),
                (4, 2),
                (3, 2),
                (1, 2),
                (1, 2),
                *[integers((n,), 2) for n in (4, 3, 1, 1)],
                reduce='no',
            ),
        ],
        tol={'e': 5e-2},
        errors=[
            ErrorCase(
                (3, 2), (2, 3), integers((2,), 3), raises=InvalidType, match='crf1d: '
            ),
            ErrorCase(
                (3, 3), (2, 3), const([0, 3]), raises=ValueError, match='0 <= t < 3'
            ),
            ErrorCase((3, 3), (2, 3), integers((2,), 3), **BAD_REDUCE),
        ],
    ),
    OpCase(
        'argmax_crf1d',
        call=call_argmax_crf1d,
        oracle=argmax_crf1d,
        samples=[
            Sample((3, 3), (2, 3), (2, 3), (2, 3)),
            Sample((2, 2), (4, 2), (3, 2), (1, 2), (1, 2)),
        ],
        errors=[
            ErrorCase((3, 3), (2, 2), raises=InvalidType, match='argmax_crf1d: '),
            ErrorCase((3, 3), raises=ValueError, match='got none'),
        ],
    ),
    OpCase(
        'discriminative_margin_based_clustering_loss',
        call=call_discriminative,
        oracle=discriminative,
        samples=[
            Sample((2, 3, 4, 2), integers((2, 4, 2), 4), norm=1),
            Sample((2, 3, 2, 3), integers((2, 2, 3), 3), norm=2, alpha=2.0, gamma=0.5),
            Sample((3, 1, 2, 2), integers((3, 2, 2), 3), max_embedding_dim=1),
        ],
        tol={'e': 5e-2},
        errors=[
            ErrorCase(
                (2, 2, 4, 2), integers((2, 4, 2), 4), raises=ValueError, match='N, 3, H'
            ),
            ErrorCase(
                (2, 3, 4, 2),
                integers((2, 4, 2), 4),
                norm=3,
                raises=ValueError,
                match='norm=1 or 2',
            ),
            ErrorCase(
                (2, 0, 4, 2),
                integers((2, 4, 2), 4),
                max_embedding_dim=0,
                raises=ValueError,
                match='max_embedding_dim > 0',
            ),
        ],
    ),
]
