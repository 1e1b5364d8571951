"""Zeros, infinities and NaN for functions of several inputs or of whole axes.

The values come from limits, worked out by hand; PyTorch's are the same unless a line says
otherwise (tests/functions/test_sweep.py).
"""

import numpy as np

import minigrad.functions as F
from minigrad.testing.op_case import Edge, OpCase

INF, NAN = np.inf, np.nan
LN2 = np.log(2)


def edges(name, *given, call=None, **options):
    return OpCase(name, samples=(), oracle=None, edges=given, call=call, **options)


CASES = [
    edges('clip', Edge.each((INF, 1, 0), (-INF, 0, 0), (0, 0, 1), x_min=0, x_max=1)),
    edges(
        'max',
        Edge(
            [[1.0, INF], [-INF, -INF]],
            values=[INF, -INF],
            gradients=([[0, 1], [1, 1]],),
        ),
        call=lambda x: F.max(x, axis=1),
    ),
    edges(
        'min',
        Edge(
            [[1.0, -INF], [INF, INF]], values=[-INF, INF], gradients=([[0, 1], [1, 1]],)
        ),
        call=lambda x: F.min(x, axis=1),
    ),
    edges(
        'logsumexp',
        Edge(
            [[-INF, -INF], [INF, 1.0], [-INF, 1.0], [0.0, 0.0]],
            values=[-INF, INF, 1, LN2],
            gradients=([[0, 0], [1, 0], [0, 1], [0.5, 0.5]],),
            axis=1,
        ),
        Edge([NAN, 1.0], values=NAN, gradients=([NAN, NAN],)),
    ),
    edges(
        'arctan2',
        Edge(
            [0.0, 0.0, 1.0, INF, 0.0],
            [0.0, -1.0, INF, 1.0, 2.0],
            values=[0, np.pi, 0, np.pi / 2, 0],
            gradients=([0, -1, 0, 0, 0.5], [0, 0, 0, 0, 0]),
        ),
        Edge(
            [3e-30],
            [4e-30],
            values=[0.6435011],
            gradients=([1.6e29], [-1.2e29]),
            dtypes='f',
        ),
        Edge(
            [3e30],
            [4e30],
            values=[0.6435011],
            gradients=([1.6e-31], [-1.2e-31]),
            dtypes='f',
        ),
    ),
    edges(
        'a ** b',
        Edge(
            [0.0, 0.0, 2.0, 0.0, 0.0],
            [1.0, 0.0, 1.0, 2.0, 0.5],
            values=[0, 1, 2, 0, 0],
            gradients=([1, 0, 1, 0, INF], [0, 0, 2 * LN2, 0, 0]),
        ),
        call=lambda a, b: a**b,
    ),
    edges('a ** 0', Edge.each((0, 1, 0), (INF, 1, 0), (2, 1, 0)), call=lambda a: a**0),
    edges('a ** 1', Edge.each((0, 0, 1), (INF, INF, 1)), call=lambda a: a**1),
    edges('a ** 2', Edge.each((0, 0, 0), (INF, INF, INF)), call=lambda a: a**2),
    edges(
        '0 ** b',
        Edge.each((1, 0, 0), (2, 0, 0), (0, 1, 0), (INF, 0, 0)),
        call=lambda b: 0.0**b,
    ),
    edges(
        'maximum',
        Edge(
            [INF, -INF, 0.0, -0.0],
            [1.0, 1.0, 0.0, 0.0],
            values=[INF, 1, 0, 0],
            gradients=([1, 0, 1, 1], [0, 1, 0, 0]),
        ),
    ),
    edges(
        'minimum',
        Edge(
            [INF, -INF, 0.0],
            [1.0, 1.0, 0.0],
            values=[1, -INF, 0],
            gradients=([0, 1, 1], [1, 0, 0]),
        ),
    ),
    edges(
        'prod',
        Edge([0.0, 2.0, 3.0], values=0, gradients=([6, 0, 0],)),
        Edge([0.0, 0.0, 3.0], values=0, gradients=([0, 0, 0],)),
    ),
    edges(
        'normalize',
        Edge(
            [[0.0, 0.0]],
            values=[[0, 0]],
            gradients=([[1 / 2**-8, 1 / 2**-8]],),
            eps=2**-8,
        ),
    ),
    edges(
        'sigmoid_cross_entropy',
        Edge(
            [INF, -INF, INF, -INF, NAN, INF],
            np.array([1, 1, 0, 0, -1, -1]),
            values=[0, INF, INF, 0, 0, 0],
            gradients=([0, -1, 1, 0, 0, 0], None),
            reduce='no',
        ),
        Edge([0.0, NAN], np.array([1, -1]), values=LN2, gradients=([-0.5, 0], None)),
    ),
    edges(
        'softmax_cross_entropy',
        # Scores so large that the logarithm is lost beside them.
        Edge(
            [[1e7, 1e7], [1e30, 1e30]],
            np.array([1, 1]),
            values=LN2,
            gradients=([[0.25, -0.25]] * 2, None),
            dtypes='fd',
        ),
        Edge(
            [[0.0, 0.0], [NAN, INF]],
            np.array([1, -1]),
            values=LN2,
            gradients=([[0.5, -0.5], [0, 0]], None),
        ),
    ),
    # Numbers around 10,000, whose sums have no digits left for the variance.
    edges(
        'batch_normalization',
        *[
            Edge(
                np.resize([9999.0, 10001.0], shape),
                [1.0],
                [0.0],
                values=np.resize([-1.0, 1.0], shape) / np.sqrt(1 + 2e-5),
                dtypes='fd',
                tol={'f': 1e-4},
            )
            for shape in [(4096, 1), (4, 1, 32, 32)]
        ],
    ),
    edges(
        'layer_normalization',
        Edge(
            np.resize([9999.0, 10001.0], (3, 1000)),
            np.ones(1000),
            np.zeros(1000),
            values=np.resize([-1.0, 1.0], (3, 1000)) / np.sqrt(1 + 1e-5),
            dtypes='fd',
        ),
    ),
    edges(
        'group_normalization',
        Edge(
            np.resize([9999.0, 10001.0], (2, 2, 16, 16)),
            np.ones(2),
            np.zeros(2),
            values=np.resize([-1.0, 1.0], (2, 2, 16, 16)) / np.sqrt(1 + 1e-5),
            dtypes='fd',
        ),
        call=lambda x, gamma, beta: F.group_normalization(x, 1, gamma, beta),
    ),
    edges(
        'contrastive',
        Edge(
            [[INF, 0.0], [0.0, 0.0]],
            [[0.0, 0.0], [0.0, 0.0]],
            np.array([0, 0]),
            values=[0, 0.5],
            gradients=([[0, 0], [0, 0]], [[0, 0], [0, 0]], None),
            reduce='no',
        ),
    ),
    edges(
        'hinge',
        Edge(
            [[INF, -INF], [-INF, 0.0]],
            np.array([0, 0]),
            values=[[0, 0], [INF, 1]],
            gradients=([[0, 0], [-1, 1]], None),
            reduce='no',
        ),
        Edge(
            [[INF, -INF], [0.0, -INF]],
            np.array([0, 0]),
            values=[[0, 0], [1, 0]],
            gradients=([[0, 0], [-2, 0]], None),
            reduce='no',
            norm='L2',
        ),
    ),
    edges(
        'triplet',
        Edge(
            [[0.0, 0.0]],
            [[1.0, 0.0]],
            [[INF, 0.0]],
            values=[0],
            gradients=([[0, 0]], [[0, 0]], [[0, 0]]),
            reduce='no',
        ),
    ),
    edges(
        'absolute_error',
        Edge([INF, 0.0], [0.0, 0.0], values=[INF, 0], gradients=([1, 0], [-1, 0])),
    ),
    edges(
        'huber_loss',
        Edge(
            [[INF, 0.0]],
            [[0.0, 0.0]],
            values=[[INF, 0]],
            gradients=([[1, 0]], [[-1, 0]]),
            delta=1.0,
            reduce='no',
        ),
    ),
    edges(
        'dropout',
        Edge(
            [INF, NAN, 1.0],
            values=[0, 0, 2],
            gradients=([0, 0, 2],),
            mask=np.array([0.0, 0.0, 2.0]),
        ),
    ),
    edges(
        'connectionist_temporal_classification',
        Edge(
            [[0.0, 0.0]],
            [[INF, NAN]],
            values=[LN2],
            gradients=([[-0.5, 0.5]], [[0, 0]]),
            tol={'e': 2e-2},
            t=np.array([[0]], 'i'),
            length=np.array([1], 'i'),
        ),
        call=lambda *xs, t, length: F.connectionist_temporal_classification(
            list(xs), t, 1, length, reduce='no'
        ),
    ),
    edges(
        'scaled_dot_product_attention',
        Edge(
            [[1.0], [1.0]],
            [[1.0], [2.0]],
            [[3.0], [5.0]],
            values=[[3], [0]],
            gradients=([[0], [0]], [[0], [0]], [[1], [0]]),
            mask=np.array([[True, False], [False, False]]),
        ),
    ),
]
