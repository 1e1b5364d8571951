"""What the table of operations cannot say about softmax cross entropy."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F


@pytest.fixture
def scores(rng):
    return rng.standard_normal((4, 3)).astype('f')


LABELS = np.array([0, 2, -1, 1], 'i')


@pytest.mark.parametrize('cache_score', [True, False])
def test_the_scores_are_kept_on_request(scores, cache_score):
    loss = F.softmax_cross_entropy(scores, LABELS, cache_score=cache_score)
    assert (loss.creator.y is not None) == cache_score


def test_double_backprop_needs_no_option(scores):
    x = minigrad.Variable(scores)
    loss = F.softmax_cross_entropy(x, LABELS)
    (gx,) = minigrad.grad([loss], [x], enable_double_backprop=True)
    F.sum(gx * gx).backward()
    assert np.abs(x.grad).max() > 0


def test_labels_may_be_a_variable_and_get_no_gradient(scores):
    x, t = minigrad.Variable(scores), minigrad.Variable(LABELS)
    F.softmax_cross_entropy(x, t).backward()
    assert t.grad is None
    soft = minigrad.Variable(np.full((4, 3), 1 / 3, 'f'))
    F.softmax_cross_entropy(x, soft).backward()
    assert soft.grad is None


def test_ignored_samples_get_no_gradient(scores):
    x = minigrad.Variable(scores)
    F.softmax_cross_entropy(x, LABELS).backward()
    np.testing.assert_array_equal(x.grad[2], 0)


def test_all_ignored_gives_zero(scores):
    x = minigrad.Variable(scores)
    loss = F.softmax_cross_entropy(x, np.full(4, -1))
    loss.backward()
    assert loss.array == 0
    np.testing.assert_array_equal(x.grad, 0)


def test_a_label_out_of_range_is_named_without_debug_mode(scores):
    with pytest.raises(ValueError, match=r'0 <= t < 3 .* got t\[1\] == 7'):
        F.softmax_cross_entropy(scores, np.array([0, 7, 1, -5]))


def test_half_precision_adds_up_in_single():
    n = 3000  # the sum of the losses, 2079, has no room for the last ones in float16
    x = np.zeros((n, 2), 'e')
    loss = F.softmax_cross_entropy(x, np.zeros(n, 'i'))
    assert loss.dtype == np.float16
    np.testing.assert_allclose(loss.array, np.log(2), rtol=1e-3)


def test_unnormalised_soft_targets_have_the_right_gradient():
    # Chainer takes the targets to sum to one.
    x = minigrad.Variable(np.array([[1.0, 2.0]]))
    t = np.array([[3.0, 1.0]])
    F.softmax_cross_entropy(x, t).backward()
    p = np.exp([1, 2]) / np.exp([1, 2]).sum()
    np.testing.assert_allclose(x.grad, [4 * p - [3, 1]])


def test_class_weight_refuses_a_variable(scores):
    weight = minigrad.Variable(np.ones(3, 'f'))
    with pytest.raises(ValueError, match='got Variable'):
        F.softmax_cross_entropy(scores, LABELS, class_weight=weight)


def test_agrees_with_its_parts(scores):
    x = minigrad.Variable(scores)
    t = np.array([0, 2, 1, 1])
    picked = F.log_softmax(x)[np.arange(4), t]
    np.testing.assert_allclose(
        F.softmax_cross_entropy(x, t).array, -F.average(picked).array, rtol=1e-6
    )


@pytest.mark.torch
@pytest.mark.parametrize('reduce', ['mean', 'no'])
def test_agrees_with_pytorch(scores, reduce):
    torch = pytest.importorskip('torch', reason='PyTorch is not installed')
    weight = np.array([0.5, 2, 1.5], 'f')
    x = minigrad.Variable(scores)
    y = F.softmax_cross_entropy(
        x, LABELS, class_weight=weight, reduce=reduce, normalize=True
    )
    F.sum(y).backward()
    tx = torch.tensor(scores, requires_grad=True)
    ty = torch.nn.functional.cross_entropy(
        tx,
        torch.tensor(LABELS.astype('l')),
        torch.tensor(weight),
        ignore_index=-1,
        reduction='none',
    )
    ty = ty.sum() / 3 if reduce == 'mean' else ty
    ty.sum().backward()
    np.testing.assert_allclose(y.array, ty.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(x.grad, tx.grad.numpy(), rtol=1e-5, atol=1e-7)
