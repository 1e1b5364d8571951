"""Elementary functions: one case for each row of their table."""

import math

import numpy as np

from minigrad.errors import InvalidType
from minigrad.functions.math.elementary import ELEMENTARY
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, const, uniform

# Python's mathematics, number by number; where it lacks a function, a definition.
ORACLES = {
    'arccos': math.acos,
    'arcsin': math.asin,
    'arctan': math.atan,
    'arctanh': math.atanh,
    'ceil': math.ceil,
    'fix': math.trunc,
    'rsqrt': lambda x: x**-0.5,
    'sign': lambda x: (x > 0) - (x < 0),
    'square': lambda x: x * x,
}


def oracle_of(name):
    function = ORACLES.get(name) or getattr(math, name)

    def oracle(x):
        return np.array([float(function(v)) for v in x.ravel().tolist()]).reshape(
            x.shape
        )

    return oracle


def smooth(row):
    return OpCase(
        row.name,
        samples=[
            Sample(uniform(shape, *row.domain)) for shape in [(3, 4), (), (2, 1, 3)]
        ],
        oracle=oracle_of(row.name),
        empty=Sample((0, 4)),
        errors=[
            ErrorCase(
                np.ones((2, 3), 'i'), raises=InvalidType, match=f'^{row.name}: expected'
            )
        ],
    )


def step(row):
    return OpCase(
        row.name,
        samples=[
            Sample(uniform((3, 4), -3, 3)),
            Sample(const([-1.5, -1.0, 0.0, 1.0, 1.5])),
            Sample(const(-1.25)),
        ],
        oracle=oracle_of(row.name),
        empty=Sample((0, 4)),
        differentiable=False,
    )


CASES = [
    step(row) if row.gradient is None else smooth(row) for row in ELEMENTARY.values()
]
