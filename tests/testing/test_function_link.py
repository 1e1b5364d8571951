"""FunctionTestCase, LinkTestCase, LinkInitializersTestCase, unary functions."""

import unittest

import numpy as np
import pytest

import minigrad.functions as F
from minigrad import initializers, testing
from minigrad.function_node import FunctionNode
from minigrad.functions.math.basic_math import add
from minigrad.links.connection.linear import Linear
from minigrad.testing import InitializerArgument


class MulTanh(FunctionNode):
    """x0 * tanh(x1), with a mistake of one's choice."""

    def __init__(self, mistake=None):
        self.mistake = mistake

    def forward(self, inputs):
        self.retain_inputs((0, 1))
        x0, x1 = inputs
        if self.mistake == 'modifies':
            x0[...] = 7
        y = x0 * np.tanh(x1)
        if self.mistake == 'value':
            y = y + x0.dtype.type(0.5)
        if self.mistake == 'dtype':
            y = y.astype(np.float64)
        return (y,)

    def backward(self, indexes, grad_outputs):
        (gy,) = grad_outputs
        x0, x1 = self.get_retained_inputs()
        y1 = F.tanh(x1)
        if self.mistake == 'double':
            y1 = F.tanh(x1.array)
        gx0, gx1 = gy * y1, gy * x0 * (1 - y1 * y1)
        return gx0, gx1 * 2 if self.mistake == 'gradient' else gx1


class MulTanhCase:
    dtype = np.float32
    mistake = None

    def setUp(self):
        if self.dtype == np.float16:
            tolerance = {'atol': 1e-2, 'rtol': 1e-2}
            self.check_forward_options.update(tolerance)
            self.check_backward_options.update(tolerance)
            self.check_double_backward_options.update(tolerance)

    def generate_inputs(self):
        x0, x1 = np.random.uniform(-1, 1, (2, 3, 4)).astype(self.dtype)
        return x0, x1

    def forward(self, inputs, device):
        return MulTanh(self.mistake).apply(inputs)

    def forward_expected(self, inputs):
        x0, x1 = inputs
        return (x0 * np.tanh(x1),)


@testing.parameterize(
    *testing.product(
        {'dtype': [np.float16, np.float32, np.float64], 'contiguous': [None, 'C']}
    )
)
@testing.fix_random()
@testing.inject_backend_tests(None, [{}, {'use_cuda': True}])
class TestMulTanh(MulTanhCase, testing.FunctionTestCase):
    pass


MUL_TANH = MulTanhCase, testing.FunctionTestCase


def run_tests(base, scratch, **attributes):
    """Returns the names and texts of the tests that fail for a variant of a case."""
    attributes['__module__'] = 'scratch'
    bases = base if isinstance(base, tuple) else (base,)
    cls = type('Test', bases, attributes)
    testing.inject_backend_tests(None, [{}])(testing.fix_random()(cls))
    result = scratch.run()
    failures = result.failures + result.errors
    return result, {test._testMethodName: text for test, text in failures}


@pytest.mark.parametrize(
    ('mistake', 'failing', 'text'),
    [
        ('modifies', 'test_forward', 'forward changed input 0'),
        ('value', 'test_forward', 'output 0 differs from its expectation'),
        ('dtype', 'test_forward', 'actual:   float64 (3, 4)'),
        ('gradient', 'test_backward', 'backward is not implemented correctly'),
        ('double', 'test_double_backward', 'double backward is not implemented'),
    ],
)
def test_mistakes_are_found(scratch, mistake, failing, text):
    _, failures = run_tests(MUL_TANH, scratch, mistake=mistake)
    assert failing in failures
    assert text in failures[failing]
    assert 'FunctionTestError' in failures[failing]


def test_skips_and_callback(scratch):
    seen = []

    def before_test(self, name):
        seen.append((name, self.test_name, self.backend_config.xp))
        raise unittest.SkipTest('enough')

    result, _ = run_tests(
        MUL_TANH, scratch, skip_backward_test=True, before_test=before_test
    )
    reasons = sorted(reason for _, reason in result.skipped)
    assert reasons == ['enough', 'enough', 'skip_backward_test is set']
    assert ('test_forward', 'test_forward', np) in seen


@pytest.mark.parametrize(
    ('attributes', 'text'),
    [
        (
            {'generate_inputs': lambda self: np.ones(2)},
            'generate_inputs() must return a',
        ),
        (
            {'generate_inputs': lambda self: (3,)},
            'numpy arrays or None, got one with int',
        ),
        (
            {'forward': lambda self, xs, d: xs[0]},
            'forward() must return a tuple of Var',
        ),
        ({'contiguous': 'F'}, "contiguous must be None or 'C', got 'F'"),
        (
            {'forward': lambda self, xs, d: (xs[0], xs[0])},
            '1 outputs expected, got 2',
        ),
    ],
)
def test_wrong_test_cases(scratch, attributes, text):
    _, failures = run_tests(MUL_TANH, scratch, **attributes)
    assert text in failures['test_forward']


def test_unimplemented(scratch):
    _, failures = run_tests(testing.FunctionTestCase, scratch)
    assert len(failures) == 3
    assert 'generate_inputs() is not implemented' in failures['test_forward']


def test_kinks_are_dodged(scratch):
    draws = iter([0.0, 0.0, 1.0])

    def generate_inputs(self):
        return (np.full((2, 2), next(draws), np.float32),)

    _, failures = run_tests(
        testing.FunctionTestCase,
        scratch,
        generate_inputs=generate_inputs,
        forward=lambda self, xs, device: (F.relu(xs[0]),),
        forward_expected=lambda self, xs: (xs[0].clip(0),),
        dodge_nondifferentiable=True,
        skip_forward_test=True,
        skip_double_backward_test=True,
    )
    assert failures == {}
    assert next(draws, None) is None


class LinearBase:
    param_names = ('W', 'b')

    def generate_params(self):
        W = np.random.uniform(-1, 1, (3, 2)).astype(np.float32)
        b = np.random.uniform(-1, 1, 3).astype(np.float32)
        return W, b

    def generate_inputs(self):
        return (np.random.uniform(-1, 1, (4, 2)).astype(np.float32),)

    def create_link(self, initializers):
        W, b = initializers
        return Linear(None, 3, initialW=W, initial_bias=b)


class LinearCase(LinearBase):
    def forward_expected(self, link, inputs):
        return (inputs[0] @ link.W.array.T + link.b.array,)


class InitializersCase(LinearBase):
    def get_initializers(self):
        W = [initializers.Constant(1), 2]
        return W, [initializers.Constant(2), 3, InitializerArgument(None, 0)]


@testing.fix_random()
@testing.inject_backend_tests(None, [{}, {'use_cuda': True}])
class TestLinear(LinearCase, testing.LinkTestCase):
    pass


@testing.inject_backend_tests(None, [{}, {'use_cuda': True}])
class TestLinearInitializers(InitializersCase, testing.LinkInitializersTestCase):
    pass


class WrongLinear(Linear):
    def forward(self, x):
        # The gradient of b is lost.
        return add(F.linear(x, self.W), F.broadcast_to(self.b.array, (4, 3)))


@pytest.mark.parametrize(
    ('attributes', 'failing', 'text'),
    [
        (
            {'create_link': lambda self, i: WrongLinear(2, 3, False, *i)},
            'test_backward',
            'backward is not implemented correctly',
        ),
        (
            {'forward_expected': lambda self, link, xs: (xs[0] @ link.W.array.T,)},
            'test_forward',
            'output 0 differs',
        ),
        ({'param_names': ('W', 'c')}, 'test_backward', "has no parameter 'c'"),
        ({'create_link': lambda self, i: 3}, 'test_forward', 'must return a Link'),
        ({'generate_params': lambda self: 3}, 'test_forward', 'must return a tuple'),
        ({'generate_params': lambda self: ('x', {})}, 'test_forward', 'got dict'),
    ],
)
def test_mistakes_of_links(scratch, attributes, failing, text):
    bases = LinearCase, testing.LinkTestCase
    _, failures = run_tests(bases, scratch, **attributes)
    assert text in failures[failing]


@pytest.mark.parametrize(
    ('choices', 'text'),
    [
        (([1], [InitializerArgument(None, 1)]), 'LinkTestError'),
        (([None], [0]), 'InitializerArgument(None, initializer)'),
        ((1, 2), 'get_initializers must return a tuple or list of lists'),
    ],
)
def test_mistakes_of_initializers(scratch, choices, text):
    bases = InitializersCase, testing.LinkInitializersTestCase
    _, failures = run_tests(bases, scratch, get_initializers=lambda self: choices)
    assert text in failures['test_initializers']


def test_initializer_argument_errors():
    with pytest.raises(ValueError, match='must not be None'):
        InitializerArgument(0, None)


def make_positive(shape, dtype):
    x = np.random.uniform(0.5, 1, shape).astype(dtype)
    gy = np.random.uniform(-1, 1, shape).astype(dtype)
    ggx = np.random.uniform(-1, 1, shape).astype(dtype)
    return x, gy, ggx


@testing.unary_math_function_unittest(F.sin)
class TestSin(unittest.TestCase):
    pass


@testing.unary_math_function_unittest(
    F.sqrt, make_data=make_positive, backward_options={'eps': 1e-3}
)
class TestSqrt(unittest.TestCase):
    pass


def test_unary_function_errors():
    def nothing_in_numpy(x):
        return x

    with pytest.raises(
        ValueError, match="no function 'nothing_in_numpy'; pass func_ex"
    ):
        testing.unary_math_function_unittest(nothing_in_numpy)
    with pytest.raises(ValueError, match='has no class'):
        testing.unary_math_function_unittest(
            nothing_in_numpy, func_expected=abs, label_expected='nothing'
        )
    with pytest.raises(TypeError, match=r'is not a unittest.TestCase'):
        testing.unary_math_function_unittest(F.sin)(int)


def test_unary_function_with_a_mistake(scratch):
    def sin(x):
        return F.sin(x) * 2

    class Test(unittest.TestCase):
        __module__ = 'scratch'

    testing.unary_math_function_unittest(sin)(Test)
    result = scratch.run()
    assert {t._testMethodName for t, _ in result.failures} == {'test_forward_cpu'}
    assert len(result.failures) == 6
