"""The sampler of Walker's alias method."""

import numpy as np
import pytest

from minigrad.utils import WalkerAlias

# Chainer 7.8.1 draws these from WalkerAlias([1, 4, 2, 3]) after numpy.random.seed(0).
GOLDEN = [3, 1, 3, 3, 2, 3, 2, 1, 1, 2, 1, 3]


@pytest.mark.parametrize('weights', [[5, 0, 2, 3], [1.0], [0.1, 0.1], [3, 3, 1, 9, 0]])
def test_slots_add_up_to_the_probabilities(weights):
    sampler = WalkerAlias(weights)
    share = np.zeros(len(weights))
    for threshold, (first, second) in zip(
        sampler.threshold, sampler.values.reshape(-1, 2), strict=True
    ):
        share[first] += threshold
        share[second] += 1 - threshold
    np.testing.assert_allclose(
        share / len(weights), np.array(weights) / np.sum(weights), atol=1e-6
    )


def test_frequencies():
    np.random.seed(0)
    drawn = WalkerAlias([1, 4, 2, 3]).sample((100, 100))
    assert drawn.shape == (100, 100)
    assert drawn.dtype == np.int32
    frequency = np.bincount(drawn.ravel()) / drawn.size
    np.testing.assert_allclose(frequency, [0.1, 0.4, 0.2, 0.3], atol=0.02)


def test_the_same_numbers_as_chainer():
    np.random.seed(0)
    drawn = WalkerAlias([1, 4, 2, 3]).sample((12,))
    assert drawn.tolist() == GOLDEN


def test_moves_between_devices():
    sampler = WalkerAlias([1, 2])
    assert not sampler.use_gpu
    assert sampler.to_device('@numpy') is sampler
