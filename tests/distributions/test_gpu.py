"""Distributions on arrays that refuse to be taken for NumPy's, with the same numbers."""

import contextlib

import numpy as np
import pytest

import minigrad
from minigrad.backend import get_device
from tests.distributions.test_chainer import DRAWN
from tests.gpu import stand_in

pytest.importorskip('scipy', reason='the stand-in has its special functions from SciPy')


@pytest.fixture
def cupy():
    with stand_in.installed() as module:
        yield module


def answers(dist):
    """Returns arrays by name: whatever the distribution can tell."""
    np.random.seed(0)
    y = {'sample': dist.sample((2, 3)).array}
    x = y['sample']
    for name in ('log_prob', 'prob', 'cdf', 'log_survival_function'):
        with contextlib.suppress(NotImplementedError):
            y[name] = getattr(dist, name)(x).array
    for name in ('entropy', 'mean', 'variance', 'stddev', 'covariance'):
        with contextlib.suppress(NotImplementedError):
            y[name] = getattr(dist, name).array
    with contextlib.suppress(KeyError):
        y['kl'] = minigrad.kl_divergence(dist, dist).array
    return y


@pytest.mark.filterwarnings('ignore:a Cauchy distribution has no')
@pytest.mark.parametrize('name', DRAWN)
def test_same_numbers_on_a_gpu(name, cupy, monkeypatch):
    make = DRAWN[name][0]
    expected = answers(make())
    device = get_device('@cupy:0')
    for key in ('A', 'B', 'ROWS', 'TRIL'):
        array = make.__globals__[key]
        monkeypatch.setitem(make.__globals__, key, device.send(array))
    with minigrad.using_device(device):
        dist = make()
        assert dist.xp is cupy
        actual = answers(dist)
    assert set(actual) == set(expected)
    for key, y in actual.items():
        assert isinstance(y, cupy.ndarray), key
        np.testing.assert_allclose(
            minigrad.backend.to_cpu(y), expected[key], rtol=1e-4, atol=1e-5, err_msg=key
        )
