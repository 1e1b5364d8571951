"""What the table of special functions cannot say: without SciPy, by Chainer's names."""

import sys

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.functions.elementwise import ROWS


@pytest.fixture
def without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, 'scipy.special', None)


@pytest.mark.parametrize('name', ['erf', 'erfc', 'ndtr'])
@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
def test_pythons_own_function_does_without_scipy(name, dtype, without_scipy):
    y = getattr(F, name)(np.array([[0.0, 1.0]], dtype))
    expected = {'erf': [0, 0.8427], 'erfc': [1, 0.1573], 'ndtr': [0.5, 0.8413]}[name]
    assert y.dtype == dtype
    np.testing.assert_allclose(y.array[0], expected, atol=1e-3)


@pytest.mark.parametrize('name', ['erfinv', 'lgamma', 'log_ndtr', 'ndtri'])
def test_scipy_is_asked_for_by_name(name, without_scipy):
    with pytest.raises(ImportError, match=rf'{name}: .*SciPy(.|\n)*pip install scipy'):
        getattr(F, name)(np.ones(2))


def test_scipy_is_asked_for_by_functions_of_two_arguments(without_scipy):
    with pytest.raises(ImportError, match='polygamma'):
        F.polygamma(1, np.ones(2))
    with pytest.raises(ImportError, match='zeta'):
        F.zeta(2, np.ones(2))


@pytest.mark.parametrize(
    'name',
    [name for name, row in ROWS.items() if row.array.__module__.endswith('special')],
)
def test_node_classes_by_chainers_names(name):
    module = getattr(minigrad.functions.math, name)
    names = {
        'digamma': 'DiGamma',
        'erfcinv': 'ErfcInv',
        'erfinv': 'ErfInv',
        'lgamma': 'LGamma',
        'log_ndtr': 'LogNdtr',
    }
    node = getattr(module, names.get(name, name.capitalize()))
    assert issubclass(node, minigrad.FunctionNode)
    assert node().label == name


def test_log_ndtr_far_below_zero():
    pytest.importorskip('scipy')
    x = minigrad.Variable(np.array(-1000.0))
    y = F.log_ndtr(x)
    y.backward()
    np.testing.assert_allclose(y.array, -500007.8, rtol=1e-6)
    np.testing.assert_allclose(x.grad, 1000.001, rtol=1e-6)
