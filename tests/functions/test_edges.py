"""The building blocks of edges, and the tester that asks about edges."""

import dataclasses

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.functions._edges import bounded, masked
from minigrad.functions.elementwise import ROWS, Row
from minigrad.gradient_check import check_backward, check_double_backward
from minigrad.testing import properties
from minigrad.testing.op_case import Edge, OpCase, Sample

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -2.0]


@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
def test_masked_leaves_out_whatever_stands_there(dtype):
    x = np.array(SPECIAL, dtype)
    np.testing.assert_array_equal(masked(x, np.zeros(7, bool)), np.zeros(7, dtype))
    np.testing.assert_array_equal(masked(x, np.ones(7, bool)), x)
    assert masked(x, np.ones(7, bool)).dtype == dtype
    np.testing.assert_array_equal(
        masked(x.reshape(7, 1), np.ones((1, 1), bool))[:, 0], x
    )
    assert masked(x[:0], np.ones(0, bool)).shape == (0,)
    np.testing.assert_array_equal(masked(x[::2], np.ones(4, bool)), x[::2])


@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
def test_bounded_replaces_infinities(dtype):
    largest = np.finfo(dtype).max
    np.testing.assert_array_equal(
        bounded(np.array(SPECIAL, dtype)),
        np.array([0, 0, largest, -largest, np.nan, 1.5, -2], dtype),
    )


def test_gradients_of_both():
    x = np.random.default_rng(0).standard_normal((3, 4))
    mask = x > 0.2
    for function in (lambda x: masked(x, mask) ** 2, lambda x: bounded(x) ** 2):
        check_backward(function, x, np.ones((3, 4)))
        check_double_backward(function, x, np.ones((3, 4)), np.ones((3, 4)))


def test_a_row_has_a_name_of_its_own():
    row = dataclasses.replace(ROWS['exp'], array=lambda xp, x: xp.exp(x))
    with pytest.raises(ValueError, match=r"math.elementary has a row named 'exp'"):
        row.define()


def test_every_smooth_row_says_what_holds_at_its_edges():
    smooth = [row for row in ROWS.values() if row.gradient is not None]
    assert [row.name for row in smooth if not row.edges] == []


def wrong_edge(values, gradients):
    return OpCase(
        'exp',
        samples=[Sample((2,))],
        oracle=np.exp,
        edges=[Edge([np.inf, 0.0], values=values, gradients=gradients)],
    )


def test_the_tester_refuses_wrong_edges():
    right = ([np.inf, 1.0], ([np.inf, 1.0],))
    properties.check_edges(wrong_edge(*right))
    with pytest.raises(AssertionError, match='value in float16'):
        properties.check_edges(wrong_edge([np.inf, np.nan], right[1]))
    with pytest.raises(AssertionError, match='gradient in float16'):
        properties.check_edges(wrong_edge(right[0], ([0.0, 1.0],)))


def test_one_row_makes_node_function_and_docstring():
    try:
        cube = Row(
            'cube',
            lambda xp, x: x * x * x,
            lambda x, gy: gy * x * x * 3.0,
            'Cube of each element.',
            '``3 * x**2``',
            (-2, 2),
            ('2.', '8.'),
            oracle=lambda v: v**3,
            source='Nicomachus',
        ).define()
        x = minigrad.Variable(np.array(2.0))
        y = cube(x)
        y.backward()
        assert (y.array, x.grad) == (8, 12)
        assert type(y.creator_node).__name__ == 'Cube'
        assert 'Source: Nicomachus.' in cube.__doc__
        assert cube.__module__ == __name__
    finally:
        del ROWS['cube']


def test_expm1_slope_keeps_its_digits():
    x = minigrad.Variable(np.array([-17.0, -20.0], 'f'))
    F.sum(F.expm1(x)).backward()
    np.testing.assert_allclose(x.grad, np.exp([-17.0, -20.0]), rtol=1e-6)
