"""Elementary functions of one variable, as a table.

One row of `ELEMENTARY` makes a node class with a name of its own, the public function
with its docstring, and, in the tests, the case that checks it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.types import Array, ArrayModule
from minigrad.variable import Variable, as_array, as_variable

Function = Callable[[Any], Variable]


class Elementary(NamedTuple):
    """A row of the table."""

    name: str
    array: Callable[[ArrayModule, Array], Array]
    gradient: Callable[[Variable, Variable], Any] | None
    """From the input ``x`` or the output ``y``, whichever its first parameter is called,
    and ``gy`` to ``gx``. None: a step function, which cuts the graph."""
    summary: str
    slope: str
    domain: tuple[float, float]
    """Where the function is smooth."""
    example: tuple[str, str]
    on_arrays: bool
    """Whether the gradient is made of operators only, which arrays have too."""


class _Elementary(FunctionNode):
    arg_names = ('x',)
    row: ClassVar[Elementary]
    retains_output: ClassVar[bool]

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            self.expect(False, "x.dtype.kind == 'f'", x.dtype, None, in_types)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        if self.retains_output:
            self.retain_outputs((0,))
        else:
            self.retain_inputs((0,))
        return self.row.array(get_array_module(x), x)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (value,) = (
            self.get_retained_outputs()
            if self.retains_output
            else self.get_retained_inputs()
        )
        return self.row.gradient(value, grad_outputs[0])  # type: ignore[misc]


_SMOOTH_DOC = """{summary}

    Args:
        x: Variable or array, float, any shape.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``gy`` times {slope}.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.{name}.

    Example:
        >>> F.{name}(np.array([{x}])).array.round(4)
        array([{y}])
    """

_STEP_DOC = """{summary}

    Args:
        x: Variable or array, any shape.

    Returns:
        Variable, shape and dtype of ``x``, which does not depend on ``x`` in the graph.

    Gradient: {slope}.
    Double backprop: no gradient to differentiate.
    Kernels: reference.
    Source: compatible with chainer.functions.{name}.

    Example:
        >>> F.{name}(np.array([{x}])).array
        array([{y}])
    """

ELEMENTARY: dict[str, Elementary] = {}
"""The table, by name; filled by the definitions below."""


def _define(
    name: str,
    array: Callable[[ArrayModule, Array], Array],
    gradient: Callable[[Variable, Variable], Any] | None,
    summary: str,
    slope: str,
    domain: tuple[float, float],
    example: tuple[str, str],
    on_arrays: bool = True,
) -> Function:
    """Adds a row to the table and returns its public function."""
    row = Elementary(name, array, gradient, summary, slope, domain, example, on_arrays)
    ELEMENTARY[name] = row
    if gradient is None:
        document = _STEP_DOC

        def function(x: Any) -> Variable:
            x = as_array(x)
            xp = get_array_module(x)
            return as_variable(xp.asarray(array(xp, x), dtype=x.dtype))

    else:
        document = _SMOOTH_DOC
        attributes = {
            'row': row,
            'label': name,
            'public_name': name,
            'on_arrays': on_arrays,
            'retains_output': gradient.__code__.co_varnames[0] == 'y',
            '__module__': __name__,
        }
        node = type(name.capitalize(), (_Elementary,), attributes)
        globals()[node.__name__] = node  # by which pickle finds it

        def function(x: Any) -> Variable:
            return node().apply((x,))[0]  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = document.format(
        name=name, summary=summary, slope=slope, x=example[0], y=example[1]
    )
    return function


arccos: Function = _define(
    'arccos',
    lambda xp, x: xp.arccos(x),
    lambda x, gy: -gy * rsqrt(1 - x * x),
    'Inverse cosine of each element, in radians.',
    '``-1 / sqrt(1 - x**2)``',
    (-0.9, 0.9),
    ('0., 1.', '1.5708, 0.    '),
    on_arrays=False,
)
arcsin: Function = _define(
    'arcsin',
    lambda xp, x: xp.arcsin(x),
    lambda x, gy: gy * rsqrt(1 - x * x),
    'Inverse sine of each element, in radians.',
    '``1 / sqrt(1 - x**2)``',
    (-0.9, 0.9),
    ('0., 1.', '0.    , 1.5708'),
    on_arrays=False,
)
arctan: Function = _define(
    'arctan',
    lambda xp, x: xp.arctan(x),
    lambda x, gy: gy / (1 + x * x),
    'Inverse tangent of each element, in radians.',
    '``1 / (1 + x**2)``',
    (-3, 3),
    ('0., 1.', '0.    , 0.7854'),
)
arctanh: Function = _define(
    'arctanh',
    lambda xp, x: xp.arctanh(x),
    lambda x, gy: gy / (1 - x * x),
    'Inverse hyperbolic tangent of each element.',
    '``1 / (1 - x**2)``',
    (-0.9, 0.9),
    ('0., 0.5', '0.    , 0.5493'),
)
ceil: Function = _define(
    'ceil',
    lambda xp, x: xp.ceil(x),
    None,
    'Smallest integer that is not less than each element.',
    'none',
    (0.1, 0.9),
    ('-1.5, 1.5', '-1.,  2.'),
)
cos: Function = _define(
    'cos',
    lambda xp, x: xp.cos(x),
    lambda x, gy: -gy * sin(x),
    'Cosine of each element.',
    '``-sin(x)``',
    (-3, 3),
    ('0., 1.', '1.    , 0.5403'),
    on_arrays=False,
)
cosh: Function = _define(
    'cosh',
    lambda xp, x: xp.cosh(x),
    lambda x, gy: gy * sinh(x),
    'Hyperbolic cosine of each element.',
    '``sinh(x)``',
    (-2, 2),
    ('0., 1.', '1.    , 1.5431'),
    on_arrays=False,
)
exp: Function = _define(
    'exp',
    lambda xp, x: xp.exp(x),
    lambda y, gy: gy * y,
    'Exponential of each element.',
    '``exp(x)``',
    (-2, 2),
    ('0., 1.', '1.    , 2.7183'),
)
expm1: Function = _define(
    'expm1',
    lambda xp, x: xp.expm1(x),
    lambda y, gy: gy * (y + 1),
    'Exponential of each element minus one, exact near zero.',
    '``exp(x)``',
    (-2, 2),
    ('0., 1.', '0.    , 1.7183'),
)
fix: Function = _define(
    'fix',
    lambda xp, x: xp.trunc(x),
    None,
    'Each element rounded towards zero.',
    'none',
    (0.1, 0.9),
    ('-1.5, 1.5', '-1.,  1.'),
)
floor: Function = _define(
    'floor',
    lambda xp, x: xp.floor(x),
    None,
    'Largest integer that is not greater than each element.',
    'none',
    (0.1, 0.9),
    ('-1.5, 1.5', '-2.,  1.'),
)
log: Function = _define(
    'log',
    lambda xp, x: xp.log(x),
    lambda x, gy: gy / x,
    'Natural logarithm of each element.',
    '``1 / x``',
    (0.5, 3),
    ('1., 2.', '0.    , 0.6931'),
)
log10: Function = _define(
    'log10',
    lambda xp, x: xp.log10(x),
    lambda x, gy: gy / x * (1 / math.log(10)),
    'Logarithm of each element to base 10.',
    '``1 / (x * log(10))``',
    (0.5, 3),
    ('1., 100.', '0., 2.'),
)
log1p: Function = _define(
    'log1p',
    lambda xp, x: xp.log1p(x),
    lambda x, gy: gy / (x + 1),
    'Natural logarithm of one plus each element, exact near zero.',
    '``1 / (1 + x)``',
    (-0.5, 2),
    ('0., 1.', '0.    , 0.6931'),
)
log2: Function = _define(
    'log2',
    lambda xp, x: xp.log2(x),
    lambda x, gy: gy / x * (1 / math.log(2)),
    'Logarithm of each element to base 2.',
    '``1 / (x * log(2))``',
    (0.5, 3),
    ('1., 8.', '0., 3.'),
)
rsqrt: Function = _define(
    'rsqrt',
    lambda xp, x: x.dtype.type(1) / xp.sqrt(x),
    lambda y, gy: gy * y**3 * -0.5,
    'Reciprocal of the square root of each element.',
    '``-0.5 * x**-1.5``',
    (0.5, 3),
    ('1., 4.', '1. , 0.5'),
)
sign: Function = _define(
    'sign',
    lambda xp, x: xp.sign(x),
    None,
    'Sign of each element: -1, 0 or 1.',
    'none',
    (0.1, 0.9),
    ('-1.5, 0., 1.5', '-1.,  0.,  1.'),
)
sin: Function = _define(
    'sin',
    lambda xp, x: xp.sin(x),
    lambda x, gy: gy * cos(x),
    'Sine of each element.',
    '``cos(x)``',
    (-3, 3),
    ('0., 1.', '0.    , 0.8415'),
    on_arrays=False,
)
sinh: Function = _define(
    'sinh',
    lambda xp, x: xp.sinh(x),
    lambda x, gy: gy * cosh(x),
    'Hyperbolic sine of each element.',
    '``cosh(x)``',
    (-2, 2),
    ('0., 1.', '0.    , 1.1752'),
    on_arrays=False,
)
sqrt: Function = _define(
    'sqrt',
    lambda xp, x: xp.sqrt(x),
    lambda y, gy: gy / y * 0.5,
    'Square root of each element; NaN where it is negative.',
    '``0.5 / sqrt(x)``',
    (0.5, 3),
    ('1., 4.', '1., 2.'),
)
square: Function = _define(
    'square',
    lambda xp, x: xp.square(x),
    lambda x, gy: gy * x * 2.0,
    'Square of each element.',
    '``2 * x``',
    (-2, 2),
    ('2., -3.', '4., 9.'),
)
tan: Function = _define(
    'tan',
    lambda xp, x: xp.tan(x),
    lambda y, gy: gy * (y * y + 1),
    'Tangent of each element.',
    '``1 + tan(x)**2``',
    (-1, 1),
    ('0., 1.', '0.    , 1.5574'),
)
