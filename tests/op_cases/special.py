"""Special functions: integrals, series and roots, summed up and searched here."""

import math

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.functions.math.special import SPECIAL
from minigrad.testing.op_case import (
    ErrorCase,
    OpCase,
    Sample,
    const,
    integers,
    uniform,
)


def ndtr(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def root(function, y, low=-8.0, high=8.0):
    """Finds where a growing function takes the value ``y``."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < y else (low, middle)
    return middle


def zeta(x, q, far=30):
    """Sums terms, then adds Euler's and Maclaurin's formula for the rest."""
    a = q + far
    rest = a ** (1 - x) / (x - 1) + a**-x / 2
    power = x * a ** (-x - 1)
    for k, bernoulli in enumerate([1 / 6, -1 / 30, 1 / 42, -1 / 30], start=1):
        rest += bernoulli / math.factorial(2 * k) * power
        power *= (x + 2 * k - 1) * (x + 2 * k) / a**2
    return sum((q + k) ** -x for k in range(far)) + rest


def digamma(x, far=30):
    a = x + far
    rest = math.log(a) - 1 / (2 * a)
    for k, bernoulli in enumerate([1 / 6, -1 / 30, 1 / 42, -1 / 30], start=1):
        rest -= bernoulli / (2 * k * a ** (2 * k))
    return rest - sum(1 / (x + k) for k in range(far))


def polygamma(n, x):
    if n == 0:
        return digamma(x)
    return (-1.0) ** (n + 1) * math.factorial(n) * zeta(n + 1.0, x)


def elementwise(function):
    return np.vectorize(function, otypes='d')


ORACLES = {
    'digamma': digamma,
    'erfcinv': lambda x: root(lambda v: -math.erfc(v), -x),
    'erfcx': lambda x: math.exp(x * x) * math.erfc(x),
    'erfinv': lambda x: root(math.erf, x),
    'log_ndtr': lambda x: math.log(ndtr(x)),
    'ndtr': ndtr,
    'ndtri': lambda x: root(ndtr, x),
}


def case(row):
    return OpCase(
        row.name,
        samples=[Sample(uniform(shape, *row.domain)) for shape in [(3, 4), ()]],
        oracle=elementwise(ORACLES.get(row.name) or getattr(math, row.name)),
        empty=Sample((0, 4)),
        errors=[
            ErrorCase(
                np.ones((2, 3), 'i'), raises=InvalidType, match=f'^{row.name}: expected'
            )
        ],
        needs='scipy',
    )


CASES = [
    *[case(row) for row in SPECIAL.values()],
    OpCase(
        'polygamma',
        samples=[
            Sample(integers((3, 4), 4), uniform((3, 4), 0.7, 3)),
            Sample(integers((3, 1), 3), uniform((4,), 0.7, 3)),
        ],
        oracle=elementwise(polygamma),
        # Orders up to 3 and their next derivatives: 720 / 0.7 ** 7 at most.
        tol={'e': 5e-2, 'f': 1e-4},
        empty=Sample(integers((0,), 3), (0,)),
        errors=[
            ErrorCase((2,), (2,), raises=InvalidType, match="n.dtype.kind == 'i'"),
            ErrorCase(
                const([1, 2]), const([1, 2]), raises=InvalidType, match="kind == 'f'"
            ),
        ],
        needs='scipy',
    ),
    OpCase(
        'zeta',
        call=lambda q, x: F.zeta(x, q),
        samples=[
            Sample(uniform((3, 4), 0.7, 3), x=2),
            Sample(uniform((3, 1), 0.7, 3), x=np.array([1.5, 4.0])),
        ],
        oracle=lambda q, x: elementwise(zeta)(x, q),
        empty=Sample((0, 2), x=3),
        errors=[ErrorCase(const([1]), x=2, raises=InvalidType, match='q.dtype.kind')],
        needs='scipy',
    ),
]
