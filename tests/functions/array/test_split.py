"""Splitting: single parts, parts without a gradient, order of places."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.variable import Variable


def test_one_part_comes_in_a_tuple_unless_not_wanted():
    x = np.ones((2, 3))
    assert isinstance(F.split_axis(x, 1, 0), tuple)
    assert isinstance(F.split_axis(x, 1, 0, force_tuple=False), Variable)
    assert isinstance(F.split_axis(x, 2, 0, force_tuple=False), tuple)


@pytest.mark.parametrize('function', [lambda x: F.split_axis(x, 3, 0), F.separate])
def test_a_part_without_gradient_counts_as_zero(function):
    x = Variable(np.arange(3.0))
    _, middle, _ = function(x)
    F.sum(middle * 2).backward()
    np.testing.assert_array_equal(x.grad, [0, 2, 0])


def test_transposed_sequence_without_some_gradients():
    x, y = Variable(np.arange(3.0)), Variable(np.arange(2.0))
    _, second, _ = F.transpose_sequence([x, y])
    F.sum(second).backward()
    np.testing.assert_array_equal(x.grad, [0, 1, 0])
    np.testing.assert_array_equal(y.grad, [0, 1])


def test_transpose_nothing():
    assert F.transpose_sequence([]) == ()


def test_unsorted_places_raise_in_debug_mode():
    x = np.arange(4.0)
    assert len(F.split_axis(x, [3, 1], 0)) == 3
    with (
        minigrad.using_config('debug', True),
        pytest.raises(ValueError, match='must be sorted'),
    ):
        F.split_axis(x, [3, 1], 0)


def test_no_places_from_an_empty_float_array():
    (y,) = F.split_axis(np.arange(4.0), np.array([]), 0)
    np.testing.assert_array_equal(y.array, np.arange(4.0))


def test_parts_are_views():
    x = np.ones((4, 2))
    for y in (*F.split_axis(x, 2, 0), *F.separate(x, 1)):
        assert np.shares_memory(y.array, x)
