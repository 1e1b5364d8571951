"""Optimizers' kernels, launched by CuPy with the arguments that it packs."""

import numpy as np
import pytest

from minigrad.kernels import Kernels, kernels_for
from minigrad.kernels.gpu import raw
from minigrad.kernels.gpu.table import PIECE, ROWS
from tests.gpu.test_cupy_kernels import OPTIMIZERS, draw
from tests.judges.driver import driver

reference = Kernels(np)
TOLERANCES = {'e': 2e-2, 'f': 1e-5, 'd': 1e-12}
MOST_BLOCKS, MOST_THREADS = (1 << 31) - 1, 1024


@pytest.fixture
def kernels(computing, monkeypatch):
    """Ours, whose launches are held to a card's limits before they are carried out."""
    carry_out = driver.launches

    def launch(given):
        assert 0 < given.grid[0] <= MOST_BLOCKS
        assert 0 < given.block[0] <= MOST_THREADS
        assert given.shared == 0
        carry_out(given)

    monkeypatch.setattr(driver, 'launches', launch)
    return kernels_for(computing.empty(1))


def arrays(name, size, dtype):
    """Returns parameter, gradient and states."""
    states = [np.zeros(size, dtype) for _ in range(OPTIMIZERS[name][0])]
    return [draw(size, dtype=dtype, seed=7), draw(size, dtype=dtype, seed=8), *states]


def compare(actual, expected, dtype):
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(
            a.get().astype('d'), e.astype('d'), TOLERANCES[dtype], TOLERANCES[dtype]
        )


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize('name', OPTIMIZERS)
def test_one(name, dtype, kernels, computing):
    here = arrays(name, 5, dtype)
    there = [computing.asarray(a) for a in here]
    for k, update in ((kernels, there), (reference, here)):
        k.update(name.split()[0], *update, **OPTIMIZERS[name][1])
    compare(there, here, dtype)


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_many(name, kernels, computing):
    sizes = [1, 3, PIECE, PIECE + 1] + [2] * ROWS  # two launches
    here = [arrays(name, size, 'f') for size in sizes]
    there = [[computing.asarray(a) for a in row] for row in here]
    together = kernels.together()
    for row, expected in zip(there, here, strict=True):
        together.update(name.split()[0], *row, **OPTIMIZERS[name][1])
        reference.update(name.split()[0], *expected, **OPTIMIZERS[name][1])
    together.flush()
    for row, expected in zip(there, here, strict=True):
        compare(row, expected, 'f')


def test_finite(kernels, computing):
    given = [computing.asarray(draw(raw.THREADS + i)) for i in range(ROWS + 2)]
    given[3][-1:] = computing.asarray(np.array([np.nan], 'f'))
    given[ROWS + 1][:1] = computing.asarray(np.array([np.inf], 'f'))
    bad = [i for i, good in enumerate(kernels.finite(given)) if not good]
    assert bad == [3, ROWS + 1]
