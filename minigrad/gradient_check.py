"""Gradients checked against numerical differentiation.

`check_backward` compares one directional derivative: a random direction of unit length
has a component along every input element, so a wrong element shows with probability
one, at the price of two evaluations instead of two per element.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy

from minigrad import backend, gradients
from minigrad.configuration import using_config
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


@checks_arguments
def assert_allclose(
    x: Any, y: Any, atol: float = 1e-5, rtol: float = 1e-4, verbose: bool = True
) -> None:
    """Raises unless two arrays are close; use `minigrad.testing.assert_allclose`.

    Args:
        x: Array.
        y: Array.
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        verbose: Whether the message shows the arrays.

    Source: compatible with chainer.gradient_check.assert_allclose.
    """
    warnings.warn(
        'gradient_check.assert_allclose is deprecated. '
        'Use testing.assert_allclose instead.',
        DeprecationWarning,
        stacklevel=2,
    )
    numpy.testing.assert_allclose(
        backend.to_cpu(x), backend.to_cpu(y), rtol, atol, verbose=verbose
    )


class NondifferentiableError(Exception):
    """The numerical gradient was asked for at a kink or a jump."""


def _as_tuple(xs: Any) -> tuple[Any, ...]:
    return tuple(xs) if isinstance(xs, (tuple, list)) else (xs,)


@checks_arguments
def numerical_grad(
    f: Callable[[], Sequence[Array]],
    inputs: Sequence[Array],
    grad_outputs: Sequence[Any],
    eps: float = 1e-3,
    detect_nondifferentiable: bool = False,
    diff_atol: float = 0,
    diff_rtol: float = 1e-2,
    center_outputs: Any = None,
) -> list[Array]:
    """Differentiates a function of arrays by central differences.

    Args:
        f: Function without arguments that reads ``inputs`` and returns a tuple of
            arrays.
        inputs: Float arrays, changed in place one element at a time and restored.
        grad_outputs: Arrays or scalars that weigh the outputs; None leaves one out.
        eps: Step.
        detect_nondifferentiable: Evaluate five points per element and raise where they
            do not follow a parabola.
        diff_atol: Tolerance of that test, absolute.
        diff_rtol: Tolerance of that test, relative to the range of the values.
        center_outputs: Ignored; Chainer's name.

    Returns:
        One array per input, of its shape and dtype.

    Raises:
        AssertionError: ``eps`` is not positive.
        RuntimeError: An input is not float, or NumPy and CuPy arrays are mixed.
        NondifferentiableError: See ``detect_nondifferentiable``.

    Source: compatible with chainer.gradient_check.numerical_grad.

    Example:
        >>> x = np.array([1., 2.])
        >>> (gx,) = minigrad.gradient_check.numerical_grad(
        ...     lambda: (x ** 2,), (x,), (np.ones(2),))
        >>> gx.round(6)
        array([2., 4.])
    """
    arrays = [g for g in grad_outputs if g is not None and not numpy.isscalar(g)]
    if any(x.dtype.kind != 'f' for x in inputs):
        raise RuntimeError('The dtype of input arrays must be kind of float')
    if not backend.is_arrays_compatible([*inputs, *arrays]):
        raise RuntimeError('Do not mix GPU and CPU arrays in `numerical_grad`')
    if not eps > 0:
        raise AssertionError(f'numerical_grad: expected eps > 0, got {eps}')
    steps = (-1.0, -0.5, 0.0, 0.5, 1.0) if detect_nondifferentiable else (-1.0, 1.0)
    xp = backend.get_array_module(*inputs)
    gradients = []
    with using_config('type_check', False):
        for x in inputs:
            gx = xp.zeros(x.shape, numpy.float64)
            for index in numpy.ndindex(x.shape):
                centre = x[index].copy()
                values = []
                for step in steps:
                    x[index] = centre + step * eps
                    values.append([_as_float64(y) for y in f()])
                x[index] = centre
                if detect_nondifferentiable:
                    _check_smooth(values, diff_atol, diff_rtol, index)
                gx[index] = sum(
                    _slope([value[i] for value in values], eps, gy)
                    for i, gy in enumerate(grad_outputs)
                    if gy is not None and values[0][i] is not None
                )
            gradients.append(gx.astype(x.dtype, copy=False))
    return gradients


def _as_float64(y: Array) -> Array:
    return None if y is None else backend.get_array_module(y).array(y, numpy.float64)


def _slope(ys: list[Array], eps: float, gy: Any) -> Any:
    """Weighs the central difference of two or five equally spaced values."""
    if len(ys) == 2:
        return ((ys[1] - ys[0]) * gy).sum() / (2 * eps)
    difference = -ys[4] + 8 * ys[3] - 8 * ys[1] + ys[0]
    return (difference * gy).sum() / (6 * eps)


def _check_smooth(
    values: list[list[Array]], atol: float, rtol: float, index: tuple[int, ...]
) -> None:
    """Raises unless five equally spaced values of each output lie on a parabola."""
    points = numpy.arange(-2.0, 3.0)
    basis = numpy.linalg.qr(numpy.stack([points**0, points, points**2], axis=1))[0]
    for i, first in enumerate(values[0]):
        if first is None or first.size == 0:
            continue
        ys = numpy.stack([backend.to_cpu(value[i]).ravel() for value in values])
        finite = numpy.isfinite(ys)
        smooth = (finite == finite[0]).all(axis=0)
        # One output may be infinite all the way and another, beside it, have a kink.
        whole = finite.all(axis=0)
        ys_whole = ys[:, whole]
        residual = ys_whole - basis @ (basis.T @ ys_whole)
        error = numpy.sqrt((residual**2).sum(axis=0) / len(ys))
        spread = numpy.ptp(ys_whole, axis=0)
        smooth[whole] &= (error <= atol + rtol * spread) | (spread == 0)
        if not smooth.all():
            worst = int(numpy.argmin(smooth))
            raise NondifferentiableError(
                f'output {i} has a kink or a jump at input element {index}: '
                f'{ys[:, worst]} at steps -eps, -eps/2, 0, eps/2, eps\n'
                '  hint: draw the inputs away from ties and kinks'
            )


def _check_seeds(ys: Sequence[Any], gys: Sequence[Any]) -> None:
    if len(ys) != len(gys):
        raise ValueError(
            'expected as many output gradients as outputs, got '
            f'{len(gys)} for {len(ys)}'
        )
    for i, (y, gy) in enumerate(zip(ys, gys, strict=True)):
        if gy is None or y is None:
            continue
        if y.shape != gy.shape or y.dtype != gy.dtype:
            raise ValueError(
                'Shapes and/or dtypes of outputs and output gradients do not match: '
                f'output {i} is {y.dtype} {y.shape}, its gradient {gy.dtype} {gy.shape}'
            )


def _unit_direction(size: int, xp: Any) -> Array:
    """Draws a unit vector; no element vanishes, so each one is really checked."""
    direction = xp.random.normal(size=(size,))
    if size == 0:
        return direction
    squares = direction**2
    return xp.copysign(xp.sqrt(0.99 * squares / squares.sum() + 0.01 / size), direction)


def _split(vector: Array, like: Sequence[Array]) -> Iterator[Array]:
    start = 0
    for array in like:
        yield vector[start : start + array.size].reshape(array.shape)
        start += array.size


@checks_arguments
def check_backward(
    func: Callable[..., Any],
    x_data: Any,
    y_grad: Any,
    params: Any = (),
    eps: float = 1e-3,
    atol: float = 1e-5,
    rtol: float = 1e-4,
    no_grads: Sequence[bool] | None = None,
    dtype: Any = None,
    detect_nondifferentiable: bool = False,
) -> None:
    """Compares backpropagation with a numerical directional derivative.

    Args:
        func: Function from Variables to a Variable or a tuple of them.
        x_data: Input array or tuple of arrays.
        y_grad: Gradient of the output or outputs; None for a scalar output.
        params: Variable or Variables that ``func`` uses, checked too.
        eps: Step of the numerical derivative.
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        no_grads: For each input, whether to leave it out; by default the integer ones.
        dtype: Float dtype in which the numerical derivative is taken; float64 is
            recommended.
        detect_nondifferentiable: See `numerical_grad`.

    Raises:
        AssertionError: The derivatives differ.
        ValueError: The arguments do not fit each other.
        RuntimeError: An input that is left out got a gradient.

    Source: compatible with chainer.gradient_check.check_backward.

    Example:
        >>> minigrad.gradient_check.check_backward(
        ...     lambda x: x ** 2, np.array([1., 2.]), np.ones(2))
    """
    if dtype is not None and numpy.dtype(dtype).kind != 'f':
        raise ValueError('`dtype` is allowed only float type')
    xs = _as_tuple(x_data)
    params = _as_tuple(params)
    if no_grads is None:
        no_grads = [x is not None and x.dtype.kind != 'f' for x in xs]
    elif len(no_grads) != len(xs):
        raise ValueError(
            'Length of no_grads param and xs should be same.\n'
            f'Actual: {len(no_grads)} != {len(xs)}'
        )
    with backend.using_device(backend.get_device_from_array(*xs)):
        xs_var = [
            None if x is None else Variable(x, requires_grad=x.dtype.kind == 'f')
            for x in xs
        ]
        ys = _as_tuple(func(*xs_var))
        gys = _seeds(ys, y_grad)
        checked = [i for i, x in enumerate(xs) if not no_grads[i] and x is not None]
        sources = [xs[i] for i in checked] + [p.array for p in params]
        xp = backend.get_array_module(*xs)
        vector = _unit_direction(sum(int(x.size) for x in sources), xp)
        directions = list(_split(vector, sources))

        for x in (*xs_var, *params):
            if x is not None:
                x.grad_var = None
        # An output that is None, such as the gradient of what has none, is left out.
        present = [(y, gy) for y, gy in zip(ys, gys, strict=True) if y is not None]
        seeds = [None if gy is None else Variable(gy.copy()) for _, gy in present]
        gradients.backward([y for y, _ in present], seeds)
        for x, no_grad in zip(xs_var, no_grads, strict=True):
            if no_grad and x is not None and x.grad is not None:
                raise RuntimeError('gradient of int variable must be None')
        grads = [xs_var[i].grad for i in checked] + [p.grad for p in params]  # type: ignore[union-attr]
        analytic = sum(
            (g.astype(numpy.float64) * d).sum()
            for g, d in zip(grads, directions, strict=True)
            if g is not None
        )
        del ys, present  # func may apply the same node each time
        numeric = _directional_derivative(
            func, xs, params, checked, directions, gys, eps, dtype,
            detect_nondifferentiable, rtol,
        )  # fmt: skip
    analytic, numeric = float(analytic), float(numeric)
    if not numpy.isclose(analytic, numeric, rtol=rtol, atol=atol, equal_nan=True):
        listing = '\n'.join(
            f'  {name} {i}: {getattr(a, "dtype", None)} {getattr(a, "shape", None)}'
            for name, arrays in (('input', xs), ('output gradient', gys))
            for i, a in enumerate(arrays)
        )
        raise AssertionError(
            'check_backward: the derivative along a random direction is '
            f'{analytic!r} by backpropagation and {numeric!r} numerically\n'
            f'  eps={eps} atol={atol} rtol={rtol}\n{listing}'
        )


def _seeds(ys: tuple[Any, ...], y_grad: Any) -> tuple[Any, ...]:
    if y_grad is None:
        if len(ys) != 1 or ys[0].shape != ():
            raise ValueError(
                'y_grad argument cannot be omitted if the target function is not a loss '
                'function, which has a single output with shape ()'
            )
        return (ys[0].xp.ones_like(ys[0].array),)
    gys = _as_tuple(y_grad)
    _check_seeds(ys, gys)
    return tuple(None if y is None else gy for y, gy in zip(ys, gys, strict=True))


def _directional_derivative(
    func: Callable[..., Any],
    xs: tuple[Any, ...],
    params: tuple[Variable, ...],
    checked: list[int],
    directions: list[Array],
    gys: tuple[Any, ...],
    eps: float,
    dtype: Any,
    detect_nondifferentiable: bool,
    rtol: float,
) -> Any:
    xp = backend.get_array_module(*xs)
    delta = xp.array(0.0, numpy.float64)

    def cast(x: Array) -> Array:
        if dtype is None or x is None or x.dtype.kind != 'f':
            return x
        return x.astype(dtype, copy=False)

    def moved(x: Array, direction: Array) -> Array:
        return xp.asarray((x.astype(numpy.float64) + delta * direction).astype(x.dtype))

    base = [cast(x) for x in xs]
    original = [p.array for p in params]

    def values() -> tuple[Any, ...]:
        inputs = list(base)
        for i, direction in zip(checked, directions, strict=False):
            inputs[i] = moved(base[i], direction)
        for p, x, direction in zip(
            params, original, directions[len(checked) :], strict=True
        ):
            p.array = moved(cast(x), direction)
            p.grad_var = None
        try:
            variables = [
                None if x is None else Variable(x, requires_grad=x.dtype.kind == 'f')
                for x in inputs
            ]
            ys = _as_tuple(func(*variables))
        finally:
            for p, x in zip(params, original, strict=True):
                p.array = x
        return tuple(None if y is None else y.array for y in ys)

    (slope,) = numerical_grad(
        values,
        (delta,),
        gys,
        eps=eps,
        detect_nondifferentiable=detect_nondifferentiable,
        diff_rtol=rtol,
    )
    return slope


@checks_arguments
def check_double_backward(
    func: Callable[..., Any],
    x_data: Any,
    y_grad: Any,
    x_grad_grad: Any,
    params: Any = (),
    params_grad_grad: Any = (),
    eps: float = 1e-3,
    atol: float = 1e-4,
    rtol: float = 1e-3,
    no_grads: Sequence[bool] | None = None,
    dtype: Any = None,
    detect_nondifferentiable: bool = False,
) -> None:
    """Compares the gradient of the gradient with a numerical derivative of it.

    Args:
        func: Function from Variables to a Variable or a tuple of them.
        x_data: Input array or tuple of arrays.
        y_grad: Gradient of the output or outputs.
        x_grad_grad: Gradients of the float inputs' gradients.
        params: Variables that ``func`` uses.
        params_grad_grad: Gradients of their gradients.
        eps: Step of the numerical derivative.
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        no_grads: For each input and output gradient, whether to leave it out.
        dtype: Float dtype of the numerical derivative.
        detect_nondifferentiable: See `numerical_grad`.

    Raises:
        AssertionError: The derivatives differ.

    Source: compatible with chainer.gradient_check.check_double_backward.

    Example:
        >>> minigrad.gradient_check.check_double_backward(
        ...     lambda x: x ** 3, np.array([1., 2.]), np.ones(2), np.ones(2))
    """
    xs = _as_tuple(x_data)
    params = _as_tuple(params)
    gys = _as_tuple(y_grad)
    differentiable = [x is not None and x.dtype.kind == 'f' for x in xs]

    def first_order_grad(*inputs: Variable) -> tuple[Any, ...]:
        from minigrad.functions.array.cast import cast

        x_vars, gy_vars = inputs[: len(xs)], inputs[len(xs) :]
        ys = _as_tuple(func(*x_vars))
        seeds = [
            None if gy is None else cast(gy, y.dtype)
            for y, gy in zip(ys, gy_vars, strict=True)
        ]
        _check_seeds(ys, seeds)
        gradients.backward(ys, seeds, enable_double_backprop=True)
        wrong = [
            i
            for i, x in enumerate(x_vars)
            if not differentiable[i] and x is not None and x.grad is not None
        ]
        if wrong:
            raise RuntimeError(f'integer inputs {wrong} got a gradient')
        gxs = [x.grad_var for x, ok in zip(x_vars, differentiable, strict=True) if ok]
        return tuple(gxs + [p.grad_var for p in params])

    try:
        check_backward(
            first_order_grad,
            xs + gys,
            _as_tuple(x_grad_grad) + _as_tuple(params_grad_grad),
            params=params,
            eps=eps,
            atol=atol,
            rtol=rtol,
            no_grads=no_grads,
            dtype=dtype,
            detect_nondifferentiable=detect_nondifferentiable,
        )
    except AssertionError as error:
        error.add_note('in check_double_backward')
        raise
