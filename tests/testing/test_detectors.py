"""What looks for NaN, kinks and changes in place: what it finds, and what it lets pass."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functions as F
from minigrad._kept_arrays import watch
from minigrad.gradient_check import (
    NondifferentiableError,
    check_backward,
    check_double_backward,
    numerical_grad,
)

# -- kinks and jumps -------------------------------------------------------------------

KINKS = {
    'kink': lambda x: np.abs(x - 1),
    'jump': lambda x: np.sign(x - 1),
    'pole': lambda x: np.where(x == 1, np.inf, x),
    'NaN on one side': lambda x: np.where(x > 1, np.nan, x),
    'kink beside inf': lambda x: np.concatenate([x * np.inf, np.abs(x - 1)]),
    'kink beside NaN': lambda x: np.concatenate([np.abs(x - 1), x * np.nan]),
    'kink in the second element': lambda x: np.concatenate([x, np.abs(x - 1)]),
    'kink on a slope': lambda x: x + np.abs(x - 1),
}
SMOOTH = {
    'line': lambda x: 3 * x,
    'parabola': lambda x: x**2 - x,
    'wave': lambda x: np.sin(3 * x),
    'constant': np.ones_like,
    'inf': lambda x: x * np.inf,
    'NaN': lambda x: x * np.nan,
    'kink elsewhere': lambda x: np.abs(x - 2),
    'no elements': lambda x: x[:0],
}


def differentiate(function, detect):
    x = np.array([1.0])
    numerical_grad(
        lambda: (function(x),), (x,), (1.0,), eps=1e-2, detect_nondifferentiable=detect
    )


@pytest.mark.parametrize('name', KINKS)
def test_where_there_is_no_derivative(name):
    with np.errstate(all='ignore'), pytest.raises(NondifferentiableError):
        differentiate(KINKS[name], detect=True)


@pytest.mark.parametrize('name', SMOOTH)
def test_where_there_is_a_derivative(name):
    with np.errstate(all='ignore'):
        differentiate(SMOOTH[name], detect=True)


@pytest.mark.parametrize('name', KINKS)
def test_kinks_are_looked_for_only_when_asked(name):
    with np.errstate(all='ignore'):
        differentiate(KINKS[name], detect=False)


def test_the_error_tells_where():
    with pytest.raises(NondifferentiableError, match=r'output 0 .* element \(0,\)'):
        differentiate(KINKS['kink'], detect=True)


@pytest.mark.parametrize('second', [False, True])
def test_checks_of_gradients_pass_the_question_on(second):
    def check(**kwargs):
        x, one = np.array([1e-4]), np.ones(1)
        if second:
            check_double_backward(lambda x: F.relu(x) ** 2, x, one, one, **kwargs)
        else:
            check_backward(F.relu, x, one, **kwargs)

    with pytest.raises(AssertionError, match='by backpropagation and'):
        check()  # the step is longer than the way to the kink
    with pytest.raises(NondifferentiableError):
        check(detect_nondifferentiable=True)


# -- NaN -------------------------------------------------------------------------------


class NaN(mg.FunctionNode):
    """The identity, with NaN in one element of the output or of the gradient."""

    def __init__(self, where):
        self.where = where

    def spoil(self, array):
        array = array.copy()
        if array.size:
            array.reshape(-1)[-1] = np.nan
        return array

    def forward(self, inputs):
        return (self.spoil(inputs[0]) if self.where == 'forward' else inputs[0].copy(),)

    def backward(self, indexes, grad_outputs):
        (gy,) = grad_outputs
        return (mg.Variable(self.spoil(gy.array)) if self.where == 'backward' else gy,)


def run(where, debug, dtype='f', size=3):
    x = mg.Variable(np.ones(size, dtype))
    with mg.using_config('debug', debug):
        (y,) = NaN(where).apply((x,))
        y.grad = np.ones_like(y.array)
        y.backward()


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize('size', [1, 3, 1000])
@pytest.mark.parametrize('where', ['forward', 'backward'])
def test_nan_is_found_in_debug_mode(where, size, dtype):
    with pytest.raises(RuntimeError, match=f'NaN is detected on {where}'):
        run(where, debug=True, dtype=dtype, size=size)


@pytest.mark.parametrize('where', ['forward', 'backward'])
def test_nan_is_not_looked_for_otherwise(where):
    run(where, debug=False)


@pytest.mark.parametrize('where', ['nowhere', 'forward', 'backward'])
def test_no_elements_hold_no_nan(where):
    run(where, debug=True, size=0)


def test_infinities_and_integers_are_no_nan():
    with mg.using_config('debug', True):
        F.exp(np.array([np.inf, -np.inf]))
        F.identity(mg.Variable(np.array([1, 2])))
    assert not mg.backend.contains_nan(np.array([np.inf, -np.inf, 0.0]))
    assert not mg.backend.contains_nan(np.array([1, 2]))
    assert mg.backend.contains_nan(np.array([0.0, np.nan]))


# -- changes in place ------------------------------------------------------------------


def square(x):
    return F.square(x)  # keeps its input


def exponential(x):
    return F.exp(x)  # keeps its output


CHANGES = {
    'input': (square, lambda x, y: np.copyto(x.array, 5)),
    'one element of the input': (square, lambda x, y: x.array.__setitem__(1, 5)),
    'sign of a zero': (square, lambda x, y: x.array.__setitem__(0, -0.0)),
    'output': (exponential, lambda x, y: np.copyto(y.array, 5)),
}
HARMLESS = {
    'nothing': (square, lambda x, y: None),
    'output that is not kept': (square, lambda x, y: np.copyto(y.array, 5)),
    'input that is not kept': (exponential, lambda x, y: np.copyto(x.array, 5)),
    'the same numbers': (square, lambda x, y: np.copyto(x.array, x.array.copy())),
    'another array': (square, lambda x, y: setattr(x, 'array', x.array + 1)),
}


def change(function, changes, debug):
    with mg.using_config('debug', debug):
        x = mg.Variable(np.arange(3.0))
        y = function(x)
        changes(x, y)
        y.grad = np.ones(3)
        y.backward()
    return x.grad


@pytest.mark.parametrize('name', CHANGES)
def test_a_change_in_place_is_found_in_debug_mode(name):
    with pytest.raises(RuntimeError, match='was changed in place'):
        change(*CHANGES[name], debug=True)


@pytest.mark.parametrize('name', CHANGES)
def test_a_change_in_place_is_a_warning_otherwise(name, monkeypatch):
    monkeypatch.setattr(watch, 'again', 0.0)  # else only now and then
    with pytest.warns(UserWarning, match='was changed in place'):
        change(*CHANGES[name], debug=False)


@pytest.mark.parametrize('name', HARMLESS)
def test_what_does_no_harm_passes(name):
    function, _ = HARMLESS[name]
    x = np.arange(3.0)
    np.testing.assert_allclose(
        change(*HARMLESS[name], debug=True),
        2 * x if function is square else np.exp(x),
    )
