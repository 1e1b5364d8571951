"""When gradients are called final, against the order in which functions run."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L


def told(run, **names):
    """Runs; returns the names and the gradients that the hook was told, in order."""
    seen = []

    def note(variable):
        name = next(n for n, v in names.items() if v is variable)
        seen.append((name, variable.grad.copy()))

    with minigrad.GradientHook(note):
        run()
    return seen


def parameters(n):
    return [minigrad.Parameter(np.array([float(i + 1), 2.0])) for i in range(n)]


def test_each_leaf_once_with_its_whole_gradient():
    a, b, c = parameters(3)
    loss = F.sum(F.exp(a * b) * c + a)
    seen = told(loss.backward, a=a, b=b, c=c)
    assert sorted(name for name, _ in seen) == ['a', 'b', 'c']
    for name, gradient in seen:
        np.testing.assert_array_equal(gradient, {'a': a, 'b': b, 'c': c}[name].grad)


def test_the_gradient_is_that_of_a_backward_without_hook():
    a, b = parameters(2)

    def loss():
        return F.sum(F.sin(a) * b + F.exp(a))

    a.cleargrad(), b.cleargrad()
    loss().backward()
    expected = a.grad.copy(), b.grad.copy()
    a.cleargrad(), b.cleargrad()
    told(loss().backward, a=a, b=b)
    np.testing.assert_array_equal(a.grad, expected[0])
    np.testing.assert_array_equal(b.grad, expected[1])


def test_last_layer_first_and_before_the_first_layer_runs():
    model = minigrad.Sequential(L.Linear(3, 4), F.relu, L.Linear(4, 2))
    order = []

    class Runs(minigrad.FunctionHook):
        name = 'runs'

        def backward_preprocess(self, function, in_data, out_grad):
            order.append(function.label)

    names = {id(p): name for name, p in model.namedparams()}
    loss = F.sum(model(np.ones((2, 3), 'f')))
    with Runs(), minigrad.GradientHook(lambda p: order.append(names[id(p)])):
        loss.backward()
    assert order.index('/1/W') < order.index('ReLU') < order.index('/0/W')


def test_a_shared_parameter_waits_for_its_last_use():
    a, b = parameters(2)
    loss = F.sum(F.exp(F.exp(a) * b) * a)  # the second use of a is the last to run
    assert [name for name, _ in told(loss.backward, a=a, b=b)] == ['b', 'a']


def test_what_was_there_before_is_part_of_it():
    (a,) = parameters(1)
    a.grad = np.array([10.0, 20.0])
    ((_, gradient),) = told(F.sum(a * 2).backward, a=a)
    assert gradient.tolist() == [12.0, 22.0]


def test_a_parameter_without_gradient_is_not_told():
    a, b = parameters(2)
    F.sum(b)
    assert [name for name, _ in told(F.sum(a).backward, a=a, b=b)] == ['a']


def test_outputs_that_nothing_reaches_leave_nothing_untold():
    class Stop(minigrad.FunctionNode):
        def forward(self, inputs):
            return inputs[0].copy()

        def backward(self, indexes, grad_outputs):
            return (None,)

    a, b = parameters(2)
    loss = F.sum(Stop().apply((F.exp(a),))[0] * a * b)
    assert sorted(n for n, _ in told(loss.backward, a=a, b=b)) == ['a', 'b']


def test_parameters_inside_forget_wait_for_what_it_adds():
    a, b = parameters(2)
    x = minigrad.Variable(np.ones(2))
    h = F.forget(lambda x: x * a, x)
    loss = F.sum(F.forget(lambda h: F.exp(h) * a, h) * b + a)
    seen = told(loss.backward, a=a, b=b, x=x)
    assert sorted(name for name, _ in seen) == ['a', 'b', 'x']
    for name, gradient in seen:
        np.testing.assert_array_equal(gradient, {'a': a, 'b': b, 'x': x}[name].grad)


def test_double_backprop_and_several_outputs():
    a, b = parameters(2)
    y, z = F.exp(a) * b, a * a
    one = minigrad.Variable(np.ones(2))

    def run():
        minigrad.backward([y, z], [one, one], enable_double_backprop=True)

    assert [name for name, _ in told(run, a=a, b=b)] == ['b', 'a']
    assert a.grad_var.creator is not None


def test_hooks_nest_and_leave():
    (a,) = parameters(1)
    outer, inner = [], []
    with minigrad.GradientHook(outer.append):
        with minigrad.GradientHook(inner.append):
            F.sum(a).backward()
        F.sum(a).backward()
    F.sum(a).backward()
    assert (len(outer), len(inner)) == (2, 1)
    assert '_gradient_hooks' not in vars(minigrad.config)


def test_a_hook_that_is_entered_twice_leaves_twice():
    (a,) = parameters(1)
    calls = []
    hook = minigrad.GradientHook(calls.append)
    with hook:
        with hook:
            F.sum(a).backward()
        F.sum(a).backward()
    F.sum(a).backward()
    assert len(calls) == 3
    assert '_gradient_hooks' not in vars(minigrad.config)


def test_an_error_of_the_callback_ends_the_backward():
    (a,) = parameters(1)

    def refuse(variable):
        raise KeyError('sent nowhere')

    with minigrad.GradientHook(refuse), pytest.raises(KeyError, match='sent nowhere'):
        F.sum(a).backward()
    assert [name for name, _ in told(F.sum(a).backward, a=a)] == ['a']


def test_loss_scale_is_noted_before_it_is_told():
    a = minigrad.Parameter(np.ones(2, 'f'))
    scales = []
    with minigrad.GradientHook(lambda v: scales.append(v._loss_scale)):
        F.sum(a).backward(loss_scale=8.0)
    assert scales == [8.0]
