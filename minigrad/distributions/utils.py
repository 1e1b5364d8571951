"""What several distributions share: points, their support, and random numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy

from minigrad.backend import get_array_module, is_array, may_look_at
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.cast import cast
from minigrad.functions.array.where import where
from minigrad.functions.math.elementary import log, log1p
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.kernels import kernels_for
from minigrad.types import Array
from minigrad.variable import Variable, as_array, as_variable


def as_point(x: Any, parameter: Variable) -> Variable:
    """Returns ``x`` as a Variable; all but float Variables take the parameter's dtype."""
    if isinstance(x, Variable) and x.dtype.kind == 'f':
        return x
    if not isinstance(x, Variable) and not is_array(x):
        x = parameter.xp.array(x, parameter.dtype)
    return cast(as_variable(x), parameter.dtype)


def broadcast_parameters(*parameters: Any) -> list[Variable]:
    """Returns parameters as Variables of one shape, that of the array of distributions.

    Raises:
        ValueError: The shapes do not broadcast; says which they are.
    """
    given = [as_variable(parameter) for parameter in parameters]
    shapes = [parameter.shape for parameter in given]
    if shapes.count(shapes[0]) == len(shapes):
        return given
    try:
        shape = numpy.broadcast_shapes(*shapes)
    except ValueError:
        listed = ' and '.join(map(str, shapes))
        raise ValueError(
            f'parameters of the shapes {listed} do not broadcast'
        ) from None
    return [broadcast_to(parameter, shape) for parameter in given]


def xlogy(x: Any, y: Any) -> Variable:
    """Returns ``x * log(y)``, which is 0 where ``x`` is 0, also if ``y`` is 0 or inf."""
    return _times_log(x, y, log, 0, 1)


def xlog1py(x: Any, y: Any) -> Variable:
    """Returns ``x * log(1 + y)``, which is 0 where ``x`` is 0, also if ``y`` is -1."""
    return _times_log(x, y, log1p, -1, 0)


def _times_log(x: Any, y: Any, function: Any, pole: float, harmless: float) -> Variable:
    x, y = as_variable(x), as_variable(y)
    at_pole = (y.array == pole) | (y.array == numpy.inf)
    y = where((x.array == 0) & at_pole, y.xp.array(harmless, y.dtype), y)
    with numpy.errstate(divide='ignore'):  # a probability of 0 has the logarithm -inf
        return x * function(y)  # type: ignore[no-any-return]


def within(
    inside: Array, x: Variable, log_prob: Callable[[Variable], Variable]
) -> Variable:
    """Returns ``log_prob(x)`` where ``inside`` holds, and minus infinity elsewhere.

    Outside, ``log_prob`` is asked at 0.5, so that neither it nor its gradient is NaN.
    """
    y = log_prob(where(inside, x, x.xp.array(0.5, x.dtype)))
    return where(inside, y, y.xp.array(-numpy.inf, y.dtype))


class ModifiedXLogX(FunctionNode):
    arg_names = ('x',)
    public_name = 'entropy'

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.retain_inputs((0,))
        xp = get_array_module(x)
        return x * xp.log(xp.where(x > 0, x, x.dtype.type(1)))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        positive = as_array(x) > 0
        if not positive.all():
            warnings.warn(
                'x * log(x) has no gradient at 0; 0 is taken for it',
                RuntimeWarning,
                stacklevel=2,
            )
        xp = get_array_module(x)
        slope = log(where(positive, x, xp.ones((), x.dtype))) + 1
        return grad_outputs[0] * where(positive, slope, xp.zeros((), x.dtype))


def _modified_xlogx(x: Any) -> Variable:
    """Returns ``x * log(x)``, which is 0 at 0."""
    return ModifiedXLogX().apply((x,))[0]


def draw(
    name: str, like: Variable, shape: tuple[int, ...], *parameters: Variable
) -> Variable:
    """Draws by a function of ``numpy.random`` or ``cupy.random``; without gradient.

    Args:
        name: Name of the function.
        like: Where the result lives, and its dtype.
        shape: Shape of the result.
        parameters: What else the function wants.
    """
    arrays = [parameter.array for parameter in parameters]
    eps = kernels_for(like.array).draw(name, shape, like.dtype, *arrays)
    return Variable(like.xp.asarray(eps, dtype=like.dtype), requires_grad=False)


def choose(p: Array, n: int) -> Array:
    """Draws classes, ``n`` of each row of probabilities, in NumPy's order.

    All rows are searched at once: row ``i`` of the cumulative probabilities lies
    between ``i`` and ``i + 1``.

    Args:
        p: Probabilities, shape ``(..., K)``.
        n: How many to draw.

    Returns:
        int64 array, shape ``(n, ...)``.

    Raises:
        ValueError: On a CPU or in debug mode, the probabilities of a row do not sum to 1.
    """
    xp = get_array_module(p)
    classes = p.shape[-1]
    cdf = p.reshape(-1, classes).astype(numpy.float64).cumsum(axis=-1)
    total = cdf[:, -1:].copy()
    tolerance = float(numpy.finfo(p.dtype).eps) ** 0.5
    if may_look_at(p) and not (abs(total - 1) <= tolerance).all():
        off = total.flat[abs(total - 1).argmax()]
        raise ValueError(f'sample: probabilities sum to {off:.6g}, not to 1')
    row = xp.arange(len(cdf), dtype=numpy.float64)[:, None]
    u = xp.random.random_sample((len(cdf), n)) + row
    u = xp.minimum(u, xp.nextafter(row + 1, row))
    index = xp.searchsorted((cdf / total + row).ravel(), u.ravel(), side='right')
    index = index.reshape(len(cdf), n) - (row * classes).astype(numpy.int64)
    return index.T.reshape((n, *p.shape[:-1]))
