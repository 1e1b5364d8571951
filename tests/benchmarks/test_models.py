"""The models of the benchmarks are the same in both libraries."""

import numpy as np
import pytest

pytest.importorskip('torch', reason='PyTorch is not installed')

import torch

from benchmarks import own_models, torch_models
from benchmarks.cases.models import SETTINGS, WORDS, batch, minigrad_model

NAMES = ['lenet', 'lstm', 'transformer']  # the others take a gigabyte or some seconds


@pytest.mark.parametrize('name', NAMES)
def test_parameters_and_outputs_have_the_same_sizes(name):
    ours, theirs = minigrad_model(name), torch_models.build(name)
    shape = next(setting[2] for setting in SETTINGS if setting[1] == name)
    x, t = batch((2, *shape[1:]), WORDS if name == 'lstm' else 0)
    y = ours(x)
    assert y.shape == tuple(theirs(torch.from_numpy(x)).shape)
    assert len(t) == len(y)
    # One array of either library may be several of the other.
    count = sum(p.numel() for p in theirs.parameters())
    assert count == sum(p.size for p in ours.params())


def test_every_setting_has_its_model():
    known = {*own_models.MODELS, 'mlp', 'lenet', 'alexnet', 'alexnet_cifar'}
    assert {setting[1] for setting in SETTINGS} == known


@pytest.mark.parametrize('width', [64, 128])
def test_a_bottleneck_of_both(width):
    import minigrad.links as L

    block = torch_models.Bottleneck(64, width, 1, True)
    ours = L.model.vision.resnet.BottleneckA(64, width, 4 * width, 1)
    assert sum(p.numel() for p in block.parameters()) == sum(
        p.size for p in ours.params()
    )
    assert np.shape(block(torch.zeros(1, 64, 4, 4)).detach()) == (1, 4 * width, 4, 4)
