"""The logistic sigmoid."""

from __future__ import annotations

import math

from minigrad.backend import get_array_module
from minigrad.functions.elementwise import Function, Row
from minigrad.types import Array


def sigmoid_array(x: Array) -> Array:
    """Returns ``1 / (1 + exp(-x))``, as a tanh, which cannot overflow."""
    half = x.dtype.type(0.5)
    return get_array_module(x).tanh(x * half) * half + half


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
).define()
