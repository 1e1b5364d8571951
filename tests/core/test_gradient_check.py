"""The checker itself: it accepts what is right, and refuses what is wrong."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functions as F
from minigrad.gradient_check import (
    NondifferentiableError,
    check_backward,
    check_double_backward,
    numerical_grad,
)


class Cube(mg.FunctionNode):
    """``x ** 3`` with a derivative, and a second one, that may be wrong."""

    def __init__(self, first=3.0, second=1.0):
        self.factors = first, second

    def forward(self, inputs):
        self.retain_inputs((0,))
        return inputs[0] ** 3

    def backward(self, indexes, grad_outputs):
        (x,) = self.get_retained_inputs()
        first, second = self.factors
        # The same value, from which a part does not depend on x.
        square = second * x**2 + (1 - second) * x.array**2
        return first * square * grad_outputs[0]


def cube(first=3.0, second=1.0):
    return lambda x: Cube(first, second).apply((x,))[0]


X, ONES = np.array([0.5, -1.5, 2.0]), np.ones(3)


def test_right_gradients_pass():
    check_backward(cube(), X, ONES)
    check_double_backward(cube(), X, ONES, ONES)


@pytest.mark.parametrize('factor', [2.9, 3.1, -3.0, 0.0])
def test_a_wrong_gradient_is_found(factor):
    with pytest.raises(AssertionError, match='by backpropagation and'):
        check_backward(cube(first=factor), X, ONES)


def test_a_wrong_gradient_of_the_gradient_is_found():
    check_backward(cube(second=0.5), X, ONES)
    with pytest.raises(AssertionError):
        check_double_backward(cube(second=0.5), X, ONES, ONES)


def test_the_gradient_of_a_parameter_is_checked():
    w = mg.Parameter(np.array([1.0, 2.0, 3.0]))
    check_backward(lambda x: x * w, X, ONES, params=w)
    with pytest.raises(AssertionError):
        check_backward(lambda x: x * w + w.array * w, X, ONES, params=w)


def test_an_output_that_does_not_depend_on_an_input():
    def one_of_two(x, unused):
        return x**3

    check_double_backward(one_of_two, (X, X + 1), ONES, (ONES, ONES))


def test_integers_are_left_out():
    t = np.array([0, 1, 1], np.int32)
    check_backward(lambda x, t: x * t.array, (X, t), ONES)


def test_a_kink_is_found():
    with pytest.raises(NondifferentiableError, match='kink or a jump'):
        check_backward(
            F.relu, np.array([1e-4]), np.ones(1), detect_nondifferentiable=True
        )


def test_numerical_grad_restores_its_inputs():
    x = X.copy()
    (gx,) = numerical_grad(lambda: (x**3,), (x,), (ONES,))
    np.testing.assert_array_equal(x, X)
    np.testing.assert_allclose(gx, 3 * X**2, atol=1e-5)


def test_misfits_are_refused():
    with pytest.raises(ValueError, match='as many output gradients'):
        check_backward(cube(), X, (ONES, ONES))
    with pytest.raises(ValueError, match='do not match'):
        check_backward(cube(), X, np.ones(2))
    with pytest.raises(ValueError, match='cannot be omitted'):
        check_backward(cube(), X, None)
    with pytest.raises(ValueError, match='only float'):
        check_backward(cube(), X, ONES, dtype=np.int32)
    with pytest.raises(RuntimeError, match='kind of float'):
        numerical_grad(lambda: (X,), (np.arange(3),), (ONES,))
