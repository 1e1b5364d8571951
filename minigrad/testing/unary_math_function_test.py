"""Testing an elementwise function of one variable in one line."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import Any

import numpy

from minigrad import backend
from minigrad.function import Function
from minigrad.testing import attr
from minigrad.testing.array import assert_allclose
from minigrad.testing.parameterized import parameterize, product
from minigrad.variable import Variable

_FORWARD = {numpy.float16: {'atol': 2**-10, 'rtol': 2**-10}}
_BACKWARD = {numpy.float16: {'eps': 2**-4, 'atol': 2**-4, 'rtol': 2**-4}}


def unary_math_function_unittest(
    func: Any,
    func_expected: Callable[..., Any] | None = None,
    label_expected: str | None = None,
    make_data: Callable[..., Any] | None = None,
    is_linear: bool | None = None,
    forward_options: dict[str, Any] | None = None,
    backward_options: dict[str, Any] | None = None,
    double_backward_options: dict[str, Any] | None = None,
) -> Callable[[type], Any]:
    """Gives a test class tests of an elementwise function of one variable.

    Values, gradients and second gradients are tested for shapes ``(3, 2)`` and ``()``,
    for float16, float32 and float64, on the CPU and the GPU; and the function's label,
    if its class is among `minigrad.functions` under the capitalised name.

    Args:
        func: The function, or an old-style `minigrad.Function`.
        func_expected: Called with an array and ``dtype=``; NumPy's function of the
            same name if omitted.
        label_expected: The label; the function's name if omitted.
        make_data: Called with shape and dtype; returns x, gy and ggx. They are uniform
            in [-1, 1] if it is omitted.
        is_linear: Test the second gradients of the square; needed by nothing any more.
        forward_options: Arguments for `assert_allclose`.
        backward_options: Arguments for `minigrad.gradient_check.check_backward`.
        double_backward_options: Likewise, ``check_double_backward``.

    Returns:
        A decorator for a subclass of ``unittest.TestCase``.

    Raises:
        ValueError: There is nothing to compare with.

    Source: compatible with chainer.testing.unary_math_function_unittest.

    Example:
        >>> import unittest
        >>> @minigrad.testing.unary_math_function_unittest(F.sin)
        ... class TestSin(unittest.TestCase):
        ...     pass
    """
    from minigrad import functions

    old_style = isinstance(func, Function)
    name = type(func).__name__.lower() if old_style else func.__name__
    func_class: Any = (
        type(func) if old_style else getattr(functions, name.capitalize(), None)
    )
    if func_expected is None and not hasattr(numpy, name):
        raise ValueError(f'NumPy has no function {name!r}; pass func_expected')
    if label_expected is None:
        label_expected = name
    elif func_class is None:
        raise ValueError(f'{name} has no class, so label_expected cannot be tested')
    expect = getattr(numpy, name) if func_expected is None else func_expected
    make = _make_data if make_data is None else make_data

    def given(options: dict[str, Any] | None) -> dict[str, Any]:
        return {} if options is None else options

    class Tests:
        dtype: Any
        shape: tuple[int, ...]

        def setUp(self) -> None:
            self.x, self.gy, *ggx = make(self.shape, self.dtype)
            self.ggx = ggx[0] if ggx else None
            tolerance = {'atol': 1e-4, 'rtol': 1e-4}
            forward = _FORWARD.get(self.dtype, tolerance)
            backward = {'dtype': numpy.float64, **_BACKWARD.get(self.dtype, tolerance)}
            self.forward_options = {**forward, **given(forward_options)}
            self.backward_options = {**backward, **given(backward_options)}
            self.double_backward_options = {
                **backward,
                **given(double_backward_options),
            }

        def check_forward(self, x_data: Any) -> None:
            y = func(Variable(x_data))
            if y.dtype != x_data.dtype:
                raise AssertionError(f'{name}: {x_data.dtype} became {y.dtype}')
            expected = expect(backend.to_cpu(x_data), dtype=x_data.dtype)
            assert_allclose(expected, y.array, **self.forward_options)

        def check_backward(self, x_data: Any, y_grad: Any) -> None:
            from minigrad.gradient_check import check_backward

            check_backward(func, x_data, y_grad, **self.backward_options)

        def check_double_backward(self, x_data: Any, y_grad: Any, ggx: Any) -> None:
            from minigrad.gradient_check import check_double_backward

            f = (lambda x: func(x) * func(x)) if is_linear else func
            check_double_backward(
                f, x_data, y_grad, ggx, **self.double_backward_options
            )

        def test_forward_cpu(self) -> None:
            self.check_forward(self.x)

        @attr.gpu
        def test_forward_gpu(self) -> None:
            self.check_forward(_to_gpu(self.x))

        def test_backward_cpu(self) -> None:
            self.check_backward(self.x, self.gy)

        @attr.gpu
        def test_backward_gpu(self) -> None:
            self.check_backward(_to_gpu(self.x), _to_gpu(self.gy))

    def test_double_backward_cpu(self: Any) -> None:
        self.check_double_backward(self.x, self.gy, self.ggx)

    @attr.gpu
    def test_double_backward_gpu(self: Any) -> None:
        arrays = [_to_gpu(a) for a in (self.x, self.gy, self.ggx)]
        self.check_double_backward(*arrays)

    def test_label(self: Any) -> None:
        label = func_class().label
        if label != label_expected:
            raise AssertionError(
                f'{name}: expected label {label_expected}, got {label}'
            )

    methods = {k: v for k, v in vars(Tests).items() if not k.startswith('__')}
    if not old_style:
        methods['test_double_backward_cpu'] = test_double_backward_cpu
        methods['test_double_backward_gpu'] = test_double_backward_gpu
    if func_class is not None:
        methods['test_label'] = test_label

    def decorator(cls: type) -> Any:
        if not issubclass(cls, unittest.TestCase):
            raise TypeError(f'{cls.__name__} is not a unittest.TestCase')
        for key, value in methods.items():
            setattr(cls, key, value)
        dtypes = [numpy.float16, numpy.float32, numpy.float64]
        return parameterize(*product({'shape': [(3, 2), ()], 'dtype': dtypes}))(cls)

    return decorator


def _make_data(shape: tuple[int, ...], dtype: Any) -> tuple[Any, ...]:
    return tuple([numpy.random.uniform(-1, 1, shape).astype(dtype) for _ in range(3)])


def _to_gpu(array: Any) -> Any:
    return backend.GpuDevice.from_device_id(0).send(array)
