"""Sequence losses and sampling: what the table of operations cannot say."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.utils import WalkerAlias


def variable(*shape):
    return minigrad.Variable(np.random.RandomState(0).normal(size=shape))


def test_ctc_takes_sequences_only():
    x, t = variable(4, 2, 3), np.zeros((2, 2), 'i')
    with pytest.raises(TypeError, match='list of Variables'):
        F.connectionist_temporal_classification(x, t, 0)
    with pytest.raises(TypeError, match='blank_symbol as an int'):
        F.connectionist_temporal_classification(list(x), t, 0.0)


@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
def test_ctc_of_labels_that_do_not_fit(dtype):
    rng = np.random.RandomState(0)
    x = minigrad.Variable(rng.normal(size=(50, 2, 3)).astype(dtype))
    t = np.zeros((2, 30), 'i')  # repetitions need blanks between: 59 times
    loss = F.connectionist_temporal_classification(
        F.separate(x),
        minigrad.Variable(t),
        2,
        label_length=np.array([30, 3], 'i'),
        reduce='no',
    )
    F.sum(loss).backward()
    assert loss.array[0] == (1e4 if dtype == 'e' else np.dtype(dtype).type(1e10))
    assert loss.array[1] < 1e3
    assert not x.grad[:, 0].any()
    assert x.grad[:, 1].any()


def test_ctc_of_a_long_sequence_agrees_with_torch():
    torch = pytest.importorskip('torch')
    rng = np.random.RandomState(0)
    x = minigrad.Variable(rng.normal(size=(60, 3, 7)))
    t = rng.randint(1, 7, (3, 12)).astype('i')
    x_length, t_length = np.array([60, 41, 30], 'i'), np.array([12, 12, 5], 'i')
    loss = F.connectionist_temporal_classification(
        F.separate(x), t, 0, x_length, t_length, reduce='no'
    )
    F.sum(loss).backward()
    given = torch.tensor(x.array, requires_grad=True)
    expected = torch.nn.functional.ctc_loss(
        given.log_softmax(2),
        *[torch.tensor(a).long() for a in (t, x_length, t_length)],
        reduction='none',
    )
    expected.sum().backward()
    np.testing.assert_allclose(loss.array, expected.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(x.grad, given.grad.numpy(), atol=1e-10)


def test_crf_of_single_labels_is_cross_entropy():
    cost, x, t = np.zeros((3, 3)), variable(4, 3), np.array([0, 2, 1, 1])
    loss = F.crf1d(cost, [x], [minigrad.Variable(t)])
    np.testing.assert_allclose(loss.array, F.softmax_cross_entropy(x, t).array)
    score, (path,) = F.argmax_crf1d(cost, [x])
    np.testing.assert_array_equal(path, x.array.argmax(axis=1))
    np.testing.assert_array_equal(score.array, x.array.max(axis=1))


def test_crf_wants_labels_for_every_time():
    with pytest.raises(ValueError, match='got 1 and 2'):
        F.crf1d(np.zeros((3, 3)), [variable(1, 3)] * 2, [np.zeros(1, 'i')])


def test_negative_sampling_returns_its_samples():
    x, W, t = variable(3, 2), variable(5, 2), np.array([0, -1, 4], 'i')
    sample = WalkerAlias(np.ones(5)).sample
    y, samples = F.negative_sampling(x, t, W, sample, 6, return_samples=True)
    assert samples.shape == (3, 7)
    np.testing.assert_array_equal(samples[:, 0], t)
    assert y.creator.samples is samples
    y.backward()
    assert not x.grad[1].any()  # ignored
    untouched = np.setdiff1d(np.arange(5), samples[[0, 2]])
    assert not W.grad[untouched].any()


def test_contrastive_loss_of_equal_samples():
    x = minigrad.Variable(np.ones((2, 3), 'f'))
    y = F.contrastive(x, x.array.copy(), np.array([0, 1]), reduce='no')
    np.testing.assert_allclose(y.array, [0.5, 0])
    y.grad = np.ones(2, 'f')
    y.backward(enable_double_backprop=True)
    assert not x.grad.any()
    gx = F.sum(x.grad_var * x.grad_var)
    x.cleargrad()
    gx.backward()
    assert np.isfinite(x.grad).all()


@pytest.mark.parametrize('norm', [1, 2])
def test_clustering_loss_without_clusters(norm):
    x = minigrad.Variable(np.ones((1, 2, 2, 2), 'f'))
    terms = F.discriminative_margin_based_clustering_loss(
        x, np.zeros((1, 2, 2), 'i'), 0.5, 1.5, 2, norm
    )
    assert [float(term.array) for term in terms] == [0, 9, 0]
    sum(terms).backward()
    assert not x.grad.any()
