"""The engine: order, cost, ownership and freedom of what nobody needs."""

import gc
import itertools
import weakref

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad import FunctionNode, Variable
from minigrad.functions.math.basic_math import Add


def ones(*shape):
    return Variable(np.ones(shape))


@pytest.fixture
def backward_calls(monkeypatch):
    """Counts how often an addition ran backwards."""
    calls = itertools.count()
    backward = Add.backward

    def counted(self, indexes, grad_outputs):
        next(calls)
        return backward(self, indexes, grad_outputs)

    monkeypatch.setattr(Add, 'backward', counted)
    return lambda: next(calls)


def test_deep_chain_runs_each_function_once(backward_calls):
    x, one = ones(1), ones(1)
    y = x
    for _ in range(20_000):
        y = y + one
    y.grad = np.ones(1)
    y.backward()
    assert backward_calls() == 20_000
    assert x.grad == 1
    assert one.grad == 20_000


def test_wide_fan_in_is_summed_in_place(backward_calls):
    x = ones(3)
    total = F.add(*[x + x for _ in range(4_000)])
    total.grad = np.ones(3)
    total.backward()
    assert backward_calls() == 4_000
    np.testing.assert_array_equal(x.grad, np.full(3, 8_000.0))


def test_diamond_ladder_is_linear(backward_calls):
    x = Variable(np.ones(1))
    y = x
    for _ in range(1_000):
        y = (y + y) * 0.5
    y.grad = np.ones(1)
    y.backward()
    assert backward_calls() == 1_000
    np.testing.assert_allclose(x.grad, 1)


def test_graph_is_freed_without_recursion_and_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = ones(1)
        y = x
        for _ in range(20_000):
            y = y + x
        node = weakref.ref(y.node)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_unretained_activation_is_freed():
    x = ones(3)
    h = x + x
    array = weakref.ref(h.array)
    y = h + h  # addition needs none of its inputs
    del h
    assert array() is None
    y.grad = np.ones(3)
    y.backward()
    np.testing.assert_array_equal(x.grad, [4, 4, 4])


def test_retained_activation_lives_as_long_as_the_graph():
    x = ones(3)
    h = x + x
    array = weakref.ref(h.array)
    y = h * h
    del h
    assert array() is not None
    del y
    assert array() is None


def test_graph_kept_by_the_output_alone():
    x = ones(3)
    y = F.exp(x * 2) + 1
    creator = weakref.ref(y.creator)
    del y
    assert creator() is None


class TestLeafGradients:
    """A gradient given to a leaf belongs to that leaf alone."""

    def check(self, *leaves, others=()):
        arrays = [leaf.grad for leaf in leaves] + list(others)
        for a, b in itertools.combinations(arrays, 2):
            assert not np.shares_memory(a, b)
        for array in arrays:
            assert array.flags.writeable

    def test_of_a_sum(self):
        a, b = ones(3), ones(3)
        y = a + b
        y.grad = seed = np.ones(3)
        y.backward()
        self.check(a, b, others=[seed])

    def test_through_a_broadcast(self):
        a = ones(2, 3)
        F.sum(a).backward()
        self.check(a)
        a.grad += 1  # a read-only view would refuse

    def test_through_views(self):
        a, b = ones(2, 3), ones(3, 2)
        y = a.T + b
        y.grad = seed = np.ones((3, 2))
        y.backward()
        self.check(a, b, others=[seed])

    def test_with_retained_intermediates(self):
        a = ones(3)
        h = a + 1
        y = h + 1
        y.grad = np.ones(3)
        y.backward(retain_grad=True)
        assert not np.shares_memory(a.grad, h.grad)

    def test_of_a_constant_that_the_function_keeps(self):
        class Dot(FunctionNode):
            def __init__(self, w):
                self.w = w

            def forward(self, inputs):
                return (inputs[0] * self.w).sum()

            def backward(self, indexes, grad_outputs):
                return Variable(self.w)

        w = np.arange(3.0)
        x = ones(3)
        Dot(w).apply((x,))[0].backward()
        assert not np.shares_memory(x.grad, w)

    def test_set_by_grad(self):
        a, b = ones(3), ones(3)
        minigrad.grad([a + b], [a, b], set_grad=True)
        self.check(a, b)

    def test_with_double_backprop(self):
        a, b = ones(3), ones(3)
        y = a + b
        y.grad = np.ones(3)
        y.backward(enable_double_backprop=True)
        self.check(a, b)
        assert a.grad_var.creator is not None

    def test_a_fresh_gradient_is_not_copied(self):
        made = []

        class Twice(FunctionNode):
            fresh_gradients = True

            def forward(self, inputs):
                return 2 * inputs[0]

            def backward(self, indexes, grad_outputs):
                gx = 2 * grad_outputs[0]
                made.append(gx.array.__array_interface__['data'][0])
                return gx

        x = ones(1000)
        y = Twice().apply((x,))[0]
        y.grad = np.ones(1000)
        y.backward()
        assert made == [x.grad.__array_interface__['data'][0]]


def test_leaf_gradients_accumulate_until_cleared():
    x = Variable(np.array(3.0))
    (x * x).backward()
    first = x.grad
    (x * x).backward()
    assert x.grad == 12
    assert first == 6  # what a user holds stays as it is
    x.cleargrad()
    assert x.grad is None
    (x * x).backward()
    assert x.grad == 6


def test_intermediate_gradients_are_kept_only_on_request():
    x = Variable(np.array(3.0))
    h = x * x
    y = h * 2
    y.backward()
    assert h.grad is None
    y.backward(retain_grad=True)
    assert h.grad == 2
    assert y.grad == 1


def test_gradients_set_on_sibling_outputs_count_once():
    x = Variable(np.arange(3.0))
    ys = F.split_axis(x, [1, 2], 0)
    for i, y in enumerate(ys):
        y.grad = np.full(1, i + 1.0)
    ys[0].backward()
    np.testing.assert_array_equal(x.grad, [1, 2, 3])
    assert all(y.grad is None for y in ys)


def test_backward_of_integers_does_nothing():
    x = Variable(np.eye(3))
    F.argmax(x, axis=0).backward()
    assert x.grad is None


def test_no_gradient_flows_into_what_needs_none():
    x, c = Variable(np.array(3.0)), Variable(np.array(2.0), requires_grad=False)
    (x * c).backward()
    assert x.grad == 2
    assert c.grad is None


def test_third_derivative():
    x = Variable(np.array(2.0))
    y = x**4
    for expected in (32.0, 48.0, 48.0, 24.0):
        (y,) = minigrad.grad([y], [x], enable_double_backprop=True)
        np.testing.assert_allclose(y.array, expected)


def test_loss_scale_multiplies_the_seed():
    x = minigrad.Parameter(np.array(3.0))
    x.cleargrad()
    (x * x).backward(loss_scale=8.0)
    assert x.grad == 48
    assert x._loss_scale == 8.0


def test_backward_of_several_outputs_runs_once(backward_calls):
    x = ones(2)
    h = x + x
    y, z = h * 2, h * 3
    seeds = [ones(2), ones(2)]
    minigrad.backward([y, z], seeds)
    assert backward_calls() == 1
    np.testing.assert_array_equal(x.grad, [10, 10])


def test_backward_of_outputs_without_gradient_warns():
    with pytest.warns(RuntimeWarning, match='no grad'):
        minigrad.backward([ones(2) * 2])


def test_backward_takes_the_gradients_of_its_outputs_away():
    x = ones(2)
    y, z = x * 2, x * 3
    y.grad, z.grad = np.ones(2), np.full(2, 10.0)
    minigrad.backward([y, z])
    np.testing.assert_array_equal(x.grad, [32, 32])
    assert y.grad is None
    assert z.grad is None


def test_an_output_that_stands_twice_counts_once():
    x = ones(2)
    y = x * 2
    y.grad = np.ones(2)
    with pytest.warns(RuntimeWarning, match='stands twice in the list'):
        minigrad.backward([y, y])
    np.testing.assert_array_equal(x.grad, [2, 2])


class TestGrad:
    def test_of_an_intermediate_variable(self):
        x = Variable(np.array(2.0))
        h = x * x
        y = h * h
        gh, gx = minigrad.grad([y], [h, x])
        assert gh.array == 8
        assert gx.array == 32
        assert x.grad is None

    def test_runs_only_what_lies_between(self, backward_calls):
        x, other = ones(1), ones(1)
        side = other
        for _ in range(10):
            side = side + other
        (gx,) = minigrad.grad([x * 2 + side], [x])
        assert gx.array == 2
        assert backward_calls() == 1

    def test_of_an_unrelated_variable_is_none(self):
        x, z = ones(1), ones(1)
        assert minigrad.grad([x * 2], [z]) == [None]

    def test_adds_grad_inputs(self):
        x = Variable(np.array(2.0))
        (gx,) = minigrad.grad([x * x], [x], grad_inputs=[Variable(np.array(5.0))])
        assert gx.array == 9

    def test_uses_grad_outputs(self):
        x = Variable(np.array(2.0))
        (gx,) = minigrad.grad([x * x], [x], grad_outputs=[Variable(np.array(3.0))])
        assert gx.array == 12

    @pytest.mark.parametrize(
        ('arguments', 'error'),
        [
            ({'outputs': 1, 'inputs': []}, TypeError),
            ({'outputs': [], 'inputs': 1}, TypeError),
            ({'outputs': [], 'inputs': [], 'grad_outputs': [None]}, ValueError),
            ({'outputs': [], 'inputs': [], 'grad_inputs': [None]}, ValueError),
        ],
    )
    def test_refuses_what_does_not_fit(self, arguments, error):
        with pytest.raises(error, match='must'):
            minigrad.grad(**arguments)


def test_unchain_backward_frees_the_graph():
    x = ones(1)
    h = x * 2
    y = h * 3
    y.unchain_backward()
    assert y.creator is None
    assert h.creator is None
    y.backward() if y.grad is not None else None
    assert x.grad is None


def test_unchain_stops_the_gradient():
    x = Variable(np.array(2.0))
    h = x * 2
    h.unchain()
    y = h * 3
    y.backward()
    assert h.grad == 3
    assert x.grad is None


class TestErrors:
    def test_backward_without_a_seed(self):
        with pytest.raises(RuntimeError, match=r'shape \(2,\) without grad'):
            (ones(2) * 2).backward()

    def test_one_element_is_no_scalar(self):
        with pytest.warns(DeprecationWarning, match='scalar'):
            (ones(1) * 2).backward()

    def node(self, gradient):
        class Bad(FunctionNode):
            def forward(self, inputs):
                return inputs[0] * 2

            def backward(self, indexes, grad_outputs):
                return gradient

        y = Bad().apply((ones(2),))[0]
        y.grad = np.ones(2)
        return y

    def test_gradient_of_another_shape(self):
        with pytest.raises(
            ValueError, match=r'bad: expected a gradient of shape \(2,\)'
        ):
            self.node(ones(3)).backward()

    def test_gradient_of_another_dtype(self):
        with pytest.raises(TypeError, match='expected a gradient of dtype float64'):
            self.node(Variable(np.ones(2, 'f'))).backward()

    def test_gradient_that_is_no_variable(self):
        with pytest.raises(ValueError, match='expected Variables'):
            self.node(np.ones(2)).backward()

    def test_wrong_number_of_gradients(self):
        with pytest.raises(ValueError, match='one gradient per input'):
            self.node((ones(2), ones(2))).backward()

    def test_exception_in_backward_says_where(self):
        class Bad(FunctionNode):
            def forward(self, inputs):
                return inputs[0] * 2

            def backward(self, indexes, grad_outputs):
                raise KeyError('oops')

        with minigrad.using_config('debug', True):
            y = Bad().apply((Variable(np.array(1.0)),))[0]
        with pytest.raises(KeyError) as caught:
            y.backward()
        notes = '\n'.join(caught.value.__notes__)
        assert 'in the backward of bad' in notes
        assert 'x0  float64 ()' in notes
        assert 'test_backprop.py' in notes

    @pytest.mark.parametrize('gradient', [np.ones(3), np.full(2, np.nan)])
    def test_a_wrong_gradient_says_where_the_function_was_applied(self, gradient):
        with minigrad.using_config('debug', True):
            y = self.node(Variable(gradient))
            with pytest.raises((ValueError, RuntimeError)) as caught:
                y.backward()
        notes = '\n'.join(caught.value.__notes__)
        assert 'in the backward of bad' in notes
        assert 'test_backprop.py' in notes

    def test_nan_in_debug_mode(self):
        with minigrad.using_config('debug', True):
            with (
                pytest.raises(RuntimeError, match='NaN is detected on forward'),
                np.errstate(invalid='ignore'),
            ):
                F.log(Variable(np.array([-1.0])))
            y = self.node(Variable(np.full(2, np.nan)))
            with pytest.raises(RuntimeError, match='NaN is detected on backward'):
                y.backward()

    def test_an_array_that_was_changed_in_place_is_named_in_debug_mode(self):
        array, other = np.ones(2), Variable(np.ones(2))
        with minigrad.using_config('debug', True):
            y = F.sum(Variable(array) * other)
            array += 1
            text = r'mul: lhs, float64 \(2,\), was changed in place between forward'
            with pytest.raises(RuntimeError, match=text) as caught:
                y.backward()
        assert 'test_backprop.py' in '\n'.join(caught.value.__notes__)

    def test_an_output_that_was_changed_in_place(self):
        with minigrad.using_config('debug', True):
            h = F.sigmoid(Variable(np.ones(2)))
            h.array[...] = 0
            with pytest.raises(RuntimeError, match='sigmoid: output 0, float64'):
                F.sum(h).backward()

    def test_a_parameter_may_be_updated_in_between(self):
        with minigrad.using_config('debug', True):
            W = minigrad.Parameter(np.ones((1, 2), 'f'))
            y = F.sum(F.linear(np.ones((3, 2), 'f'), W))
            W.array -= 0.5
            y.backward()
        assert W.grad.tolist() == [[3, 3]]


class TestSeveralOutputs:
    def test_backward_from_one_uses_the_gradients_of_all(self):
        x = minigrad.Variable(np.arange(4, dtype='f'))
        y, z = F.split_axis(x, 2, 0)
        z.grad = np.full(2, 3, 'f')
        y.backward()
        assert x.grad.tolist() == [0, 0, 3, 3]

    def test_backward_from_each_in_turn(self):
        x = minigrad.Variable(np.arange(4, dtype='f'))
        ys = F.split_axis(x, 2, 0)
        for i, y in enumerate(ys):
            y.grad = np.full(2, i + 1, 'f')
        for y in ys:
            y.backward()
        assert x.grad.tolist() == [1, 1, 2, 2]
