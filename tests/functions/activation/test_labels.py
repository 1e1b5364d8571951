"""Graphs show the functions by Chainer's labels."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F


@pytest.mark.parametrize(
    ('name', 'label'),
    [
        ('relu', 'ReLU'),
        ('sigmoid', 'Sigmoid'),
        ('hard_sigmoid', 'HardSigmoid'),
        ('tanh', 'Tanh'),
        ('arctanh', 'Arctanh'),
        ('exp', 'exp'),
    ],
)
def test_labels(name, label):
    x = minigrad.Variable(np.full(2, 0.5, 'f'))
    assert getattr(F, name)(x).creator.label == label
