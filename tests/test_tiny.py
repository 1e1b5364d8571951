"""A few seconds through the whole stack: LeNet takes a step on each kernel set."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.kernels import using_kernels
from models.lenet import LeNet


@pytest.mark.parametrize('kernels', ['reference', 'numba'])
def test_loss_falls(kernels):
    if kernels == 'numba':
        pytest.importorskip('numba', reason='the numba kernels need Numba')
    np.random.seed(0)
    x = np.random.rand(8, 1, 28, 28).astype('f')
    t = np.arange(8, dtype='i')
    with using_kernels(kernels):
        model = LeNet()
        optimizer = minigrad.optimizers.MomentumSGD(lr=0.05).setup(model)
        losses = []
        for _ in range(5):
            loss = F.softmax_cross_entropy(model(x), t)
            model.cleargrads()
            loss.backward()
            optimizer.update()
            losses.append(loss.item())
    assert losses[-1] < losses[0]
