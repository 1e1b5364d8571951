"""Arrays changed in place between forward and backward, outside of debug mode."""

import itertools
import warnings

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import _kept_arrays
from minigrad._kept_arrays import watch


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """Lets the watch look at the next graph."""
    monkeypatch.setattr(watch, 'again', 0.0)
    monkeypatch.setattr(watch, 'left', 0)


def scale(array):
    array *= 2


def column(array):
    array[:, 3] = 7


@pytest.mark.parametrize('change', [scale, column])
@pytest.mark.parametrize(
    'make',
    [
        lambda x: x,
        lambda x: np.tile(x, (90, 8)),  # larger than what is compared as a whole
        lambda x: np.tile(x, (90, 8)).T,
        lambda x: np.tile(x, (90, 8))[::2, ::2],
        lambda x: np.tile(x, (90, 8)).astype('f'),
    ],
)
def test_a_change_is_told(make, change):
    x = make(np.random.RandomState(0).rand(64, 5))
    variable = minigrad.Variable(x)
    y = F.sum(F.square(variable))
    change(x)
    with pytest.warns(UserWarning, match='in place') as caught:
        y.backward()
    (warning,) = caught
    name = f'square: x, {x.dtype} {x.shape}, was changed in place between forward'
    assert str(warning.message).startswith(name)
    assert 'hint: make a new array, x = x * 2' in str(warning.message)
    assert warning.filename == __file__  # the line that called backward
    assert variable.grad is not None


def test_outputs_and_arrays_that_are_no_variables():
    W, x = minigrad.Parameter(np.ones((2, 3), 'f')), np.ones((4, 3), 'f')
    y = F.sigmoid(F.linear(x, W))
    x += 1
    y.array[...] = 0
    y.grad = np.ones((4, 2), 'f')
    with pytest.warns(UserWarning, match='in place') as caught:
        y.backward()
    said = [str(warning.message).split(',')[0] for warning in caught]
    assert said == ['sigmoid: output 0', 'linear: x']


@pytest.mark.parametrize('debug', [False, True])
@pytest.mark.parametrize('view', [lambda W: W, F.transpose, lambda W: W[:, :3]])
def test_an_optimizer_may_change_parameters(view, debug):
    W = minigrad.Parameter(np.ones((3, 3), 'f'))
    with minigrad.using_config('debug', debug):
        y = F.sum(F.matmul(np.ones((2, 3), 'f'), view(W)))
        W.array -= 0.5
        y.backward()
    assert W.grad.tolist() == [[2, 2, 2]] * 3


def test_what_is_put_back_is_no_change():
    x = np.ones(3)
    y = F.sum(F.square(minigrad.Variable(x)))
    x += 1
    x -= 1
    y.backward()


def test_debug_mode_that_ends_in_between():
    x = minigrad.Variable(np.ones((500, 50)))
    with minigrad.using_config('debug', True):
        y = F.sum(F.square(x))
    y.backward()
    y = F.sum(F.square(x))
    with minigrad.using_config('debug', True):
        y.backward()


def noted(loss):
    """Counts the functions of a graph that have noted what they keep."""
    found, count = [loss.creator_node], 0
    while found:
        function = found.pop()
        count += bool(function._contents_)
        found += [x.creator_node for x in function.inputs if x.creator_node is not None]
    return count


class TestPauses:
    def graph(self):
        model, x = L.Linear(4, 3), np.ones((2, 4), 'f')
        return F.sum(F.sigmoid(model(x)))

    def test_after_a_backward(self, monkeypatch):
        clock = itertools.count(100.0)  # each look at it takes a second
        monkeypatch.setattr(_kept_arrays, 'perf_counter', lambda: next(clock))
        first = self.graph()
        assert noted(first) == 2
        first.backward()
        assert watch.left == 0
        # Three functions took a second each, and again in backward.
        assert watch.again > 500 * 2 * 3
        assert noted(self.graph()) == 0

    def test_of_a_graph_that_is_never_walked_backwards(self, monkeypatch):
        monkeypatch.setattr(_kept_arrays, '_FUNCTIONS', 3)
        monkeypatch.setattr(_kept_arrays, '_PAUSE', 1e9)
        x = minigrad.Variable(np.ones(3))
        graphs = [F.square(x) for _ in range(9)]
        assert [noted(y) for y in graphs] == [1] * 4 + [0] * 5

    def test_unchained_functions_hold_nothing(self):
        loss = self.graph()
        function = loss.creator_node.inputs[0].creator_node
        assert function._contents_
        loss.unchain_backward()
        assert function._contents_ == ()


def test_a_correct_loop_is_silent():
    model = L.Classifier(L.Linear(4, 3))
    optimizer = minigrad.optimizers.MomentumSGD().setup(model)
    buffer = np.ones((2, 4), 'f')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for i in range(5):
            watch.again = 0.0
            buffer[...] = i  # between backward and forward
            optimizer.update(model, buffer, np.array([0, 1]))
