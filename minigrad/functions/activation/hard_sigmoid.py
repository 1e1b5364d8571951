"""A piecewise linear sigmoid."""

from __future__ import annotations

import math

from minigrad.functions._edges import masked
from minigrad.functions.elementwise import Function, Row
from minigrad.variable import as_array

hard_sigmoid: Function = Row(
    'hard_sigmoid',
    lambda xp, x: xp.clip(x * x.dtype.type(0.2) + x.dtype.type(0.5), 0, 1),
    lambda x, gy: masked(gy * 0.2, abs(as_array(x)) < 2.5),
    'Piecewise linear sigmoid, ``0.2 * x + 0.5`` clipped to [0, 1].',
    '0.2 where ``-2.5 < x < 2.5``, else 0',
    (-2.4, 2.4),
    ('-3., 0., 1.', '0. , 0.5, 0.7'),
    oracle=lambda v: min(max(0.2 * v + 0.5, 0), 1),
    edges=(
        (math.inf, 1, 0),
        (-math.inf, 0, 0),
        (2.5, 1, 0),
        (-2.5, 0, 0),
        (3, 1, 0),
        (0, 0.5, 0.2),
        (math.nan, math.nan, 0),
    ),
    node_name='HardSigmoid',
    label='HardSigmoid',
).define()
