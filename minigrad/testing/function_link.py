"""Base classes that test a function or a link: values, gradients, initializers."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from minigrad import backend, initializers
from minigrad.initializer import Initializer
from minigrad.link import Link
from minigrad.testing.array import _as_noncontiguous_array, assert_allclose
from minigrad.testing.backend import BackendConfig
from minigrad.types import Array
from minigrad.variable import Variable


class FunctionTestError(AssertionError):
    """Raised when the function under test is wrong."""


class LinkTestError(AssertionError):
    """Raised when the link under test is wrong."""


class InitializerArgument:
    """An initializer as a link takes it, and the one that it must then use.

    For `LinkInitializersTestCase.get_initializers`, where the two differ: None often
    means a default.

    Args:
        argument_value: What the link's constructor gets.
        expected_initializer: What must fill the parameter.

    Raises:
        ValueError: The expected initializer is None.

    Source: compatible with chainer.testing.InitializerArgument.

    Example:
        >>> bias = minigrad.testing.InitializerArgument(None, 0)
    """

    def __init__(self, argument_value: Any, expected_initializer: Any) -> None:
        _check_initializer(expected_initializer)
        self.argument_value = argument_value
        self.expected_initializer = expected_initializer


class _TestBase:
    """What tests of functions and of links have in common."""

    backend_config: BackendConfig | None = None
    test_name: str | None = None
    contiguous: str | None = None
    skip_forward_test = False
    skip_backward_test = False
    dodge_nondifferentiable = False
    numerical_grad_dtype: Any = numpy.float64

    _error_: type[AssertionError] = FunctionTestError

    def before_test(self, test_name: str) -> None:
        """Called before each test; may raise ``unittest.SkipTest``."""

    def generate_inputs(self) -> tuple[Array, ...]:
        """Returns the input arrays, NumPy's. To be overridden."""
        raise NotImplementedError('generate_inputs() is not implemented.')

    def generate_grad_outputs(self, outputs_template: Any) -> tuple[Array, ...]:
        """Returns gradients of outputs like these; random if not overridden."""
        return _random_like(outputs_template)

    def _begin_(
        self, test_name: str, skip: bool, backend_config: BackendConfig
    ) -> None:
        if skip:
            raise unittest.SkipTest(
                f'skip_{test_name.removeprefix("test_")}_test is set'
            )
        self.backend_config = backend_config
        self.test_name = test_name
        self.before_test(test_name)

    def _generate_(self, name: str, *args: Any) -> tuple[Array, ...]:
        return _check_arrays(getattr(self, name)(*args), name)

    def _arrange_(self, arrays: Any) -> Any:
        if self.contiguous is None:
            return _as_noncontiguous_array(arrays)
        if self.contiguous == 'C':
            return arrays
        raise ValueError(f"contiguous must be None or 'C', got {self.contiguous!r}")

    def _check_outputs_(self, outputs: Any, device: backend.Device) -> Any:
        if not isinstance(outputs, tuple) or not all(
            isinstance(y, Variable) for y in outputs
        ):
            raise self._error_(
                f'forward() must return a tuple of Variables, got {outputs}'
            )
        for y in outputs:
            if not isinstance(y.array, device.supported_array_types):
                raise self._error_(
                    f'forward() on {device} returned a Variable of {type(y.array)}'
                )
        return outputs

    def _check_gradients_(self, check: Callable[[], None], what: str) -> None:
        from minigrad import gradient_check

        while True:
            try:
                check()
            except gradient_check.NondifferentiableError:
                if not self.dodge_nondifferentiable:
                    raise
            except AssertionError as error:
                raise self._error_(f'{what} is not implemented correctly') from error
            else:
                return


class FunctionTestBase(_TestBase):
    """The tests of `FunctionTestCase`, to be called with any ``BackendConfig``."""

    skip_double_backward_test = False
    check_forward_options: dict[str, Any]
    check_backward_options: dict[str, Any]
    check_double_backward_options: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check_forward_options = {}
        self.check_backward_options = {}
        self.check_double_backward_options = {}

    def forward(self, inputs: Any, device: backend.Device) -> Any:
        """Applies the function under test. To be overridden."""
        raise NotImplementedError('forward() is not implemented.')

    def forward_expected(self, inputs: Any) -> Any:
        """Computes what ``forward`` must return. To be overridden."""
        raise NotImplementedError('forward_expected() is not implemented.')

    def generate_grad_grad_inputs(self, inputs_template: Any) -> tuple[Array, ...]:
        """Returns second gradients of inputs like these; random if not overridden."""
        return _random_like(inputs_template)

    def check_forward_outputs(self, outputs: Any, expected_outputs: Any) -> None:
        """Raises `FunctionTestError` if the outputs differ."""
        _check_equal(
            outputs, expected_outputs, self._error_, self.check_forward_options
        )

    def _forward_(self, inputs: Any, backend_config: BackendConfig) -> Any:
        with backend_config:
            outputs = self.forward(inputs, backend_config.device)
        return self._check_outputs_(outputs, backend_config.device)

    def run_test_forward(self, backend_config: BackendConfig) -> None:
        """Compares the outputs, and the inputs before and after."""
        self._begin_('test_forward', self.skip_forward_test, backend_config)
        cpu_inputs = self._arrange_(self._generate_('generate_inputs'))
        before = [x.copy() for x in cpu_inputs]
        expected = self._generate_('forward_expected', cpu_inputs)
        inputs = self._arrange_(backend_config.get_array(cpu_inputs))
        xs = tuple([Variable(x, requires_grad=x.dtype.kind == 'f') for x in inputs])
        outputs = self._forward_(xs, backend_config)
        for i, x in enumerate(inputs):
            if not _same(before[i], backend.to_cpu(x)):
                raise self._error_(
                    f'forward changed input {i}\nbefore:\n{before[i]}\nafter:\n{x}'
                )
        self.check_forward_outputs(tuple([y.array for y in outputs]), expected)

    def run_test_backward(self, backend_config: BackendConfig) -> None:
        """Compares the gradients with numerical ones."""
        from minigrad.gradient_check import check_backward

        self._begin_('test_backward', self.skip_backward_test, backend_config)

        def check() -> None:
            inputs = self._generate_('generate_inputs')
            outputs = self._generate_('forward_expected', inputs)
            grad_outputs = self._generate_('generate_grad_outputs', outputs)
            check_backward(
                lambda *xs: self._forward_(xs, backend_config),
                self._arrange_(backend_config.get_array(inputs)),
                self._arrange_(backend_config.get_array(grad_outputs)),
                dtype=self.numerical_grad_dtype,
                detect_nondifferentiable=self.dodge_nondifferentiable,
                **self.check_backward_options,
            )

        self._check_gradients_(check, 'backward')

    def run_test_double_backward(self, backend_config: BackendConfig) -> None:
        """Compares the gradients of the gradients with numerical ones."""
        from minigrad.gradient_check import check_double_backward

        skip = self.skip_double_backward_test
        self._begin_('test_double_backward', skip, backend_config)

        def check() -> None:
            inputs = self._generate_('generate_inputs')
            outputs = self._generate_('forward_expected', inputs)
            grad_outputs = self._generate_('generate_grad_outputs', outputs)
            ggxs = self._generate_('generate_grad_grad_inputs', inputs)
            ggxs = tuple([g for g in ggxs if g is None or g.dtype.kind == 'f'])
            with backend_config:
                check_double_backward(
                    lambda *xs: self._forward_(xs, backend_config),
                    self._arrange_(backend_config.get_array(inputs)),
                    self._arrange_(backend_config.get_array(grad_outputs)),
                    self._arrange_(backend_config.get_array(ggxs)),
                    dtype=self.numerical_grad_dtype,
                    detect_nondifferentiable=self.dodge_nondifferentiable,
                    **self.check_double_backward_options,
                )

        self._check_gradients_(check, 'double backward')


class FunctionTestCase(FunctionTestBase, unittest.TestCase):
    """Tests the values, gradients and second gradients of a function.

    A subclass overrides ``generate_inputs()``, ``forward(inputs, device)``, with
    Variables, and ``forward_expected(inputs)``, with NumPy arrays; all three give
    tuples. It may override ``before_test(test_name)``,
    ``generate_grad_outputs(outputs)``, ``generate_grad_grad_inputs(inputs)`` and
    ``check_forward_outputs(outputs, expected)``. It is decorated with
    `inject_backend_tests`.

    Attributes:
        skip_forward_test: Do not test the values.
        skip_backward_test: Do not test the gradients.
        skip_double_backward_test: Do not test the second gradients.
        dodge_nondifferentiable: Draw new inputs when they hit a kink.
        numerical_grad_dtype: Dtype of numerical gradients, float64 by default.
        contiguous: ``'C'`` for contiguous arrays; None for arrays with gaps.
        check_forward_options: Arguments for `assert_allclose`.
        check_backward_options: Arguments for `minigrad.gradient_check.check_backward`.
        check_double_backward_options: Likewise, ``check_double_backward``.
        test_name: The test that is running.
        backend_config: Its `BackendConfig`.

    Source: compatible with chainer.testing.FunctionTestCase.

    Example:
        >>> @minigrad.testing.inject_backend_tests(None, [{}, {'use_cuda': True}])
        ... class TestExp(minigrad.testing.FunctionTestCase):
        ...     def generate_inputs(self):
        ...         return (np.random.uniform(-1, 1, (2, 3)).astype('f'),)
        ...
        ...     def forward(self, inputs, device):
        ...         return (F.exp(inputs[0]),)
        ...
        ...     def forward_expected(self, inputs):
        ...         return (np.exp(inputs[0]),)
    """

    def test_forward(self, backend_config: BackendConfig) -> None:
        """Compares the outputs."""
        self.run_test_forward(backend_config)

    def test_backward(self, backend_config: BackendConfig) -> None:
        """Compares the gradients."""
        self.run_test_backward(backend_config)

    def test_double_backward(self, backend_config: BackendConfig) -> None:
        """Compares the second gradients."""
        self.run_test_double_backward(backend_config)


class _LinkTestBase(_TestBase):
    """Makes links and lets them initialise their parameters."""

    param_names: tuple[str, ...] = ()
    _error_ = LinkTestError

    def generate_params(self) -> Any:
        """Returns an initializer for each parameter. To be overridden."""
        raise NotImplementedError('generate_params is not implemented.')

    def create_link(self, initializers: Any) -> Link:
        """Returns a link with these initializers. To be overridden."""
        raise NotImplementedError('create_link is not implemented.')

    def forward(self, link: Link, inputs: Any, device: backend.Device) -> Any:
        """Applies the link; returns a tuple."""
        outputs = link(*inputs)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    def _generate_params(self) -> list[Any]:
        params = self.generate_params()
        if not isinstance(params, tuple | list):
            raise TypeError(
                f'generate_params() must return a tuple, got {type(params)}'
            )
        for param in params:
            _check_initializer(param)
        return list(params)

    def _create_link(self, inits: Sequence[Any], backend_config: BackendConfig) -> Link:
        arguments = [
            i.argument_value if isinstance(i, InitializerArgument) else i for i in inits
        ]
        link = self.create_link(arguments)
        if not isinstance(link, Link):
            raise ValueError(f'create_link() must return a Link, got {type(link)}')
        return link.to_device(backend_config.device)

    def _forward_(self, link: Link, inputs: Any, backend_config: BackendConfig) -> Any:
        with backend_config:
            outputs = self.forward(link, inputs, backend_config.device)
        return self._check_outputs_(outputs, backend_config.device)

    def _initialized_link_(
        self, inits: Sequence[Any], backend_config: BackendConfig
    ) -> tuple[Link, Any, Any]:
        link = self._create_link(inits, backend_config)
        inputs = self._generate_('generate_inputs')
        inputs = self._arrange_(backend_config.get_array(inputs))
        xs = tuple([Variable(x) for x in inputs])
        outputs = self._forward_(link, xs, backend_config)
        link.cleargrads()
        return link, inputs, [y.array for y in outputs]

    def _param_(self, link: Link, name: str) -> Any:
        param = getattr(link, name, None)
        if param is None:
            raise LinkTestError(f'{type(link).__name__} has no parameter {name!r}')
        return param


class LinkTestCase(_LinkTestBase, unittest.TestCase):
    """Tests the values and gradients of a link.

    A subclass overrides ``generate_params()``, which gives an initializer for each
    parameter, ``create_link(initializers)``, ``generate_inputs()`` and
    ``forward_expected(link, inputs)``, with NumPy arrays, and names its parameters in
    ``param_names``. It may override ``forward(link, inputs, device)``,
    ``before_test(test_name)``, ``generate_grad_outputs(outputs)`` and
    ``check_forward_outputs(outputs, expected)``. It is decorated with
    `inject_backend_tests`.

    Attributes:
        param_names: Names of the parameters.
        skip_forward_test: Do not test the values.
        skip_backward_test: Do not test the gradients.
        dodge_nondifferentiable: Draw new inputs when they hit a kink.
        numerical_grad_dtype: Dtype of numerical gradients, float64 by default.
        contiguous: ``'C'`` for contiguous arrays; None for arrays with gaps.
        check_forward_options: Arguments for `assert_allclose`.
        check_backward_options: Arguments for `minigrad.gradient_check.check_backward`.

    Source: compatible with chainer.testing.LinkTestCase.

    Example:
        >>> @minigrad.testing.inject_backend_tests(None, [{}])
        ... class TestLinear(minigrad.testing.LinkTestCase):
        ...     param_names = ('W', 'b')
        ...
        ...     def generate_params(self):
        ...         return np.random.randn(3, 2).astype('f'), np.random.randn(3).astype('f')
        ...
        ...     def generate_inputs(self):
        ...         return (np.random.randn(4, 2).astype('f'),)
        ...
        ...     def create_link(self, initializers):
        ...         W, b = initializers
        ...         return L.Linear(2, 3, initialW=W, initial_bias=b)
        ...
        ...     def forward_expected(self, link, inputs):
        ...         return (inputs[0] @ link.W.array.T + link.b.array,)
    """

    check_forward_options: dict[str, Any]
    check_backward_options: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.check_forward_options = {}
        self.check_backward_options = {}
        super().__init__(*args, **kwargs)

    def forward_expected(self, link: Link, inputs: Any) -> Any:
        """Computes what ``forward`` must return. To be overridden."""
        raise NotImplementedError('forward_expected() is not implemented.')

    def check_forward_outputs(self, outputs: Any, expected_outputs: Any) -> None:
        """Raises `LinkTestError` if the outputs differ."""
        _check_equal(
            outputs, expected_outputs, self._error_, self.check_forward_options
        )

    def test_forward(self, backend_config: BackendConfig) -> None:
        """Compares the outputs."""
        self._begin_('test_forward', self.skip_forward_test, backend_config)
        link = self._create_link(self._generate_params(), backend_config)
        cpu_inputs = self._generate_('generate_inputs')
        inputs = self._arrange_(backend_config.get_array(cpu_inputs))
        xs = tuple([Variable(x) for x in inputs])
        outputs = self._forward_(link, xs, backend_config)
        link.to_device(backend.CpuDevice())
        expected = self._generate_('forward_expected', link, cpu_inputs)
        self.check_forward_outputs(tuple([y.array for y in outputs]), expected)

    def test_backward(self, backend_config: BackendConfig) -> None:
        """Compares the gradients of inputs and parameters with numerical ones."""
        from minigrad.gradient_check import check_backward

        self._begin_('test_backward', self.skip_backward_test, backend_config)

        def check() -> None:
            inits = self._generate_params()
            link, inputs, outputs = self._initialized_link_(inits, backend_config)
            params = tuple(
                [self._param_(link, name).array for name in self.param_names]
            )
            outputs = [backend.to_cpu(y) for y in outputs]
            grad_outputs = self._generate_('generate_grad_outputs', outputs)
            used, _, _ = self._initialized_link_(inits, backend_config)

            def forward(*args: Variable) -> Any:
                # The parameters are variables here, like the inputs.
                for name, param in zip(self.param_names, args[n:], strict=True):
                    used.__dict__[name] = param
                return self._forward_(used, args[:n], backend_config)

            n = len(inputs)
            check_backward(
                forward,
                (*inputs, *self._arrange_(params)),
                self._arrange_(backend_config.get_array(grad_outputs)),
                dtype=self.numerical_grad_dtype,
                detect_nondifferentiable=self.dodge_nondifferentiable,
                **self.check_backward_options,
            )

        self._check_gradients_(check, 'backward')


class LinkInitializersTestCase(_LinkTestBase, unittest.TestCase):
    """Tests which initializers a link takes and what it does with them.

    A subclass overrides ``generate_params``, ``create_link``, ``generate_inputs`` and
    ``param_names`` as in `LinkTestCase`, and ``get_initializers()``, which gives for
    each parameter a list of deterministic initializers to try, some perhaps as
    `InitializerArgument`. It is decorated with `inject_backend_tests`.

    Attributes:
        param_names: Names of the parameters.
        check_initializers_options: Arguments for `assert_allclose`.

    Source: compatible with chainer.testing.LinkInitializersTestCase.

    Example:
        >>> @minigrad.testing.inject_backend_tests(None, [{}])
        ... class TestBias(minigrad.testing.LinkInitializersTestCase):
        ...     param_names = ('b',)
        ...
        ...     def generate_params(self):
        ...         return (np.random.randn(3).astype('f'),)
        ...
        ...     def generate_inputs(self):
        ...         return (np.random.randn(4, 2).astype('f'),)
        ...
        ...     def create_link(self, initializers):
        ...         return L.Linear(2, 3, initial_bias=initializers[0])
        ...
        ...     def get_initializers(self):
        ...         return ([2, minigrad.testing.InitializerArgument(None, 0)],)
    """

    check_initializers_options: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.check_initializers_options = {}
        super().__init__(*args, **kwargs)

    def get_initializers(self) -> Any:
        """Returns a list of initializers per parameter. To be overridden."""
        raise NotImplementedError('get_initializers is not implemented.')

    def test_initializers(self, backend_config: BackendConfig) -> None:
        """Compares each parameter with what its initializer makes."""
        self._begin_('test_initializers', False, backend_config)
        choices = self.get_initializers()
        if not isinstance(choices, tuple | list) or not all(
            isinstance(choice, tuple | list) for choice in choices
        ):
            raise TypeError('get_initializers must return a tuple or list of lists')
        for i, choice in enumerate(choices):
            inits = self._generate_params()
            for init in choice:
                _check_initializer(init)
                inits[i] = init
                self._check_initialized_(i, inits, backend_config)

    def _check_initialized_(
        self, i: int, inits: list[Any], backend_config: BackendConfig
    ) -> None:
        link, _, _ = self._initialized_link_(inits, backend_config)
        param = backend.to_cpu(self._param_(link, self.param_names[i]).array)
        init = inits[i]
        if isinstance(init, InitializerArgument):
            init = init.expected_initializer
        if not isinstance(init, Initializer):
            init = initializers._get_initializer(init)
        expected = numpy.empty_like(param)
        init(expected)
        _check_equal(
            (param,), (expected,), self._error_, self.check_initializers_options
        )


def _check_initializer(init: Any) -> None:
    if isinstance(init, InitializerArgument):
        return
    if init is None:
        raise ValueError(
            'an initializer must not be None; say what it stands for with'
            ' InitializerArgument(None, initializer)'
        )
    if not (callable(init) or numpy.isscalar(init) or backend.is_array(init)):
        raise TypeError(
            f'expected an initializer, an array or a scalar, got {type(init).__name__}'
        )


def _random_like(arrays: Any) -> tuple[Array, ...]:
    return tuple([numpy.random.uniform(-1, 1, a.shape).astype(a.dtype) for a in arrays])


def _check_arrays(arrays: Any, name: str) -> tuple[Array, ...]:
    if not isinstance(arrays, tuple):
        raise TypeError(f'{name}() must return a tuple, got {type(arrays).__name__}')
    for a in arrays:
        if a is not None and not isinstance(a, numpy.ndarray):
            raise TypeError(
                f'{name}() must return a tuple of numpy arrays or None, got one with'
                f' {type(a).__name__}'
            )
    return arrays


def _same(x: Array, y: Array) -> bool:
    return x.dtype == y.dtype and numpy.array_equal(
        x, y, equal_nan=x.dtype.kind in 'fc'
    )


def _describe(arrays: Any) -> str:
    return ', '.join(f'{a.dtype} {a.shape}' for a in arrays)


def _check_equal(
    actual: Any, expected: Any, error: type[AssertionError], options: dict[str, Any]
) -> None:
    shapes = f'expected: {_describe(expected)}\nactual:   {_describe(actual)}'
    if len(actual) != len(expected):
        raise error(f'{len(expected)} outputs expected, got {len(actual)}\n{shapes}')
    for y, e in zip(actual, expected, strict=True):
        if y.shape != e.shape or y.dtype != e.dtype:
            raise error(f'shapes or dtypes differ\n{shapes}')
    for i, (y, e) in enumerate(zip(actual, expected, strict=True)):
        try:
            assert_allclose(y, e, **options)
        except AssertionError as cause:
            raise error(f'output {i} differs from its expectation\n{shapes}') from cause
