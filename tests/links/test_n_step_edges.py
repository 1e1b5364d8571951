"""Sequences without elements, batches without sequences, sizes that come later."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L

NAMES = [f'NStep{kind}' for kind in ('LSTM', 'GRU', 'RNNTanh', 'RNNReLU')]
NAMES += [name.replace('NStep', 'NStepBi') for name in NAMES]
each = pytest.mark.parametrize('name', NAMES)


def run(link, xs, state=None):
    states = [state] * (2 if 'LSTM' in type(link).__name__ else 1)
    *last, ys = link(*states, xs)
    return [h.array for h in last], [y.array for y in ys]


def width(name):
    return 8 if 'Bi' in name else 4


@each
def test_a_sequence_without_elements_is_passed_by(name):
    link = getattr(L, name)(2, 3, 4, 0.0)
    rng = np.random.RandomState(0)
    x = rng.randn(2, 3).astype('f')
    state = rng.randn(2 * (2 if 'Bi' in name else 1), 3, 4).astype('f')
    empty = np.zeros((0, 3), 'f')
    last, ys = run(link, [empty, x, empty], state)
    assert [y.shape for y in ys] == [
        (0, width(name)),
        (2, width(name)),
        (0, width(name)),
    ]
    alone, (y,) = run(link, [x], state[:, 1:2])
    np.testing.assert_allclose(ys[1], y, rtol=1e-6)
    for h, h_alone in zip(last, alone, strict=True):
        np.testing.assert_array_equal(h[:, [0, 2]], state[:, [0, 2]])
        np.testing.assert_allclose(h[:, 1:2], h_alone, rtol=1e-6)


@each
def test_nothing_but_sequences_without_elements(name):
    link = getattr(L, name)(1, 3, 4, 0.0)
    last, ys = run(link, [np.zeros((0, 3), 'f')] * 2)
    assert [y.shape for y in ys] == [(0, width(name))] * 2
    assert all(h.shape[1:] == (2, 4) and not h.any() for h in last)


@each
def test_a_batch_without_sequences(name):
    link = getattr(L, name)(1, 3, 4, 0.0)
    last, ys = run(link, [])
    assert ys == []
    assert {h.shape[1:] for h in last} == {(0, 4)}


@each
def test_the_input_size_may_come_later(name):
    link = getattr(L, name)(2, None, 4, 0.0)
    assert link[0].w0.array is None
    x = np.ones((2, 3), 'f')
    _, (y,) = run(link, [x])
    assert link[0].w0.shape == (4, 3)
    known = getattr(L, name)(2, 3, 4, 0.0)
    known.copyparams(link)
    np.testing.assert_array_equal(run(known, [x])[1][0], y)


def test_gradients_flow_past_sequences_without_elements():
    link = L.NStepLSTM(1, 3, 4, 0.0)
    x = minigrad.Variable(np.ones((2, 3), 'f'))
    *_, ys = link(None, None, [np.zeros((0, 3), 'f'), x])
    F.sum(ys[1]).backward()
    assert x.grad.any()
