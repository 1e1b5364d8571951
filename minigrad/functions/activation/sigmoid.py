"""The logistic sigmoid."""

from __future__ import annotations

import math

from minigrad.backend import get_array_module
from minigrad.functions.elementwise import Function, Row
from minigrad.types import Array


def sigmoid_array(x: Array) -> Array:
    """Returns ``1 / (1 + exp(-x))``, which is ``exp(x) / (1 + exp(x))`` below 0."""
    xp, one = get_array_module(x), x.dtype.type(1)
    y = xp.exp(-abs(x))  # cannot overflow
    return xp.where(x < 0, y, one) / (one + y)


sigmoid: Function = Row(
    'sigmoid',
    lambda xp, x: sigmoid_array(x),
    lambda y, gy: gy * (y * (1 - y)),
    'Logistic sigmoid, ``1 / (1 + exp(-x))``.',
    '``y * (1 - y)``',
    (-3, 3),
    ('0., 1.', '0.5   , 0.7311'),
    oracle=lambda v: 1 / (1 + math.exp(-v)),
    edges=((math.inf, 1, 0), (-math.inf, 0, 0), (0, 0.5, 0.25)),
    label='Sigmoid',
).define()
