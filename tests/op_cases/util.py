"""Functions about functions."""

import functools

import numpy as np

import minigrad.functions as F
from minigrad.testing.op_case import OpCase, Sample

CASES = [
    OpCase(
        'forget',
        call=functools.partial(F.forget, lambda x, y: (F.tanh(x * y) * x, x + y)),
        oracle=lambda x, y: (x * (1 - 2 / (1 + np.exp(2 * x * y))), x + y),
        samples=[Sample((3, 4), (3, 4)), Sample((), ())],
        empty=Sample((0, 3), (0, 3)),
    ),
    OpCase(
        'forget (dropout inside)',
        call=functools.partial(F.forget, lambda x: F.dropout(F.sigmoid(x))),
        oracle=lambda x: F.dropout(F.sigmoid(x)).array,
        samples=[Sample((3, 4))],
        random=True,
    ),
]
