"""What the table of operations cannot say about dropout."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F


def test_outside_training_it_is_the_identity():
    x = minigrad.Variable(np.ones(3))
    with minigrad.using_config('train', False):
        assert F.dropout(x) is x
        assert F.dropout(x, return_mask=True) == (x, None)


def test_the_mask_is_that_of_numpy_random():
    x = np.ones((3, 4), 'f')
    np.random.seed(0)
    y, mask = F.dropout(x, 0.25, return_mask=True)
    np.random.seed(0)
    kept = np.random.rand(3, 4) >= 0.25
    np.testing.assert_allclose(mask, kept / 0.75)
    assert mask.dtype == np.float32
    np.testing.assert_array_equal(y.array, mask)
    np.testing.assert_array_equal(F.dropout(x, mask=mask).array, mask)


def test_the_node_keeps_its_mask():
    y = F.dropout(np.ones(5))
    np.testing.assert_array_equal(y.creator_node.mask, y.array)


def test_the_mean_is_kept():
    np.random.seed(0)
    assert F.dropout(np.ones(100_000), 0.3).array.mean() == pytest.approx(1, abs=0.01)


def test_gaussian_returns_its_noise():
    mean = np.zeros(3, 'f')
    y, eps = F.gaussian(mean, mean, return_eps=True)
    assert eps.dtype == np.float32
    np.testing.assert_array_equal(y.array, eps)


def test_zoneout_outside_training_takes_the_new_state():
    x = minigrad.Variable(np.ones(3))
    with minigrad.using_config('train', False):
        assert F.zoneout(np.zeros(3), x) is x


def test_rrelu_returns_its_slopes():
    y, r = F.rrelu(np.full(3, -1.0), return_r=True)
    np.testing.assert_array_equal(y.array, -r)
    assert ((r >= 1 / 8) & (r < 1 / 3)).all()
    with minigrad.using_config('train', False):
        _, r = F.rrelu(np.full(3, -1.0), return_r=True)
    np.testing.assert_allclose(r, 11 / 48)
