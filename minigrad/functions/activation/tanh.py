"""The hyperbolic tangent."""

from __future__ import annotations

import math

from minigrad.functions.elementwise import Function, Row

tanh: Function = Row(
    'tanh',
    lambda xp, x: xp.tanh(x),
    lambda y, gy: gy * (1 - y * y),
    'Hyperbolic tangent of each element.',
    '``1 - tanh(x)**2``',
    (-3, 3),
    ('0., 1.', '0.    , 0.7616'),
    oracle=math.tanh,
    edges=((math.inf, 1, 0), (-math.inf, -1, 0), (0, 0, 1)),
    label='Tanh',
).define()
