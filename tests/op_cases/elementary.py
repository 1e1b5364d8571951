"""Functions of each element: one case for each row of their table."""

import math

import numpy as np

import minigrad.functions  # noqa: F401 - fills the table
from minigrad.errors import InvalidType
from minigrad.functions.elementwise import ROWS
from minigrad.testing.op_case import Edge, ErrorCase, OpCase, Sample, const, uniform

NAN = (math.nan, math.nan, math.nan)


def smooth(row):
    says_nan = any(math.isnan(x) for x, _, _ in row.edges)
    edges = row.edges if says_nan else (*row.edges, NAN)
    return OpCase(
        row.name,
        samples=[
            Sample(uniform(shape, *row.domain)) for shape in [(3, 4), (), (2, 1, 3)]
        ],
        oracle=np.vectorize(row.oracle, otypes='d'),
        empty=Sample((0, 4)),
        errors=[
            ErrorCase(
                np.ones((2, 3), 'i'), raises=InvalidType, match=f'^{row.name}: expected'
            )
        ],
        edges=[Edge.each(*edges)],
        needs=row.needs,
    )


def step(row):
    return OpCase(
        row.name,
        samples=[
            Sample(uniform((3, 4), -3, 3)),
            Sample(const([-1.5, -1.0, 0.0, 1.0, 1.5])),
            Sample(const(-1.25)),
        ],
        oracle=np.vectorize(row.oracle, otypes='d'),
        empty=Sample((0, 4)),
        differentiable=False,
    )


CASES = [step(row) if row.gradient is None else smooth(row) for row in ROWS.values()]
