"""Mathematics of two arrays, and reductions over axes."""

import itertools
import math

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import (
    ErrorCase,
    OpCase,
    Sample,
    away,
    const,
    distinct,
    positive,
    uniform,
)

INTS = np.ones((2, 3), 'i')
FLOATS = np.ones((2, 3), 'f')


def reduced(function):
    """The oracle of a reduction: ``function`` of the list of elements for each output."""

    def oracle(x, axis=None, keepdims=False):
        axes = tuple(range(x.ndim)) if axis is None else np.atleast_1d(axis) % x.ndim
        rest = [a for a in range(x.ndim) if a not in axes]
        shape = [x.shape[a] for a in rest]
        y = np.empty(shape)
        for place in np.ndindex(*shape):
            index = [slice(None)] * x.ndim
            for a, i in zip(rest, place, strict=True):
                index[a] = i
            y[place] = function(x[tuple(index)].ravel().tolist())
        if keepdims:
            y = y.reshape([1 if a in axes else n for a, n in enumerate(x.shape)])
        return y

    return oracle


def reduction(name, function, draw=lambda shape: shape, *, keepdims=True, empty=True):
    options = [{}, {'axis': 1}, {'axis': -1}, {'axis': (0, 2)}, {'axis': (-1, 0)}]
    if keepdims:
        options += [{'keepdims': True}, {'axis': (1, 2), 'keepdims': True}]
    return OpCase(
        name,
        samples=[Sample(draw((2, 3, 4)), **o) for o in options] + [Sample(draw(()))],
        oracle=reduced(function),
        empty=Sample((0, 4), axis=1) if empty else None,
        errors=[
            ErrorCase(INTS, raises=InvalidType, match='dtype'),
            ErrorCase(
                FLOATS, axis=2, raises=InvalidType, match='-2 <= axis < 2, got 2'
            ),
            ErrorCase(FLOATS, axis=-3, raises=InvalidType, match='-2 <= axis < 2'),
            ErrorCase(FLOATS, axis=[0], raises=TypeError, match='axis must be None'),
            ErrorCase(FLOATS, axis=(0, 'x'), raises=TypeError, match='axis must be'),
            ErrorCase(FLOATS, axis=(0, 0), raises=ValueError, match='duplicate'),
        ],
    )


def average(x, axis=None, weights=None, keepdims=False):
    if weights is None:
        weights = np.ones(x.shape if axis is None else x.shape[axis])
    if axis is not None:
        shape = [1] * x.ndim
        shape[axis] = -1
        weights = np.reshape(weights, shape) * np.ones_like(x)
    total = weights.sum(axis=axis, keepdims=keepdims)
    return (x * weights).sum(axis=axis, keepdims=keepdims) / total


def weighted(name):
    return OpCase(
        name,
        samples=[
            Sample((2, 3), positive((2, 3))),
            Sample((2, 3), positive((3,)), axis=1),
            Sample((2, 3), positive((2,)), axis=-2, keepdims=True),
            Sample((2, 3, 4), positive((3,)), axis=(1,)),
        ],
        call=lambda x, w, **kwargs: getattr(F, name)(x, weights=w, **kwargs),
        oracle=lambda x, w, axis=None, keepdims=False: average(
            x, axis[0] if isinstance(axis, tuple) else axis, w, keepdims
        ),
        errors=[
            ErrorCase(
                FLOATS, FLOATS, axis=(0, 1), raises=ValueError, match='only one axis'
            ),
            ErrorCase(
                FLOATS, FLOATS, axis=(0, 0), raises=ValueError, match='duplicate'
            ),
        ],
    )


def matmul(a, b, transa=False, transb=False):
    if transa and a.ndim > 1:
        a = np.swapaxes(a, -1, -2)
    if transb and b.ndim > 1:
        b = np.swapaxes(b, -1, -2)
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    y = (left[..., :, :, None] * right[..., None, :, :]).sum(axis=-2)
    if b.ndim == 1:
        y = y[..., 0]
    if a.ndim == 1:
        y = y[..., 0] if b.ndim == 1 else y[..., 0, :]
    return y


def einsum(*arrays, subscripts):
    inputs, output = subscripts.split('->')
    terms = inputs.split(',')
    length = {c: n for t, x in zip(terms, arrays) for c, n in zip(t, x.shape)}  # noqa: B905
    y = np.zeros([length[c] for c in output])
    for values in itertools.product(*[range(n) for n in length.values()]):
        at = dict(zip(length, values, strict=True))
        product = math.prod(
            x[tuple(at[c] for c in t)] for t, x in zip(terms, arrays, strict=True)
        )
        y[tuple(at[c] for c in output)] += product
    return y


def call_einsum(*arrays, subscripts):
    return F.einsum(subscripts, *arrays)


def tensordot(a, b, axes):
    if isinstance(axes, int):
        axes = (list(range(a.ndim - axes, a.ndim)), list(range(axes)))
    pairs = [[e] if isinstance(e, int) else list(e) for e in axes]
    a_axes, b_axes = [[e % x.ndim for e in es] for es, x in zip(pairs, (a, b))]  # noqa: B905
    a_sub, b_sub = list('abcdefg'[: a.ndim]), list('hijklmn'[: b.ndim])
    for i, j in zip(a_axes, b_axes, strict=True):
        b_sub[j] = a_sub[i]
    out = [c for i, c in enumerate(a_sub) if i not in a_axes]
    out += [c for j, c in enumerate(b_sub) if j not in b_axes]
    subscripts = f'{"".join(a_sub)},{"".join(b_sub)}->{"".join(out)}'
    return einsum(a, b, subscripts=subscripts)


def elementwise(function):
    """The oracle of a function of two numbers."""

    def oracle(x, y):
        x, y = np.broadcast_arrays(x, y)
        values = [float(function(a, b)) for a, b in zip(x.flat, y.flat, strict=True)]
        return np.array(values).reshape(x.shape)

    return oracle


def binary(name, function, x, y, **kwargs):
    return OpCase(
        name,
        samples=[Sample(x(a), y(b)) for a, b in [((3, 4), (3, 4)), ((2, 1), (3,))]],
        oracle=elementwise(function),
        empty=Sample((0, 3), (0, 3)),
        errors=[
            ErrorCase(INTS, INTS, raises=InvalidType, match='dtype'),
            ErrorCase(FLOATS, np.ones((2, 3)), raises=InvalidType, match='dtype'),
            ErrorCase(
                FLOATS, np.ones((2, 2), 'f'), raises=InvalidType, match='broadcast'
            ),
        ],
        **kwargs,
    )


def running(function):
    """The oracle of a cumulative function."""

    def oracle(x, axis=None):
        if axis is None:
            x, axis = x.ravel(), 0
        x = np.moveaxis(x, axis, 0)
        y = np.empty(x.shape)
        for i in range(len(x)):
            y[i] = x[i] if i == 0 else function(y[i - 1], x[i])
        return np.moveaxis(y, 0, axis)

    return oracle


def cumulative(name, function):
    with_zeros = const([[0.0, 2.0, 3.0], [4.0, 0.0, 0.0]])
    return OpCase(
        name,
        samples=[
            Sample((2, 3)),
            Sample((2, 3), axis=0),
            Sample((2, 3, 2), axis=-2),
            Sample(with_zeros, axis=1),
            Sample((2, 1), axis=1),
            Sample(()),
        ],
        oracle=running(function),
        empty=Sample((2, 0), axis=1),
        errors=[
            ErrorCase(INTS, raises=InvalidType, match='dtype'),
            ErrorCase(FLOATS, axis=2, raises=InvalidType, match='-2 <= axis < 2'),
            ErrorCase(FLOATS, axis=(0,), raises=TypeError, match='axis must be None'),
        ],
    )


def index_of(choose):
    def oracle(x, axis=None):
        if axis is None:
            values = x.ravel().tolist()
            return np.array(values.index(choose(values)))
        rows = np.moveaxis(x, axis, -1)
        y = [row.index(choose(row)) for row in rows.reshape(-1, x.shape[axis]).tolist()]
        return np.array(y).reshape(rows.shape[:-1])

    return oracle


def index_case(name, choose):
    return OpCase(
        name,
        samples=[
            Sample((2, 3, 4), **o) for o in [{}, {'axis': 0}, {'axis': 1}, {'axis': -1}]
        ],
        oracle=index_of(choose),
        empty=Sample((0, 4), axis=1),
        differentiable=False,
        errors=[
            ErrorCase(INTS, raises=InvalidType, match='dtype'),
            ErrorCase(FLOATS, axis=2, raises=InvalidType, match='-2 <= axis < 2'),
            ErrorCase(FLOATS, axis=(0, 1), raises=TypeError, match='axis must be None'),
        ],
    )


def with_zeros(shape):
    """Factors, some of them zero, for products."""

    def draw(rng):
        x = rng.uniform(0.5, 2.0, shape)
        return np.where(rng.random(shape) < 0.2, 0.0, x)

    return draw


CASES = [
    reduction('sum', math.fsum),
    reduction('average', lambda v: math.fsum(v) / len(v)),
    reduction('mean', lambda v: math.fsum(v) / len(v)),
    weighted('average'),
    weighted('mean'),
    reduction('max', max, distinct),
    reduction('min', min, distinct),
    reduction('prod', math.prod, positive),
    OpCase(
        'prod',
        samples=[Sample(with_zeros((4, 3)), axis=a) for a in (None, 0, 1, (1, 0))]
        + [Sample(const([[0.0, 0.0, 2.0], [1.0, 0.0, 3.0]]), axis=1)],
        oracle=reduced(math.prod),
    ),
    reduction(
        'logsumexp',
        lambda v: max(v) + math.log(math.fsum(math.exp(x - max(v)) for x in v)),
        keepdims=False,
    ),
    OpCase(
        'logsumexp',
        samples=[
            Sample(const([1000.0, 1000.0, 999.0])),
            Sample(const([-1000.0, -1001])),
        ],
        oracle=lambda x: max(x) + math.log(sum(math.exp(v - max(x)) for v in x)),
        tol={'e': 1},
    ),
    index_case('argmax', max),
    index_case('argmin', min),
    cumulative('cumsum', lambda a, b: a + b),
    cumulative('cumprod', lambda a, b: a * b),
    binary('arctan2', math.atan2, positive, lambda s: away(s, 0.0)),
    binary('maximum', max, lambda s: uniform(s, -1, 1), lambda s: uniform(s, 1.1, 2)),
    binary('maximum', max, lambda s: s, lambda s: s),
    binary('minimum', min, lambda s: s, lambda s: s),
    binary(
        'fmod',
        math.fmod,
        lambda s: uniform(s, -4.4, -3.1),
        lambda s: uniform(s, 1.5, 1.9),
    ),
    OpCase(
        'clip',
        samples=[
            Sample(away((3, 4), -0.5, 0.7), x_min=-0.5, x_max=0.7),
            Sample(away((3, 4), -0.5), x_min=-0.5, x_max=None),
            Sample(away((3, 4), 0.7), x_min=None, x_max=np.float64(0.7)),
            Sample(const(2.0), x_min=0.0, x_max=1.0),
        ],
        oracle=lambda x, x_min, x_max: np.array(
            [
                min(
                    max(v, -9 if x_min is None else x_min),
                    9 if x_max is None else x_max,
                )
                for v in x.ravel()
            ]
        ).reshape(x.shape),
        empty=Sample((0, 2), x_min=0.0, x_max=1.0),
        errors=[
            ErrorCase(INTS, x_min=0, x_max=1, raises=InvalidType, match='dtype'),
            ErrorCase(
                FLOATS, x_min=2, x_max=1, raises=ValueError, match='x_min < x_max'
            ),
            ErrorCase(
                FLOATS, x_min=1, x_max=1, raises=ValueError, match='x_min < x_max'
            ),
            ErrorCase(FLOATS, x_min=None, x_max=None, raises=ValueError, match='given'),
        ],
    ),
    OpCase(
        'matmul',
        samples=[
            Sample(a, b, transa=ta, transb=tb)
            for a, b, ta, tb in [
                ((2, 3), (3, 4), False, False),
                ((3, 2), (3, 4), True, False),
                ((2, 3), (4, 3), False, True),
                ((3, 2), (4, 3), True, True),
                ((3,), (3,), False, False),
                ((3,), (3,), True, True),
                ((3,), (3, 4), False, False),
                ((3,), (4, 3), False, True),
                ((2, 3), (3,), False, False),
                ((3, 2), (3,), True, False),
                ((5, 2, 3), (5, 3, 4), False, False),
                ((5, 3, 2), (5, 4, 3), True, True),
                ((5, 2, 3), (3, 4), False, False),
                ((2, 3), (5, 3, 4), False, False),
                ((5, 1, 2, 3), (6, 3, 4), False, False),
                ((1, 3, 2), (5, 3, 4), True, False),
                ((5, 2, 3), (3,), False, False),
                ((3,), (5, 3, 4), False, False),
                ((3,), (5, 4, 3), False, True),
                ((5, 3, 2), (3,), True, False),
            ]
        ],
        oracle=matmul,
        empty=Sample((0, 3), (3, 4)),
        errors=[
            ErrorCase(INTS, INTS, raises=InvalidType, match='matmul: expected float'),
            ErrorCase((2, 3), (2, 3), raises=InvalidType, match='3 != 2'),
            ErrorCase((2, 3), (4,), raises=InvalidType, match='3 != 4'),
            ErrorCase((2,), (3, 2), raises=InvalidType, match='2 != 3'),
            ErrorCase((), (3, 2), raises=InvalidType, match='ndim >= 1'),
            ErrorCase((2, 2, 3), (4, 3, 2), raises=InvalidType, match='broadcast'),
        ],
    ),
    OpCase(
        'einsum',
        call=call_einsum,
        samples=[
            Sample(*shapes, subscripts=s)
            for s, *shapes in [
                ('ij,jk->ik', (2, 3), (3, 4)),
                ('ij,ik,jkl->il', (2, 3), (2, 4), (3, 4, 2)),
                ('ij->ji', (2, 3)),
                ('ij->j', (2, 3)),
                ('ij->', (2, 3)),
                ('ii->i', (3, 3)),
                ('ii->', (3, 3)),
                ('iij,jk->ik', (3, 3, 2), (2, 4)),
                ('i,j->ij', (2,), (3,)),
                ('ij,j->i', (2, 3), (3,)),
                (',i->i', (), (3,)),
                ('ijk,l->l', (2, 3, 2), (2,)),
            ]
        ],
        oracle=einsum,
        empty=Sample((0, 3), (3, 2), subscripts='ij,jk->ik'),
        errors=[
            ErrorCase(INTS, subscripts='ij->i', raises=InvalidType, match='float'),
            ErrorCase(FLOATS, subscripts='i->i', raises=InvalidType, match='one axis'),
            ErrorCase(FLOATS, subscripts='ii->i', raises=InvalidType, match='2 and 3'),
            ErrorCase(FLOATS, subscripts='i1->i', raises=ValueError, match="'1' in"),
            ErrorCase(FLOATS, subscripts='i.j->i', raises=ValueError, match=r"'\.' in"),
            ErrorCase(
                FLOATS, subscripts='ij->k', raises=ValueError, match="'k' of the"
            ),
            ErrorCase(
                FLOATS, subscripts='ij->ii', raises=ValueError, match="'i' of the"
            ),
            ErrorCase(FLOATS, subscripts='ij,j->i', raises=ValueError, match='2 terms'),
            ErrorCase(
                FLOATS, subscripts='...j->j', raises=ValueError, match='ellipsis'
            ),
        ],
    ),
    OpCase(
        'tensordot',
        samples=[
            Sample(a, b, axes=axes)
            for a, b, axes in [
                ((2, 3, 4), (3, 4, 2), 2),
                ((2, 3), (3, 2), 1),
                ((2, 3), (2,), 0),
                ((2, 3, 4), (4, 2, 3), ([1, 2], [2, 0])),
                ((2, 3, 4), (4, 2, 3), ((2, 0, 1), (0, 1, 2))),
                ((2, 3, 4), (4, 3), (-1, 0)),
                ((3, 2), (2, 3, 4), (0, 1)),
            ]
        ],
        oracle=tensordot,
        empty=Sample((0, 3), (3, 2), axes=1),
        errors=[
            ErrorCase(INTS, INTS, axes=0, raises=InvalidType, match='float'),
            ErrorCase((2, 3), (4, 2), axes=1, raises=ValueError, match='length 3'),
            ErrorCase((2, 3), (3, 2), axes=3, raises=ValueError, match='3 axes'),
            ErrorCase(
                (2, 3), (3, 2), axes=([0], [0, 1]), raises=ValueError, match='as many'
            ),
            ErrorCase((2, 3), (3, 2), axes=([0],), raises=ValueError, match='pair'),
            ErrorCase((2, 3), (3, 2), axes=1.0, raises=TypeError, match='axes must be'),
        ],
    ),
    OpCase(
        'linear_interpolate',
        samples=[Sample((2, 3), (2, 3), (2, 3)), Sample((), (), ())],
        oracle=lambda p, x, y: y + p * (x - y),
        empty=Sample((0, 2), (0, 2), (0, 2)),
        errors=[
            ErrorCase((2, 3), (2, 3), (3,), raises=InvalidType, match='one shape'),
            ErrorCase(INTS, INTS, INTS, raises=InvalidType, match='dtype'),
            ErrorCase((2, 3), (2, 3), FLOATS, raises=InvalidType, match='one dtype'),
        ],
    ),
    OpCase(
        'identity',
        samples=[Sample((2, 3)), Sample((2,), (3, 2))],
        oracle=lambda *xs: xs,
        empty=Sample((0, 2)),
    ),
    OpCase(
        'batch_l2_norm_squared',
        samples=[Sample((2, 3)), Sample((3, 2, 2))],
        oracle=lambda x: np.array([sum(v * v for v in row.ravel()) for row in x]),
        empty=Sample((0, 3)),
        errors=[
            ErrorCase((3,), raises=InvalidType, match='x.ndim >= 2, got 1'),
            ErrorCase(INTS, raises=InvalidType, match='dtype'),
        ],
    ),
]
