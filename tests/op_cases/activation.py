"""Activation functions."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import (
    Edge,
    ErrorCase,
    OpCase,
    Sample,
    away,
    distinct,
    integers,
)

ONES = np.ones((2, 2))
INF, NAN = np.inf, np.nan
TAIL = (-10.0, -17.0, -20.0)  # where y + alpha has no digits left
SELU = 1.7580993408473768  # scale * alpha


def not_float(name, *others, **kwargs):
    return ErrorCase(
        integers((2, 3), 5),
        *others,
        raises=InvalidType,
        match=f"({name}): .*'f'",
        **kwargs,
    )


def elementwise(name, oracle, *kinks, kwargs=({},), says=None, **options):
    return OpCase(
        name,
        oracle=oracle,
        samples=[
            Sample(away(shape, *kinks), **k)
            for k in kwargs
            for shape in [(3, 4), (2, 3, 2), ()]
        ],
        empty=Sample((0, 4)),
        errors=[not_float(says or name)],
        **options,
    )


def softmax(x, axis=1):
    moved = np.moveaxis(x, axis, -1)
    rows = [np.exp(row) / np.exp(row).sum() for row in moved.reshape(-1, x.shape[axis])]
    return np.moveaxis(np.reshape(rows, moved.shape), -1, axis)


def along_axis(name, oracle):
    return OpCase(
        name,
        oracle=oracle,
        samples=[
            Sample((3, 4)),
            Sample((2, 3, 4)),
            Sample((2, 3, 4), axis=0),
            Sample((2, 3, 4), axis=-1),
            Sample((3,), axis=0),
        ],
        empty=Sample((0, 4)),
        errors=[
            not_float(name),
            ErrorCase(
                (3,), raises=InvalidType, match=f'{name}: .*axis=1 for x.ndim == 1'
            ),
        ],
    )


def per_channel(name, oracle, *kinks, edges=()):
    def extended(x, W):
        return oracle(x, W.reshape((1, *W.shape, *[1] * (x.ndim - W.ndim - 1))))

    return OpCase(
        name,
        oracle=extended,
        samples=[
            Sample(away((4, 3), *kinks), ()),
            Sample(away((4, 3), *kinks), (3,)),
            Sample(away((2, 3, 4), *kinks), (3,)),
            Sample(away((2, 3, 4), *kinks), (3, 4)),
        ],
        empty=Sample((0, 3), (3,)),
        errors=[
            not_float(name, ()),
            ErrorCase(
                (4, 3), (4,), raises=InvalidType, match=rf'{name}: .*\(4,\) for \(4, 3'
            ),
            ErrorCase((3,), (3,), raises=InvalidType, match=name),
            ErrorCase(
                (4, 3), np.zeros(3, 'f'), raises=InvalidType, match='float32 != float64'
            ),
        ],
        edges=edges,
    )


def clipped(x, z=20.0):
    return np.where(x < 0, 0, np.where(x > z, z, x))


def elu(x, alpha=1.0):
    return np.array([v if v > 0 else alpha * (np.exp(v) - 1) for v in x.flat]).reshape(
        x.shape
    )


def maxout(x, pool_size, axis=1):
    return np.stack(
        [
            group.max(axis=axis)
            for group in np.split(x, x.shape[axis] // pool_size, axis=axis)
        ],
        axis=axis,
    )


def rrelu(x, l=1 / 8, u=1 / 3, r=None):  # noqa: E741
    if r is None:
        r = l + (u - l) * np.random.rand(*x.shape)
    return np.where(x < 0, r * x, x)


CASES = [
    elementwise(
        'relu',
        lambda x: np.where(x > 0, x, 0),
        0,
        edges=[Edge.each((INF, INF, 1), (-INF, 0, 0), (0, 0, 0), (-0.0, 0, 0))],
    ),
    along_axis('softmax', softmax),
    along_axis('log_softmax', lambda x, axis=1: np.log(softmax(x, axis))),
    OpCase(
        'clipped_relu',
        oracle=clipped,
        samples=[
            Sample(away((3, 4), 0, 0.7), z=0.7),
            Sample(away((), 0)),
            Sample(30 * ONES),
        ],
        empty=Sample((0, 4)),
        errors=[
            not_float('clipped_relu'),
            ErrorCase((2,), z=0.0, raises=ValueError, match='z > 0, got 0.0'),
        ],
        edges=[Edge.each((INF, 20, 0), (-INF, 0, 0), (0, 0, 0), (20, 20, 0))],
    ),
    OpCase(
        'relu6',
        oracle=lambda x: clipped(x, 6),
        samples=[Sample(np.array([[-3.0, 2.0], [5.5, 7.0]])), Sample(away((), 0))],
        empty=Sample((0, 4)),
        errors=[not_float('relu6|clipped_relu')],
        edges=[Edge.each((INF, 6, 0), (-INF, 0, 0), (0, 0, 0), (6, 6, 0))],
    ),
    elementwise(
        'elu',
        elu,
        0,
        kwargs=({}, {'alpha': 0.5}, {'alpha': -0.5}),
        edges=[
            Edge.each(
                (INF, INF, 1),
                (-INF, -1, 0),
                (0, 0, 1),
                (NAN, NAN, NAN),
            ),
            Edge.each((1e4, 1e4, 1), (65504, 65504, 1), alpha=2.0),
            Edge.each(*[(v, np.expm1(v), np.exp(v)) for v in TAIL], dtypes='fd'),
        ],
    ),
    elementwise(
        'selu',
        lambda x, alpha=1.6732632423543772, scale=1.0507009873554805: (
            scale * elu(x, alpha)
        ),
        0,
        kwargs=({}, {'alpha': 0.5, 'scale': 2.0}),
        says='elu',
        edges=[
            Edge.each(
                (INF, INF, 1.0507009873554805),
                (-INF, -1.7580993408473768, 0),
                (0, 0, 1.7580993408473768),
            ),
            Edge.each(
                *[(v, SELU * np.expm1(v), SELU * np.exp(v)) for v in TAIL], dtypes='fd'
            ),
        ],
    ),
    elementwise(
        'leaky_relu',
        lambda x, slope=0.2: np.where(x < 0, slope * x, x),
        0,
        kwargs=({}, {'slope': 0.0}, {'slope': -0.5}, {'slope': 1.5}),
        edges=[
            Edge.each((INF, INF, 1), (-INF, -INF, 0.2), (0, 0, 0.2), (-0.0, 0, 0.2)),
            Edge.each((INF, INF, 1), (-INF, 0, 0), (0, 0, 0), slope=0.0),
        ],
    ),
    elementwise(
        'softplus',
        lambda x, beta=1.0: np.log1p(np.exp(beta * x)) / beta,
        kwargs=({}, {'beta': 2.0}),
        edges=[
            Edge.each((INF, INF, 1), (-INF, 0, 0), (0, np.log(2), 0.5), (NAN, NAN, NAN))
        ],
    ),
    per_channel(
        'prelu',
        lambda x, W: np.where(x < 0, W * x, x),
        0,
        edges=[
            Edge(
                [[INF], [-2.0], [0.0]],
                [0.25],
                values=[[INF], [-0.5], [0]],
                gradients=([[1], [0.25], [1]], [-2]),
            )
        ],
    ),
    per_channel(
        'swish',
        lambda x, beta: x / (1 + np.exp(-beta * x)),
        edges=[
            Edge(
                [[INF], [-INF], [0.0]],
                [1.0],
                values=[[INF], [0], [0]],
                gradients=([[1], [0], [0.5]], [0]),
            )
        ],
    ),
    OpCase(
        'maxout',
        oracle=maxout,
        samples=[
            Sample(distinct((2, 6)), pool_size=3),
            Sample(distinct((2, 6, 2)), pool_size=2),
            Sample(distinct((4, 3)), pool_size=2, axis=0),
            Sample(distinct((2, 3, 4)), pool_size=2, axis=-1),
        ],
        empty=Sample((0, 4), pool_size=2),
        errors=[
            ErrorCase(
                (2, 5), pool_size=2, raises=InvalidType, match='maxout: .*5 % 2 == 1'
            ),
            ErrorCase((2, 4), pool_size=0, raises=ValueError, match='pool_size > 0'),
            ErrorCase((4,), pool_size=2, raises=InvalidType, match='maxout: .*axis'),
        ],
    ),
    OpCase(
        'crelu',
        oracle=lambda x, axis=1: np.concatenate(
            [np.where(x > 0, x, 0), np.where(x < 0, -x, 0)], axis
        ),
        samples=[Sample(away((2, 3), 0)), Sample(away((2, 3, 2), 0), axis=-1)],
        empty=Sample((0, 4)),
        errors=[not_float('relu')],
    ),
    OpCase(
        'rrelu',
        oracle=rrelu,
        samples=[
            Sample(away((3, 4), 0)),
            Sample(away((3, 4), 0), l=0.2, u=0.9),
            Sample(away((), 0)),
        ],
        empty=Sample((0, 4)),
        random=True,
        errors=[
            not_float('rrelu'),
            ErrorCase((2,), l=0.5, u=0.2, raises=ValueError, match='l=0.5, u=0.2'),
            ErrorCase((2,), r=np.ones(3), raises=InvalidType, match=r'rrelu: .*\(3,\)'),
            ErrorCase((2,), train=True, raises=ValueError, match='using_config'),
        ],
        edges=[
            Edge(
                [INF, -INF, 0.0],
                values=[INF, -INF, 0],
                gradients=([1, 0.5, 1],),
                r=np.full(3, 0.5),
                dtypes='d',
            )
        ],
    ),
]
