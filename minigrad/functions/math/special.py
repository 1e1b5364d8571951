"""Special functions of one variable, as rows of the table in `elementwise`.

SciPy computes them on a CPU, CuPy on a GPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy

from minigrad.backend import get_array_module
from minigrad.functions._edges import masked
from minigrad.functions.elementwise import Function, Row
from minigrad.functions.math._scipy import NoSciPy, special
from minigrad.functions.math.elementary import exp
from minigrad.functions.math.polygamma import polygamma
from minigrad.kernels.formula import Step
from minigrad.types import Array, ArrayModule

INF = math.inf
_SQRT_PI = math.sqrt(math.pi)
_SQRT_2PI = math.sqrt(2 * math.pi)
_Special = partial(Row, on_arrays=False, needs='scipy')
_NEEDS_SCIPY = 'ImportError: ``x`` lives on the CPU and SciPy is not installed.'


def _by_scipy(
    name: str,
    scipy_name: str | None = None,
    without: Callable[[float], float] | None = None,
) -> Callable[[ArrayModule, Array], Array]:
    """Returns a formula that SciPy or CuPy has, or ``without`` one number at a time."""

    def array(xp: ArrayModule, x: Array) -> Array:
        if isinstance(x, Step):
            return x.apply(scipy_name or name)
        try:
            function = getattr(special(xp, name), scipy_name or name)
        except NoSciPy:
            if without is None:
                raise
            function = numpy.vectorize(without, otypes='d')
        return xp.asarray(function(x), dtype=x.dtype)

    return array


def _normal_quantile(p: float) -> float:
    from statistics import NormalDist  # which takes a while to import

    return NormalDist().inv_cdf(p)


def _digamma(x: float) -> float:
    """Goes up to 30 by the recurrence, where the asymptotic series is exact."""
    rest = -sum(1 / (x + k) for k in range(30))
    a = x + 30
    rest += math.log(a) - 1 / (2 * a)
    for k, bernoulli in enumerate([1 / 6, -1 / 30, 1 / 42, -1 / 30], start=1):
        rest -= bernoulli / (2 * k * a ** (2 * k))
    return rest


_gammaln = _by_scipy('lgamma', 'gammaln')

digamma: Function = _Special(
    'digamma',
    _by_scipy('digamma'),
    lambda x, gy: gy * polygamma(get_array_module(x).array(1), x),
    'Derivative of the logarithm of the gamma function, at each element.',
    '``polygamma(1, x)``',
    (0.5, 3),
    ('1., 2.', '-0.5772,  0.4228'),
    oracle=_digamma,
    edges=((INF, INF, 0),),
    node_name='DiGamma',
    refuses=_NEEDS_SCIPY,
).define()
erf: Function = _Special(
    'erf',
    _by_scipy('erf', without=math.erf),
    lambda x, gy: gy * (exp(-x * x) * (2 / _SQRT_PI)),
    'Error function of each element; slow without SciPy.',
    '``2 / sqrt(pi) * exp(-x**2)``',
    (-2, 2),
    ('0., 1.', '0.    , 0.8427'),
    oracle=math.erf,
    edges=(
        (INF, 1, 0),
        (-INF, -1, 0),
        (0, 0, 2 / _SQRT_PI),
    ),
    node_name='Erf',
).define()
erfc: Function = _Special(
    'erfc',
    _by_scipy('erfc', without=math.erfc),
    lambda x, gy: gy * (exp(-x * x) * (-2 / _SQRT_PI)),
    'One minus the error function of each element; slow without SciPy.',
    '``-2 / sqrt(pi) * exp(-x**2)``',
    (-2, 2),
    ('0., 1.', '1.    , 0.1573'),
    oracle=math.erfc,
    edges=(
        (INF, 0, 0),
        (-INF, 2, 0),
    ),
    node_name='Erfc',
).define()
erfcinv: Function = _Special(
    'erfcinv',
    _by_scipy('erfcinv'),
    lambda y, gy: gy * (exp(y * y) * (-_SQRT_PI / 2)),
    'Inverse of `erfc`, at each element.',
    '``-sqrt(pi) / 2 * exp(y**2)``',
    (0.2, 1.8),
    ('0.5, 1.5', ' 0.4769, -0.4769'),
    oracle=lambda v: -_normal_quantile(v / 2) / math.sqrt(2),
    edges=(
        (0, INF, -INF),
        (2, -INF, -INF),
    ),
    node_name='ErfcInv',
    refuses=_NEEDS_SCIPY,
).define()
erfcx: Function = _Special(
    'erfcx',
    _by_scipy('erfcx'),
    lambda x, gy: gy * masked(x * erfcx(x) - 1 / _SQRT_PI, x.array != INF) * 2.0,
    '``exp(x**2) * erfc(x)`` of each element, without overflow.',
    '``2 * x * y - 2 / sqrt(pi)``',
    (-1, 3),
    ('0., 100.', '1.    , 0.0056'),
    oracle=lambda v: math.exp(v * v) * math.erfc(v),
    edges=((INF, 0, 0),),
    node_name='Erfcx',
    refuses=_NEEDS_SCIPY,
).define()
erfinv: Function = _Special(
    'erfinv',
    _by_scipy('erfinv'),
    lambda y, gy: gy * (exp(y * y) * (_SQRT_PI / 2)),
    'Inverse of `erf`, at each element.',
    '``sqrt(pi) / 2 * exp(y**2)``',
    (-0.8, 0.8),
    ('0., 0.5', '0.    , 0.4769'),
    oracle=lambda v: _normal_quantile((v + 1) / 2) / math.sqrt(2),
    edges=(
        (1, INF, INF),
        (-1, -INF, INF),
    ),
    node_name='ErfInv',
    refuses=_NEEDS_SCIPY,
).define()
lgamma: Function = _Special(
    'lgamma',
    lambda xp, x: xp.where(x == -INF, x.dtype.type(INF), _gammaln(xp, x)),
    lambda x, gy: gy * digamma(x),
    'Logarithm of the absolute value of the gamma function, at each element.',
    '``digamma(x)``',
    (0.5, 3),
    ('1., 5.', '0.    , 3.1781'),
    oracle=math.lgamma,
    edges=((INF, INF, INF),),
    node_name='LGamma',
    refuses=_NEEDS_SCIPY,
).define()
log_ndtr: Function = _Special(
    'log_ndtr',
    _by_scipy('log_ndtr'),
    # The density over the distribution function; erfcx keeps both from vanishing.
    lambda x, gy: gy / erfcx(x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi),
    'Logarithm of `ndtr` of each element, exact for large negative ones.',
    '``sqrt(2 / pi) / erfcx(-x / sqrt(2))``',
    (-3, 2),
    ('-10., 0.', '-53.2313,  -0.6931'),
    oracle=lambda v: math.log(0.5 * math.erfc(-v * math.sqrt(0.5))),
    edges=(
        (INF, 0, 0),
        (-INF, -INF, INF),
    ),
    node_name='LogNdtr',
    refuses=_NEEDS_SCIPY,
).define()
ndtr: Function = _Special(
    'ndtr',
    _by_scipy('ndtr', without=lambda x: 0.5 * math.erfc(-x * math.sqrt(0.5))),
    lambda x, gy: gy * (exp(x * x * -0.5) * (1 / _SQRT_2PI)),
    'Distribution function of the standard normal distribution; slow without SciPy.',
    '``exp(-x**2 / 2) / sqrt(2 * pi)``',
    (-2, 2),
    ('0., 1.', '0.5   , 0.8413'),
    oracle=lambda v: 0.5 * math.erfc(-v * math.sqrt(0.5)),
    edges=(
        (INF, 1, 0),
        (-INF, 0, 0),
    ),
    node_name='Ndtr',
).define()
ndtri: Function = _Special(
    'ndtri',
    _by_scipy('ndtri'),
    lambda y, gy: gy * (exp(y * y * 0.5) * _SQRT_2PI),
    'Inverse of `ndtr`, at each element.',
    '``sqrt(2 * pi) * exp(y**2 / 2)``',
    (0.1, 0.9),
    ('0.5, 0.9', '0.    , 1.2816'),
    oracle=_normal_quantile,
    edges=(
        (0, -INF, INF),
        (1, INF, INF),
    ),
    node_name='Ndtri',
    refuses=_NEEDS_SCIPY,
).define()
