"""Special functions of one variable, as a table like that of `elementary`.

SciPy computes them on a CPU, CuPy on a GPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.functions.math._scipy import special
from minigrad.functions.math.elementary import (
    Elementary,
    Function,
    _Elementary,
    exp,
)
from minigrad.functions.math.polygamma import polygamma
from minigrad.types import Array, ArrayModule
from minigrad.variable import Variable

SPECIAL: dict[str, Elementary] = {}
"""The table, by public name; filled by the definitions below."""

_SQRT_PI = math.sqrt(math.pi)
_SQRT_2PI = math.sqrt(2 * math.pi)

_DOC = """{summary}

    Args:
        x: Variable or array, float, any shape.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float.{without_scipy}

    Gradient: ``gy`` times {slope}.
    Double backprop: yes.
    Kernels: reference, by SciPy or CuPy.
    Source: compatible with chainer.functions.{name}.

    Example:
        >>> F.{name}(np.array([{x}])).array.round(4)
        array([{y}])
    """
_NEEDS_SCIPY = """
        ImportError: ``x`` lives on the CPU and SciPy is not installed."""


def _define(
    name: str,
    node_name: str,
    gradient: Callable[[Variable, Variable], Any],
    summary: str,
    slope: str,
    domain: tuple[float, float],
    example: tuple[str, str],
    scipy_name: str | None = None,
    without_scipy: Callable[[float], float] | None = None,
) -> Function:
    """Adds a row to the table and returns its public function."""
    scipy_name = name if scipy_name is None else scipy_name

    def array(xp: ArrayModule, x: Array) -> Array:
        try:
            function = getattr(special(xp, name), scipy_name)
        except ImportError:
            if xp is not numpy or without_scipy is None:
                raise
            function = numpy.vectorize(without_scipy, otypes='d')
        return xp.asarray(function(x), dtype=x.dtype)

    row = Elementary(name, array, gradient, summary, slope, domain, example, False)
    SPECIAL[name] = row
    attributes = {
        'row': row,
        'label': name,
        'public_name': name,
        'retains_output': gradient.__code__.co_varnames[0] == 'y',
        '__module__': __name__,
    }
    node = type(node_name, (_Elementary,), attributes)
    globals()[node_name] = node  # by which pickle finds it

    def function(x: Any) -> Variable:
        return node().apply((x,))[0]  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOC.format(
        name=name,
        summary=summary,
        slope=slope,
        without_scipy='' if without_scipy else _NEEDS_SCIPY,
        x=example[0],
        y=example[1],
    )
    return function


digamma: Function = _define(
    'digamma',
    'DiGamma',
    lambda x, gy: gy * polygamma(get_array_module(x).array(1), x),
    'Derivative of the logarithm of the gamma function, at each element.',
    '``polygamma(1, x)``',
    (0.5, 3),
    ('1., 2.', '-0.5772,  0.4228'),
)
erf: Function = _define(
    'erf',
    'Erf',
    lambda x, gy: gy * (exp(-x * x) * (2 / _SQRT_PI)),
    'Error function of each element; slow without SciPy.',
    '``2 / sqrt(pi) * exp(-x**2)``',
    (-2, 2),
    ('0., 1.', '0.    , 0.8427'),
    without_scipy=math.erf,
)
erfc: Function = _define(
    'erfc',
    'Erfc',
    lambda x, gy: gy * (exp(-x * x) * (-2 / _SQRT_PI)),
    'One minus the error function of each element; slow without SciPy.',
    '``-2 / sqrt(pi) * exp(-x**2)``',
    (-2, 2),
    ('0., 1.', '1.    , 0.1573'),
    without_scipy=math.erfc,
)
erfcinv: Function = _define(
    'erfcinv',
    'ErfcInv',
    lambda y, gy: gy * (exp(y * y) * (-_SQRT_PI / 2)),
    'Inverse of `erfc`, at each element.',
    '``-sqrt(pi) / 2 * exp(y**2)``',
    (0.2, 1.8),
    ('0.5, 1.5', ' 0.4769, -0.4769'),
)
erfcx: Function = _define(
    'erfcx',
    'Erfcx',
    lambda x, gy: gy * (x * erfcx(x) - 1 / _SQRT_PI) * 2.0,
    '``exp(x**2) * erfc(x)`` of each element, without overflow.',
    '``2 * x * y - 2 / sqrt(pi)``',
    (-1, 3),
    ('0., 100.', '1.    , 0.0056'),
)
erfinv: Function = _define(
    'erfinv',
    'ErfInv',
    lambda y, gy: gy * (exp(y * y) * (_SQRT_PI / 2)),
    'Inverse of `erf`, at each element.',
    '``sqrt(pi) / 2 * exp(y**2)``',
    (-0.8, 0.8),
    ('0., 0.5', '0.    , 0.4769'),
)
lgamma: Function = _define(
    'lgamma',
    'LGamma',
    lambda x, gy: gy * digamma(x),
    'Logarithm of the absolute value of the gamma function, at each element.',
    '``digamma(x)``',
    (0.5, 3),
    ('1., 5.', '0.    , 3.1781'),
    scipy_name='gammaln',
)
log_ndtr: Function = _define(
    'log_ndtr',
    'LogNdtr',
    # The density over the distribution function; erfcx keeps both from vanishing.
    lambda x, gy: gy / erfcx(x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi),
    'Logarithm of `ndtr` of each element, exact for large negative ones.',
    '``sqrt(2 / pi) / erfcx(-x / sqrt(2))``',
    (-3, 2),
    ('-10., 0.', '-53.2313,  -0.6931'),
)
ndtr: Function = _define(
    'ndtr',
    'Ndtr',
    lambda x, gy: gy * (exp(x * x * -0.5) * (1 / _SQRT_2PI)),
    'Distribution function of the standard normal distribution; slow without SciPy.',
    '``exp(-x**2 / 2) / sqrt(2 * pi)``',
    (-2, 2),
    ('0., 1.', '0.5   , 0.8413'),
    without_scipy=lambda x: 0.5 * math.erfc(-x * math.sqrt(0.5)),
)
ndtri: Function = _define(
    'ndtri',
    'Ndtri',
    lambda y, gy: gy * (exp(y * y * 0.5) * _SQRT_2PI),
    'Inverse of `ndtr`, at each element.',
    '``sqrt(2 * pi) * exp(y**2 / 2)``',
    (0.1, 0.9),
    ('0.5, 0.9', '0.    , 1.2816'),
)
