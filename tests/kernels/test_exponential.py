"""The vectorised exponential beside that of float64."""

import numpy as np
import pytest

pytest.importorskip('numba', reason='Numba is not installed')

from minigrad.kernels.cpu.exponential import exp
from minigrad.kernels.cpu.jit import INTERPRETED, jit

interpreted = pytest.mark.skipif(
    INTERPRETED, reason='with NUMBA_DISABLE_JIT it is the exponential of NumPy'
)


@jit
def exp_all(x, y):
    for i in range(x.size):
        y[i] = exp(x[i])


def run(x):
    y = np.empty_like(x)
    with np.errstate(over='ignore', under='ignore'):
        exp_all(x, y)
    return y


@interpreted
def test_two_units_in_the_last_place():
    x = np.linspace(-87.3, 88.7, 200_001).astype(np.float32)
    expected = np.exp(x.astype(np.float64))
    unit = np.spacing(expected.astype(np.float32)).astype(np.float64)
    assert (np.abs(run(x) - expected) / unit).max() <= 2


def test_special_values():
    x = np.array([0, -0.0, np.inf, -np.inf, np.nan, 89, 1000, -200], np.float32)
    expected = np.array([1, 1, np.inf, 0, np.nan, np.inf, np.inf, 0], np.float32)
    np.testing.assert_array_equal(run(x), expected)


@interpreted
def test_what_is_no_normal_number_is_zero():
    np.testing.assert_array_equal(run(np.array([-87.5, -100], np.float32)), 0)


def test_float64_is_exact():
    x = np.linspace(-700, 700, 1001)
    np.testing.assert_allclose(run(x), np.exp(x), rtol=1e-15)
