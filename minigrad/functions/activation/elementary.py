"""Activations without parameters, as rows of the table in `elementwise`."""

from __future__ import annotations

import math
from typing import Any

from minigrad.functions._edges import bounded, from_below
from minigrad.functions.activation.sigmoid import sigmoid, sigmoid_array
from minigrad.functions.activation.softplus import softplus, softplus_array
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.elementwise import Function, Row
from minigrad.functions.math.basic_math import absolute
from minigrad.functions.math.elementary import exp, square
from minigrad.functions.math.special import ndtr
from minigrad.variable import as_array

INF = math.inf
PDF_0 = 1 / math.sqrt(2 * math.pi)  # the normal density at 0

gelu: Function = Row(
    'gelu',
    lambda xp, x: from_below(x) * as_array(ndtr(x)),
    lambda x, gy: gy * (ndtr(x) + bounded(x) * exp(x * x * -0.5) * PDF_0),
    'Gaussian error linear unit, ``x * ndtr(x)``; slow without SciPy.',
    '``ndtr(x) + x * exp(-x**2 / 2) / sqrt(2 * pi)``',
    (-3, 3),
    ('0., 1.', '0.    , 0.8413'),
    oracle=lambda v: 0.5 * v * math.erfc(-v / math.sqrt(2)),
    edges=((INF, INF, 1), (-INF, 0, 0), (0, 0, 0.5)),
    source='Hendrycks and Gimpel 2016; as torch.nn.functional.gelu',
    on_arrays=False,
    needs='scipy',
).define()


def _mish_slope(x: Any, t: Any) -> Any:
    return t + bounded(x) * (1 - t * t) * sigmoid(x)


mish: Function = Row(
    'mish',
    lambda xp, x: from_below(x) * xp.tanh(softplus_array(x)),
    lambda x, gy: gy * _mish_slope(x, tanh(softplus(x))),
    'Mish, ``x * tanh(softplus(x))``.',
    '``t + x * (1 - t**2) * sigmoid(x)``, with ``t = tanh(softplus(x))``',
    (-3, 3),
    ('0., 1.', '0.    , 0.8651'),
    oracle=lambda v: v * math.tanh(math.log1p(math.exp(v))),
    edges=((INF, INF, 1), (-INF, 0, 0), (0, 0, 0.6)),
    source='Misra 2019; as torch.nn.functional.mish',
    on_arrays=False,
).define()
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
softsign: Function = Row(
    'softsign',
    lambda xp, x: bounded(x) / (1 + abs(bounded(x))),
    lambda x, gy: gy / square(1 + absolute(x)),
    'Softsign, ``x / (1 + abs(x))``.',
    '``1 / (1 + abs(x))**2``',
    (0.1, 3),
    ('0., 1.', '0. , 0.5'),
    oracle=lambda v: v / (1 + abs(v)),
    edges=((INF, 1, 0), (-INF, -1, 0), (0, 0, 1), (-1, -0.5, 0.25)),
    source='Turian et al. 2009; as torch.nn.functional.softsign',
    on_arrays=False,
).define()
