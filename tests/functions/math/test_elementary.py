"""What rows of the table have in common with classes written by hand."""

import pickle

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.functions.elementwise import ROWS
from minigrad.functions.math import elementary


def test_node_has_name_label_and_home():
    node = F.exp(np.ones(2, 'f')).creator_node
    assert type(node).__name__ == 'Exp'
    assert type(node) is elementary.Exp
    assert node.label == 'exp'
    assert pickle.loads(pickle.dumps(F.exp)) is F.exp


@pytest.mark.parametrize('name', list(ROWS))
def test_public_function(name):
    function = getattr(F, name)
    assert function.__name__ == name
    assert function.__module__ == ROWS[name].array.__module__
    assert f'Source: {ROWS[name].source.format(name=name)}.' in function.__doc__


@pytest.mark.parametrize('name', ['ceil', 'fix', 'floor', 'sign'])
def test_step_functions_cut_the_graph(name):
    x = minigrad.Variable(np.array([0.3], 'f'))
    y = getattr(F, name)(x)
    assert y.creator is None
    assert not y.requires_grad


@pytest.mark.parametrize('dtype', ['e', 'f', 'd', 'i'])
def test_step_functions_keep_the_dtype(dtype):
    x = np.array([-1, 2], dtype)
    for function in (F.ceil, F.fix, F.floor, F.sign):
        assert function(x).dtype == x.dtype


def test_square_root_of_a_negative_number_is_nan():
    with np.errstate(invalid='ignore'):
        assert np.isnan(F.sqrt(np.array([-1.0])).array[0])


def test_expm1_and_log1p_are_exact_near_zero():
    tiny = np.array([1e-10])
    np.testing.assert_allclose(F.expm1(tiny).array, tiny, rtol=1e-9)
    np.testing.assert_allclose(F.log1p(tiny).array, tiny, rtol=1e-9)
