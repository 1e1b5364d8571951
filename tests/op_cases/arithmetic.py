"""Operators, on two arrays with broadcasting and with scalars on both sides."""

import operator

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, away, integers, positive
from minigrad.variable import as_variable


def binary(name, function, draw=None, draw_rhs=None, **kwargs):
    """Cases for x . y, x . scalar, scalar . x, and array . Variable."""
    draw = draw or (lambda shape: shape)
    draw_rhs = draw_rhs or draw

    def on_variables(x, y):
        return function(as_variable(x), y)

    def array_first(x, y):
        # The left operand is a plain array: NumPy must leave the work to Variable.
        return (
            function(x, as_variable(y))
            if isinstance(x, np.ndarray)
            else (function(x, y))
        )

    pairs = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 2))]
    yield OpCase(
        name,
        call=on_variables,
        oracle=function,
        samples=[Sample(draw(a), draw_rhs(b)) for a, b in pairs],
        empty=Sample((0, 3), (3,)),
        errors=[
            ErrorCase((2, 3), (2,), raises=InvalidType, match='broadcast'),
        ],
        **kwargs,
    )
    yield OpCase(
        f'{name} (array first)',
        call=array_first,
        oracle=function,
        samples=[Sample(draw((2, 3)), draw_rhs((2, 3)))],
        **kwargs,
    )
    for scalar in (2, 1.5, np.float64(2.5)):
        yield OpCase(
            f'{name} {scalar!r}',
            call=lambda x, c=scalar: function(as_variable(x), c),
            oracle=lambda x, c=scalar: function(x, c),
            samples=[Sample(draw((2, 3))), Sample(draw(()))],
            empty=Sample((0, 2)),
            **kwargs,
        )
        yield OpCase(
            f'{scalar!r} {name}',
            call=lambda x, c=scalar: function(c, as_variable(x)),
            oracle=lambda x, c=scalar: function(c, x),
            samples=[Sample(draw_rhs((2, 3))), Sample(draw_rhs(()))],
            **kwargs,
        )


def fractional(shape):
    """Numerators far from a multiple of every denominator that is used."""
    return lambda rng: rng.integers(1, 9, shape) + 0.23


def divisors(shape):
    return lambda rng: rng.choice([0.5, 1.0, 2.0], shape) + 0.01


CASES = [
    *binary('+', operator.add),
    *binary('-', operator.sub),
    *binary('*', operator.mul),
    *binary('/', operator.truediv, draw_rhs=lambda shape: away(shape, 0, margin=0.5)),
    *binary('**', operator.pow, draw=positive),
    # Constant almost everywhere: no gradient flows, as in Chainer.
    *binary(
        '//',
        operator.floordiv,
        draw=fractional,
        draw_rhs=divisors,
        dtypes='fd',
        differentiable=False,
    ),
    *binary(
        '%',
        operator.mod,
        draw=fractional,
        draw_rhs=divisors,
        dtypes='fd',
        tol={'f': 1e-4},
    ),
    OpCase(
        '-x',
        call=lambda x: -as_variable(x),
        oracle=operator.neg,
        samples=[Sample((2, 3)), Sample(())],
        empty=Sample((0, 2)),
    ),
    OpCase(
        '+x',
        call=lambda x: +as_variable(x),
        oracle=operator.pos,
        samples=[Sample((2,))],
    ),
    OpCase(
        'absolute',
        oracle=np.abs,
        samples=[Sample(away((3, 4), 0)), Sample(away((), 0))],
        empty=Sample((0, 2)),
        errors=[ErrorCase(integers((2,), 3), raises=InvalidType, match='absolute')],
    ),
    *[
        OpCase(
            f'x ** {n}',
            call=lambda x, n=n: as_variable(x) ** n,
            oracle=lambda x, n=n: x**n,
            samples=[Sample(positive((3,)))],
        )
        for n in (0, 1, 2, 3, -1, 0.5)
    ],
    OpCase(
        'add',
        oracle=lambda *xs: sum(xs),
        samples=[
            Sample((2, 3), (2, 3)),
            Sample((2, 3), (3,)),
            Sample((2, 3), (2, 3), (2, 3)),
            Sample((2, 3), (3,), (2, 1), ()),
        ],
        empty=Sample((0, 3), (0, 3), (3,)),
        errors=[
            ErrorCase(raises=ValueError, match='one or more operands'),
            ErrorCase(
                (2,), (3,), (2,), raises=InvalidType, match='add: expected shapes'
            ),
        ],
    ),
    OpCase(
        'sum_to',
        oracle=lambda x, shape: {
            (2, 3): lambda: x,
            (3,): lambda: x.sum(0),
            (2, 1): lambda: x.sum(1, keepdims=True),
            (): lambda: x.sum(),
        }[shape](),
        samples=[Sample((2, 3), shape=s) for s in [(2, 3), (3,), (2, 1), ()]],
        empty=Sample((0, 3), shape=(3,)),
        errors=[
            ErrorCase((2, 3), shape=(2,), raises=InvalidType, match='sum_to: expected')
        ],
    ),
    OpCase(
        'broadcast_to',
        oracle=np.broadcast_to,
        samples=[
            Sample((3,), shape=(2, 3)),
            Sample((2, 1), shape=(4, 2, 3)),
            Sample((), shape=(2,)),
            Sample((2, 3), shape=(2, 3)),
        ],
        empty=Sample((0, 1), shape=(0, 3)),
        errors=[
            ErrorCase(
                (2, 3), shape=(3, 3), raises=InvalidType, match='broadcast_to: expected'
            )
        ],
    ),
    OpCase(
        'reshape',
        oracle=np.reshape,
        samples=[
            Sample((2, 6), shape=(3, 4)),
            Sample((2, 6), shape=(-1,)),
            Sample((), shape=(1, 1)),
        ],
        empty=Sample((0, 6), shape=(0, 2, 3)),
        errors=[
            ErrorCase((2, 3), shape=(4,), raises=InvalidType, match='for 6 elements'),
            ErrorCase((2, 3), shape=(4, -1), raises=InvalidType, match='reshape'),
        ],
    ),
    OpCase(
        'transpose',
        oracle=np.transpose,
        samples=[
            Sample((2, 3, 4)),
            Sample((2, 3, 4), axes=(1, 2, 0)),
            Sample((2, 3, 4), axes=(-1, 0, 1)),
        ],
        empty=Sample((0, 3)),
        errors=[
            ErrorCase((2, 3), axes=(0, 0), raises=InvalidType, match='permutation')
        ],
    ),
    OpCase(
        'copy',
        oracle=lambda x, dst: x,
        samples=[Sample((2, 3), dst='@numpy')],
        empty=Sample((0, 3), dst=-1),
        errors=[ErrorCase((2,), dst='@gpu', raises=ValueError, match='@cupy:N')],
    ),
]
