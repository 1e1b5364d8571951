"""Elementary functions of one variable, as rows of the table in `elementwise`."""

from __future__ import annotations

import math

from minigrad.functions.elementwise import Function, Row

INF, NAN = math.inf, math.nan

arccos: Function = Row(
    'arccos',
    lambda xp, x: xp.arccos(x),
    lambda x, gy: -gy * rsqrt(1 - x * x),
    'Inverse cosine of each element, in radians.',
    '``-1 / sqrt(1 - x**2)``',
    (-0.9, 0.9),
    ('0., 1.', '1.5708, 0.    '),
    oracle=math.acos,
    edges=(
        (1, 0, -INF),
        (-1, math.pi, -INF),
        (INF, NAN, NAN),
        (-INF, NAN, NAN),
    ),
    on_arrays=False,
).define()
arcsin: Function = Row(
    'arcsin',
    lambda xp, x: xp.arcsin(x),
    lambda x, gy: gy * rsqrt(1 - x * x),
    'Inverse sine of each element, in radians.',
    '``1 / sqrt(1 - x**2)``',
    (-0.9, 0.9),
    ('0., 1.', '0.    , 1.5708'),
    oracle=math.asin,
    edges=(
        (1, math.pi / 2, INF),
        (-1, -math.pi / 2, INF),
        (INF, NAN, NAN),
    ),
    on_arrays=False,
).define()
arctan: Function = Row(
    'arctan',
    lambda xp, x: xp.arctan(x),
    lambda x, gy: gy / (1 + x * x),
    'Inverse tangent of each element, in radians.',
    '``1 / (1 + x**2)``',
    (-3, 3),
    ('0., 1.', '0.    , 0.7854'),
    oracle=math.atan,
    edges=(
        (INF, math.pi / 2, 0),
        (-INF, -math.pi / 2, 0),
    ),
).define()
arctanh: Function = Row(
    'arctanh',
    lambda xp, x: xp.arctanh(x),
    lambda x, gy: gy / (1 - x * x),
    'Inverse hyperbolic tangent of each element.',
    '``1 / (1 - x**2)``',
    (-0.9, 0.9),
    ('0., 0.5', '0.    , 0.5493'),
    oracle=math.atanh,
    edges=(
        (1, INF, INF),
        (-1, -INF, INF),
    ),
    label='Arctanh',
).define()
ceil: Function = Row(
    'ceil',
    lambda xp, x: xp.ceil(x),
    None,
    'Smallest integer that is not less than each element.',
    'none',
    (0.1, 0.9),
    ('-1.5, 1.5', '-1.,  2.'),
    oracle=math.ceil,
).define()
cos: Function = Row(
    'cos',
    lambda xp, x: xp.cos(x),
    lambda x, gy: -gy * sin(x),
    'Cosine of each element.',
    '``-sin(x)``',
    (-3, 3),
    ('0., 1.', '1.    , 0.5403'),
    oracle=math.cos,
    edges=(
        (INF, NAN, NAN),
        (-INF, NAN, NAN),
    ),
    on_arrays=False,
).define()
cosh: Function = Row(
    'cosh',
    lambda xp, x: xp.cosh(x),
    lambda x, gy: gy * sinh(x),
    'Hyperbolic cosine of each element.',
    '``sinh(x)``',
    (-2, 2),
    ('0., 1.', '1.    , 1.5431'),
    oracle=math.cosh,
    edges=(
        (INF, INF, INF),
        (-INF, INF, -INF),
    ),
    on_arrays=False,
).define()
exp: Function = Row(
    'exp',
    lambda xp, x: xp.exp(x),
    lambda y, gy: gy * y,
    'Exponential of each element.',
    '``exp(x)``',
    (-2, 2),
    ('0., 1.', '1.    , 2.7183'),
    oracle=math.exp,
    edges=(
        (INF, INF, INF),
        (-INF, 0, 0),
    ),
).define()
expm1: Function = Row(
    'expm1',
    lambda xp, x: xp.expm1(x),
    lambda x, gy: gy * exp(x),  # y + 1 has lost its digits at -17
    'Exponential of each element minus one, exact near zero.',
    '``exp(x)``',
    (-2, 2),
    ('0., 1.', '0.    , 1.7183'),
    oracle=math.expm1,
    edges=(
        (INF, INF, INF),
        (-INF, -1, 0),
        (-17, -0.99999995860062285, 4.1399377187851667e-8),
    ),
).define()
fix: Function = Row(
    'fix',
    lambda xp, x: xp.trunc(x),
    None,
    'Each element rounded towards zero.',
    'none',
    (0.1, 0.9),
    ('-1.5, 1.5', '-1.,  1.'),
    oracle=math.trunc,
).define()
floor: Function = Row(
    'floor',
    lambda xp, x: xp.floor(x),
    None,
    'Largest integer that is not greater than each element.',
    'none',
    (0.1, 0.9),
    ('-1.5, 1.5', '-2.,  1.'),
    oracle=math.floor,
).define()
log: Function = Row(
    'log',
    lambda xp, x: xp.log(x),
    lambda x, gy: gy / x,
    'Natural logarithm of each element.',
    '``1 / x``',
    (0.5, 3),
    ('1., 2.', '0.    , 0.6931'),
    oracle=math.log,
    edges=(
        (0, -INF, INF),
        (INF, INF, 0),
        (-INF, NAN, 0),
    ),
).define()
log10: Function = Row(
    'log10',
    lambda xp, x: xp.log10(x),
    lambda x, gy: gy / x * (1 / math.log(10)),
    'Logarithm of each element to base 10.',
    '``1 / (x * log(10))``',
    (0.5, 3),
    ('1., 100.', '0., 2.'),
    oracle=math.log10,
    edges=(
        (0, -INF, INF),
        (INF, INF, 0),
    ),
).define()
log1p: Function = Row(
    'log1p',
    lambda xp, x: xp.log1p(x),
    lambda x, gy: gy / (x + 1),
    'Natural logarithm of one plus each element, exact near zero.',
    '``1 / (1 + x)``',
    (-0.5, 2),
    ('0., 1.', '0.    , 0.6931'),
    oracle=math.log1p,
    edges=(
        (-1, -INF, INF),
        (INF, INF, 0),
    ),
).define()
log2: Function = Row(
    'log2',
    lambda xp, x: xp.log2(x),
    lambda x, gy: gy / x * (1 / math.log(2)),
    'Logarithm of each element to base 2.',
    '``1 / (x * log(2))``',
    (0.5, 3),
    ('1., 8.', '0., 3.'),
    oracle=math.log2,
    edges=(
        (0, -INF, INF),
        (INF, INF, 0),
    ),
).define()
rsqrt: Function = Row(
    'rsqrt',
    lambda xp, x: x.dtype.type(1) / xp.sqrt(x),
    lambda y, gy: gy * y**3 * -0.5,
    'Reciprocal of the square root of each element.',
    '``-0.5 * x**-1.5``',
    (0.5, 3),
    ('1., 4.', '1. , 0.5'),
    oracle=lambda v: v**-0.5,
    edges=(
        (0, INF, -INF),
        (INF, 0, 0),
    ),
).define()
sign: Function = Row(
    'sign',
    lambda xp, x: xp.sign(x),
    None,
    'Sign of each element: -1, 0 or 1.',
    'none',
    (0.1, 0.9),
    ('-1.5, 0., 1.5', '-1.,  0.,  1.'),
    oracle=lambda v: (v > 0) - (v < 0),
).define()
sin: Function = Row(
    'sin',
    lambda xp, x: xp.sin(x),
    lambda x, gy: gy * cos(x),
    'Sine of each element.',
    '``cos(x)``',
    (-3, 3),
    ('0., 1.', '0.    , 0.8415'),
    oracle=math.sin,
    edges=(
        (INF, NAN, NAN),
        (-INF, NAN, NAN),
    ),
    on_arrays=False,
).define()
sinh: Function = Row(
    'sinh',
    lambda xp, x: xp.sinh(x),
    lambda x, gy: gy * cosh(x),
    'Hyperbolic sine of each element.',
    '``cosh(x)``',
    (-2, 2),
    ('0., 1.', '0.    , 1.1752'),
    oracle=math.sinh,
    edges=(
        (INF, INF, INF),
        (-INF, -INF, INF),
    ),
    on_arrays=False,
).define()
sqrt: Function = Row(
    'sqrt',
    lambda xp, x: xp.sqrt(x),
    lambda y, gy: gy / y * 0.5,
    'Square root of each element; NaN where it is negative.',
    '``0.5 / sqrt(x)``',
    (0.5, 3),
    ('1., 4.', '1., 2.'),
    oracle=math.sqrt,
    edges=(
        (0, 0, INF),
        (INF, INF, 0),
    ),
).define()
square: Function = Row(
    'square',
    lambda xp, x: xp.square(x),
    lambda x, gy: gy * x * 2.0,
    'Square of each element.',
    '``2 * x``',
    (-2, 2),
    ('2., -3.', '4., 9.'),
    oracle=lambda v: v * v,
    edges=(
        (0, 0, 0),
        (INF, INF, INF),
        (-INF, INF, -INF),
    ),
).define()
tan: Function = Row(
    'tan',
    lambda xp, x: xp.tan(x),
    lambda y, gy: gy * (y * y + 1),
    'Tangent of each element.',
    '``1 + tan(x)**2``',
    (-1, 1),
    ('0., 1.', '0.    , 1.5574'),
    oracle=math.tan,
    edges=(
        (INF, NAN, NAN),
        (-INF, NAN, NAN),
    ),
).define()
