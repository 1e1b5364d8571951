"""What the table of operations cannot say about the rectified linear unit."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F


def test_nan_stays_nan():
    y = F.relu(np.array([np.nan, -1.0, 2.0]))
    np.testing.assert_array_equal(y.array, [np.nan, 0, 2])


def test_the_gradient_at_zero_is_zero():
    x = minigrad.Variable(np.array([0.0, -0.0, 1.0]))
    F.sum(F.relu(x)).backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 1])


def test_the_family_is_closed():
    x = minigrad.Variable(np.array([-1.0, 2.0]))
    g = np.array([1.0, 1.0])
    y = F.relu(x) * F.relu(x)
    for expected in ([0, 4], [0, 2]):
        (y,) = minigrad.grad(
            [y], [x], [minigrad.Variable(g)], enable_double_backprop=True
        )
        np.testing.assert_array_equal(y.array, expected)


def test_the_input_is_not_kept():
    x = minigrad.Variable(np.ones(3))
    y = F.relu(x)
    assert y.creator_node.get_retained_inputs() == ()
    assert y.creator_node.label == 'ReLU'


@pytest.mark.parametrize('name', ['elu', 'leaky_relu', 'clipped_relu', 'softplus'])
def test_no_input_is_modified_in_place(name):
    x = np.array([-1.0, 0.0, 2.0])
    x.flags.writeable = False
    getattr(F, name)(x)
