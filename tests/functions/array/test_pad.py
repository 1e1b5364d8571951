"""Modes of padding without a gradient."""

import numpy as np
import pytest

import minigrad.functions as F
from minigrad.variable import Variable


@pytest.mark.parametrize('mode', ['mean', 'maximum', 'linear_ramp'])
def test_mode_without_gradient(mode):
    x = Variable(np.arange(6.0).reshape(2, 3))
    y = F.pad(x, 1, mode)
    np.testing.assert_array_equal(y.array, np.pad(x.array, 1, mode))
    y.grad = np.ones_like(y.array)
    with pytest.raises(
        NotImplementedError, match=f'pad: mode {mode!r} has no gradient'
    ):
        y.backward()


def test_reflected_odd():
    x = np.arange(3.0)
    y = F.pad(x, 2, 'reflect', reflect_type='odd')
    np.testing.assert_array_equal(y.array, np.arange(-2.0, 5.0))
