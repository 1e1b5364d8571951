"""Activation functions."""

import numpy as np

from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, away, integers


def not_float(name, *others, **kwargs):
    return ErrorCase(
        integers((2, 3), 5), *others, raises=InvalidType, match=f"{name}: .*'f'", **kwargs
    )


def elementwise(name, oracle, *kinks, margin=0.05, kwargs=({},), **options):
    return OpCase(
        name,
        oracle=oracle,
        samples=[
            Sample(away(shape, *kinks, margin=margin), **k)
            for k in kwargs
            for shape in [(3, 4), (2, 3, 2), ()]
        ],
        empty=Sample((0, 4)),
        errors=[not_float(name)],
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
            ErrorCase((3,), raises=InvalidType, match=f'{name}: .*axis=1 for x.ndim == 1'),
        ],
    )


CASES = [
    elementwise('relu', lambda x: np.where(x > 0, x, 0), 0),
    elementwise('sigmoid', lambda x: 1 / (1 + np.exp(-x))),
    elementwise('tanh', lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))),
    along_axis('softmax', softmax),
    along_axis('log_softmax', lambda x, axis=1: np.log(softmax(x, axis))),
]
