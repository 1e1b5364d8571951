"""The questions that every operation must answer, asked of an `OpCase`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from minigrad import backend
from minigrad.gradient_check import check_backward, check_double_backward
from minigrad.kernels import using_kernels
from minigrad.testing.op_case import Edge, OpCase, Sample
from minigrad.variable import Variable, as_array

# Forward tolerances by dtype character: a few units in the last place, accumulated.
TOLERANCES = {'e': 2e-2, 'f': 2e-5, 'd': 1e-10}


def check_case(case: OpCase, xp: Any = numpy) -> None:
    """Asks every question about an operation.

    Raises:
        AssertionError: One of the answers is wrong.
    """
    for sample in case.samples:
        for question in SAMPLE_QUESTIONS:
            question(case, sample, xp)
    check_zero_size(case, xp)
    check_errors(case, xp)
    check_edges(case, xp)


def _seeded(case: OpCase, function: Callable[[], Any]) -> Any:
    if case.random:
        numpy.random.seed(0)
    return function()


def _run(
    case: OpCase, sample: Sample, inputs: list[Any], xp: Any = numpy
) -> tuple[Any, ...]:
    arrays = [xp.asarray(x) for x in inputs]
    outputs = _seeded(case, lambda: _call(case, sample, arrays))
    return _as_tuple(outputs)


def _call(case: OpCase, sample: Sample, inputs: Sequence[Any]) -> Any:
    """Calls the operation; arrays among its options go where the inputs are."""
    xp = backend.get_array_module(*inputs)
    kwargs = {
        key: xp.asarray(value) if isinstance(value, numpy.ndarray) else value
        for key, value in sample.kwargs.items()
    }
    return case.function()(*inputs, **kwargs)


def _as_tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)


def _cast(inputs: list[Any], dtype: str) -> list[Any]:
    return [x.astype(dtype) if x.dtype.kind == 'f' else x for x in inputs]


def _grad_inputs(case: OpCase, inputs: list[Any]) -> list[int]:
    floats = [i for i, x in enumerate(inputs) if x.dtype.kind == 'f']
    if case.grad_inputs is None:
        return floats
    return [i for i in floats if i in case.grad_inputs]


def _assert_close(actual: Any, expected: Any, tolerance: float, what: str) -> None:
    actual, expected = backend.to_cpu(as_array(actual)), numpy.asarray(expected)
    if actual.shape != expected.shape:
        raise AssertionError(f'{what}: shape {actual.shape}, expected {expected.shape}')
    numpy.testing.assert_allclose(
        actual.astype(numpy.float64) if actual.dtype.kind == 'f' else actual,
        expected,
        rtol=tolerance,
        atol=tolerance,
        err_msg=what,
    )


def check_forward(case: OpCase, sample: Sample, xp: Any = numpy) -> None:
    """Compares the outputs with the oracle in every dtype, and their dtype too."""
    inputs = sample.draw()
    for dtype in case.dtypes:
        given = _cast(inputs, dtype)
        exact = _cast(given, 'd')
        expected = _as_tuple(
            _seeded(case, lambda x=exact: case.oracle(*x, **sample.kwargs))  # type: ignore[misc]
        )
        outputs = _run(case, sample, given, xp)
        if len(outputs) != len(expected):
            raise AssertionError(
                f'{case.name}: {len(outputs)} outputs, expected {len(expected)}'
            )
        tolerance = case.tol.get(dtype, TOLERANCES[dtype])
        for i, (y, e) in enumerate(zip(outputs, expected, strict=True)):
            what = f'{case.name} {sample!r} output {i} in {numpy.dtype(dtype)}'
            _assert_close(y, e, tolerance, what)
            has_float_input = any(x.dtype.kind == 'f' for x in given)
            if y.dtype.kind == 'f' and has_float_input and y.dtype != dtype:
                raise AssertionError(f'{what}: its dtype is {y.dtype}')


def check_inputs_unmodified(case: OpCase, sample: Sample, xp: Any = numpy) -> None:
    """Checks that neither forward nor backward writes into its inputs."""
    inputs = [xp.asarray(x) for x in sample.draw()]
    copies = [x.copy() for x in inputs]
    _gradients(case, sample, inputs)
    for i, (x, copy) in enumerate(zip(inputs, copies, strict=True)):
        numpy.testing.assert_array_equal(
            backend.to_cpu(x), backend.to_cpu(copy), err_msg=f'{case.name} input {i}'
        )


def check_noncontiguous(case: OpCase, sample: Sample, xp: Any = numpy) -> None:
    """Checks outputs and gradients on inputs with strides of their own."""
    inputs = [xp.asarray(x) for x in sample.draw()]
    strided = []
    for x in inputs:
        if x.ndim == 0 or x.size == 0:
            strided.append(x)
            continue
        padded = xp.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        padded[..., ::2] = x
        strided.append(padded[..., ::2])
    expected, actual = (
        _gradients(case, sample, inputs),
        _gradients(case, sample, strided),
    )
    for e, a in zip(expected, actual, strict=True):
        if e is not None:
            _assert_close(a, backend.to_cpu(e), 1e-9, f'{case.name} {sample!r} strided')


def _gradients(case: OpCase, sample: Sample, inputs: list[Any]) -> list[Any]:
    """Returns outputs, then the gradients of the inputs, as arrays."""
    wanted = _grad_inputs(case, inputs) if case.differentiable else []
    variables = [
        Variable(x, requires_grad=i in wanted) if x.dtype.kind == 'f' else x
        for i, x in enumerate(inputs)
    ]
    outputs = _as_tuple(_seeded(case, lambda: _call(case, sample, variables)))
    if not wanted:
        return [as_array(y) for y in outputs]
    from minigrad.gradients import backward

    floats = [y for y in outputs if y.dtype.kind == 'f']
    seeds = [Variable(y.xp.full_like(y.array, 0.54)) for y in floats]
    backward(floats, seeds)
    gradients = [variables[i].grad for i in wanted]
    return [as_array(y) for y in outputs] + gradients


def _gradient_setting(
    case: OpCase, sample: Sample, xp: Any
) -> tuple[Callable[..., Any], list[Any], list[int], list[Any], Any]:
    inputs = [xp.asarray(x) for x in _cast(sample.draw(), 'd')]
    wanted = _grad_inputs(case, inputs)
    rng = numpy.random.default_rng(1)

    def function(*xs: Any) -> Any:
        given = list(inputs)
        for i, x in zip(wanted, xs, strict=True):
            given[i] = x
        outputs = _as_tuple(_seeded(case, lambda: _call(case, sample, given)))
        return tuple(y for y in outputs if y.dtype.kind == 'f')

    xs = [inputs[i] for i in wanted]
    ys = function(*xs)
    gys = [rng.standard_normal(y.shape) for y in ys]
    return function, xs, wanted, gys, rng


def check_gradient(case: OpCase, sample: Sample, xp: Any = numpy) -> None:
    """Compares the gradient with a numerical one in float64."""
    if not case.differentiable:
        return
    function, xs, _, gys, _ = _gradient_setting(case, sample, xp)
    numpy.random.seed(2)
    check_backward(
        _resumed(function),
        tuple(xp.asarray(x) for x in xs),
        tuple(xp.asarray(g) for g in gys),
        eps=1e-5,
        atol=1e-6,
        rtol=1e-5,
        dtype='d',
    )


def check_double_gradient(case: OpCase, sample: Sample, xp: Any = numpy) -> None:
    """Compares the gradient of the gradient with a numerical one in float64."""
    if not (case.differentiable and case.double):
        return
    function, xs, _, gys, rng = _gradient_setting(case, sample, xp)
    ggxs = tuple(xp.asarray(rng.standard_normal(x.shape)) for x in xs)

    # A linear function has no second derivative, and returns None for it; the square
    # gives every operation one, and keeps the check of linear ones honest.
    def squared(*inputs: Any) -> Any:
        return tuple(y * y for y in function(*inputs))

    numpy.random.seed(3)
    check_double_backward(
        _resumed(squared),
        tuple(xp.asarray(x) for x in xs),
        tuple(xp.asarray(g) for g in gys),
        ggxs,
        eps=1e-5,
        atol=1e-5,
        rtol=1e-4,
        dtype='d',
    )


def _resumed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Leaves NumPy's random state as it was, so that directions stay random."""

    def run(*xs: Any) -> Any:
        state = numpy.random.get_state()
        try:
            return function(*xs)
        finally:
            numpy.random.set_state(state)

    return run


def check_kernels_agree(case: OpCase, sample: Sample, xp: Any = numpy) -> None:
    """Compares outputs and gradients of the fast kernels with the reference."""
    for dtype, tolerance in (('f', 1e-4), ('d', 1e-9)):
        if dtype not in case.dtypes:
            continue
        inputs = [xp.asarray(x) for x in _cast(sample.draw(), dtype)]
        actual = _gradients(case, sample, inputs)
        with using_kernels('reference'):
            expected = _gradients(case, sample, inputs)
        for a, e in zip(actual, expected, strict=True):
            if e is not None:
                what = f'{case.name} {sample!r} kernels in {numpy.dtype(dtype)}'
                _assert_close(a, backend.to_cpu(e), tolerance, what)


def check_zero_size(case: OpCase, xp: Any = numpy) -> None:
    """Runs forward and backward on inputs without elements."""
    if case.empty is None:
        return
    inputs = [xp.asarray(x) for x in case.empty.draw()]
    expected = _as_tuple(
        case.oracle(*_cast(case.empty.draw(), 'd'), **case.empty.kwargs)
    )
    results = _gradients(case, case.empty, inputs)
    for y, e in zip(results, expected, strict=False):
        if y.shape != numpy.shape(e):
            raise AssertionError(
                f'{case.name} {case.empty!r}: shape {y.shape}, expected {numpy.shape(e)}'
            )
    wanted = _grad_inputs(case, inputs) if case.differentiable else []
    for i, gradient in zip(wanted, results[len(expected) :], strict=False):
        if gradient is not None and gradient.shape != inputs[i].shape:
            raise AssertionError(
                f'{case.name}: the gradient of input {i} has a bad shape'
            )


def check_errors(case: OpCase, xp: Any = numpy) -> None:
    """Checks that bad inputs raise the promised error with the promised words."""
    for error in case.errors:
        inputs = [xp.asarray(x) for x in error.sample.draw()]
        try:
            _call(case, error.sample, inputs)
        except error.raises as raised:
            if not re.search(error.match, str(raised)):
                raise AssertionError(
                    f'{case.name}: {error.match!r} is not in the message:\n{raised}'
                ) from raised
        else:
            raise AssertionError(f'{case.name}: {error.sample!r} raised nothing')


def check_edges(case: OpCase, xp: Any = numpy) -> None:
    """Compares values and gradients at the edges, in every dtype and kernel set."""
    for edge in case.edges:
        for dtype in case.dtypes if edge.dtypes is None else edge.dtypes:
            # What happens there is the question; that NumPy warns of it is not.
            with numpy.errstate(all='ignore'):
                _check_edge(case, edge, dtype, xp)
                with using_kernels('reference'):
                    _check_edge(case, edge, dtype, xp)


def _check_edge(case: OpCase, edge: Edge, dtype: str, xp: Any) -> None:
    arrays = [xp.asarray(x) for x in _cast(edge.sample.draw(), dtype)]
    inputs = [Variable(x) if x.dtype.kind == 'f' else x for x in arrays]
    outputs = _as_tuple(_seeded(case, lambda: _call(case, edge.sample, inputs)))
    pairs = list(zip(outputs, edge.values, strict=True))
    if any(gradient is not None for gradient in edge.gradients):
        from minigrad.gradients import backward

        floats = [y for y in outputs if y.dtype.kind == 'f']
        backward(floats, [Variable(y.xp.ones_like(y.array)) for y in floats])
        wanted = zip(inputs, edge.gradients, strict=True)
        pairs += [(x.grad_var, g) for x, g in wanted if g is not None]
    default = float(8 * numpy.finfo(dtype).eps)
    for i, (actual, expected) in enumerate(pairs):
        what = 'value' if i < len(outputs) else 'gradient'
        # In units of the expected number: a slope of 1e-8 counts as much as one of 1.
        numpy.testing.assert_allclose(
            backend.to_cpu(as_array(actual)),
            numpy.asarray(expected).astype(dtype),
            rtol=edge.tol.get(dtype, default),
            atol=float(numpy.finfo(dtype).tiny),
            err_msg=f'{case.name} {edge.sample!r} {what} in {numpy.dtype(dtype)}',
        )


SAMPLE_QUESTIONS = (
    check_forward,
    check_gradient,
    check_double_gradient,
    check_inputs_unmodified,
    check_noncontiguous,
    check_kernels_agree,
)
