"""Recomputation."""

import gc
import weakref

import numpy as np
import pytest

import minigrad
import minigrad.functions as F


def leaf(*values):
    return minigrad.Variable(np.array(values, float))


def test_returns_what_the_function_returns():
    x, y = leaf(1, 2), leaf(3, 4)
    assert isinstance(F.forget(lambda a, b: (a + b,), x, y), minigrad.Variable)
    total, product = F.forget(lambda a, b: (a + b, a * b), x, y)
    np.testing.assert_array_equal(total.array, [4, 6])
    np.testing.assert_array_equal(product.array, [3, 8])


def test_intermediate_results_are_freed():
    seen = []

    def f(x):
        h = F.exp(x)
        seen.append(weakref.ref(h.array))
        return h * h

    y = F.forget(f, leaf(1, 2))
    gc.collect()
    assert [ref() for ref in seen] == [None]
    y.grad = np.ones(2)
    y.backward()
    assert len(seen) == 2


def test_gradients_reach_inputs_and_what_is_used_inside():
    x, w = leaf(1, 2), minigrad.Parameter(np.array([3.0, 4.0]))
    F.sum(F.forget(lambda x: x * w * x, x)).backward()
    np.testing.assert_array_equal(x.grad, [6, 16])
    np.testing.assert_array_equal(w.grad, [1, 4])


def test_a_leaf_that_reaches_the_result_on_several_paths():
    a = leaf(2, 3)
    h, x = a * a, a * 5
    # d/da (x * h + x) with x = 5 a, h = a ** 2 is 15 a ** 2 + 5
    F.sum(F.forget(lambda x: x * h + x, x)).backward()
    np.testing.assert_allclose(a.grad, 15 * a.array**2 + 5)


def test_gradients_do_not_share_memory():
    x, y = leaf(1, 2), leaf(3, 4)
    F.sum(F.forget(lambda a, b: a + b, x, y)).backward()
    assert not np.shares_memory(x.grad, y.grad)


def test_an_output_may_be_an_input_or_unused():
    x = leaf(1, 2)
    same, _ = F.forget(lambda x: (x, x * 3), x)
    F.sum(same * 2).backward()
    np.testing.assert_array_equal(x.grad, [2, 2])


def test_in_recomputing_is_set_while_it_computes_again():
    seen = []

    def f(x):
        seen.append(minigrad.config.in_recomputing)
        return x * 2

    F.sum(F.forget(f, leaf(1))).backward()
    assert seen == [False, True]
    assert minigrad.config.in_recomputing is False


def test_random_numbers_are_the_same_both_times():
    x = minigrad.Variable(np.ones(1000))
    y = F.forget(lambda x: F.dropout(x), x)
    after = np.random.get_state()[2]
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, y.array)
    assert np.random.get_state()[2] == after


def test_third_order_gradient():
    x = leaf(2.0)
    y = F.forget(lambda x: x**4, x)
    for expected in (32, 48, 48):
        (y,) = minigrad.grad([y], [x], enable_double_backprop=True)
        np.testing.assert_allclose(y.array, [expected])


def test_a_function_that_cannot_be_called():
    with pytest.raises(TypeError, match='forget: expected a callable, got int'):
        F.forget(1)


@pytest.mark.parametrize(
    ('returned', 'match'),
    [
        (1, 'got int'),
        ((1,), '1st element .* got int'),
        ((leaf(1), 1), '2nd .* int'),
        ((leaf(1),) * 2 + (1,), '3rd .* int'),
        ((leaf(1),) * 10 + (1,), '11th .* int'),
        ((leaf(1),) * 21 + (1,), '22nd .* int'),
    ],
)
def test_a_function_that_returns_something_else(returned, match):
    with pytest.raises(RuntimeError, match=match):
        F.forget(lambda: returned)


def test_without_a_graph_the_function_is_just_called():
    seen = []

    class Seen(minigrad.FunctionHook):
        name = 'seen'

        def forward_preprocess(self, function, in_data):
            seen.append(function.label)

    with minigrad.no_backprop_mode(), Seen():
        y = F.forget(lambda x: F.exp(x), leaf(0, 1))
    assert seen == ['exp']
    np.testing.assert_allclose(y.array, np.exp([0, 1]))
