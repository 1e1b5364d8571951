"""Activations without parameters, as rows of the table in `elementwise`."""

from __future__ import annotations

import math

from minigrad.functions._edges import bounded, from_below
from minigrad.functions.activation.sigmoid import sigmoid, sigmoid_array
from minigrad.functions.elementwise import Function, Row

INF = math.inf

silu: Function = Row(
    'silu',
    lambda xp, x: from_below(x) * sigmoid_array(x),
    lambda x, gy: gy * sigmoid(x) * (1 + bounded(x) * sigmoid(-x)),
    'Sigmoid linear unit, ``x * sigmoid(x)``.',
    '``s * (1 + x * (1 - s))``, with ``s`` the sigmoid',
    (-3, 3),
    ('0., 1.', '0.    , 0.7311'),
    oracle=lambda v: v / (1 + math.exp(-v)),
    edges=((INF, INF, 1), (-INF, 0, 0), (0, 0, 0.5)),
    source='Elfwing et al. 2017; as torch.nn.functional.silu',
    on_arrays=False,
).define()
