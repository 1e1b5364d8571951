"""Special functions of two arguments: series, summed up here."""

import math

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.functions.elementwise import ROWS
from minigrad.testing.op_case import (
    ErrorCase,
    OpCase,
    Sample,
    const,
    integers,
    uniform,
)


def zeta(x, q, far=30):
    """Sums terms, then adds Euler's and Maclaurin's formula for the rest."""
    a = q + far
    rest = a ** (1 - x) / (x - 1) + a**-x / 2
    power = x * a ** (-x - 1)
    for k, bernoulli in enumerate([1 / 6, -1 / 30, 1 / 42, -1 / 30], start=1):
        rest += bernoulli / math.factorial(2 * k) * power
        power *= (x + 2 * k - 1) * (x + 2 * k) / a**2
    return sum((q + k) ** -x for k in range(far)) + rest


def polygamma(n, x):
    if n == 0:
        return ROWS['digamma'].oracle(x)
    return (-1.0) ** (n + 1) * math.factorial(n) * zeta(n + 1.0, x)


def elementwise(function):
    return np.vectorize(function, otypes='d')


CASES = [
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
