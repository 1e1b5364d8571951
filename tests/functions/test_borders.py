"""Indexes at both ends and one beyond, as NumPy reads them or refused by name."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.errors import InvalidType

x = np.arange(12.0).reshape(4, 3)


def same(y, expected):
    assert y.shape == expected.shape
    np.testing.assert_array_equal(y.array, expected)


@pytest.mark.parametrize(
    'indices', [[], [0], [4], [0, 4], [2, 2], [0, 0], [4, 4], [1, 3], [-1], [-4]]
)
def test_split_axis_by_indices(indices):
    v = minigrad.Variable(x)
    parts = F.split_axis(v, indices, 0)
    expected = np.split(x, indices, 0)
    assert len(parts) == len(expected)
    for part, array in zip(parts, expected, strict=True):
        same(part, array)
    weights = [i + 1.0 for i in range(len(parts))]
    sum(w * F.sum(part) for w, part in zip(weights, parts, strict=True)).backward()
    gradient = [np.full(a.shape, w) for w, a in zip(weights, expected, strict=True)]
    np.testing.assert_array_equal(v.grad, np.concatenate(gradient))


@pytest.mark.parametrize('sections', [1, 2, 4])
def test_split_axis_by_sections(sections):
    for part, array in zip(
        F.split_axis(x, sections, 0), np.split(x, sections), strict=True
    ):
        same(part, array)


@pytest.mark.parametrize('wrong', [[5], [2, 5], 0, -1, 3, 5])
def test_split_axis_beyond(wrong):
    with pytest.raises((ValueError, InvalidType), match='split_axis: '):
        F.split_axis(x, wrong, 0)


@pytest.mark.parametrize(
    'index',
    [
        0, 3, -1, -4, slice(0, 0), slice(4, None), slice(-5, 9), slice(3, None),
        slice(None, None, -1), slice(3, None, -4), [0, 3, -1, -4], np.array([], int),
        (slice(None), 2), (slice(None), -3), (0, slice(3, 3)),
    ],
)  # fmt: skip
def test_get_item_at_the_ends(index):
    v = minigrad.Variable(x)
    y = F.get_item(v, index)
    same(y, x[index])
    F.sum(y).backward()
    gradient = np.zeros_like(x)
    np.add.at(gradient, index, 1)
    np.testing.assert_array_equal(v.grad, gradient)


@pytest.mark.parametrize('index', [4, -5, [4], [-5], (0, 3), (0, -4)])
def test_get_item_beyond(index):
    with pytest.raises(IndexError, match=r'get_item: .*out of bounds'):
        F.get_item(x, index)


@pytest.mark.parametrize(
    ('function', 'axes'),
    [
        (lambda axis: F.concat([x, x], axis), (-2, 1)),
        (lambda axis: F.stack([x, x], axis), (-3, 2)),
        (lambda axis: F.expand_dims(x, axis), (-3, 2)),
        (lambda axis: F.sum(x, axis), (-2, 1)),
        (lambda axis: F.separate(x, axis), (-2, 1)),
        (lambda axis: F.split_axis(x, 1, axis), (-2, 1)),
        (lambda axis: F.softmax(x, axis), (-2, 1)),
        (lambda axis: F.logsumexp(x, axis), (-2, 1)),
        (lambda axis: F.flip(x, axis), (-2, 1)),
        (lambda axis: F.cumsum(x, axis), (-2, 1)),
        (lambda axis: F.repeat(x, 2, axis), (-2, 1)),
        (lambda axis: F.rollaxis(x, axis), (-2, 1)),
        (lambda axis: F.swapaxes(x, axis, 0), (-2, 1)),
        (lambda axis: F.moveaxis(x, axis, 0), (-2, 1)),
        (lambda axis: F.max(x, axis), (-2, 1)),
        (lambda axis: F.argmax(x, axis), (-2, 1)),
        (lambda axis: F.normalize(x, axis=axis), (-2, 1)),
        (lambda axis: F.permutate(x, np.arange(4 if axis in (0, -2) else 3), axis),
         (-2, 1)),
    ],
)  # fmt: skip
def test_the_first_and_the_last_axis(function, axes):
    least, most = axes
    for axis in axes:
        function(axis)
    for axis in (least - 1, most + 1):
        with pytest.raises((ValueError, TypeError, IndexError), match=r'\w+: expected'):
            function(axis)


@pytest.mark.parametrize('label', [0, 2])
def test_the_first_and_the_last_label(label):
    t = np.full(4, label, np.int32)
    scores = x.astype('f')
    same(F.select_item(x, t), x[:, label])
    same(F.embed_id(t, x), x[t])
    loss = F.softmax_cross_entropy(scores, t, reduce='no')
    shifted = scores - scores.max(1, keepdims=True)
    exact = np.log(np.exp(shifted).sum(1)) - shifted[:, label]
    np.testing.assert_allclose(loss.array, exact, 1e-6)
    assert F.accuracy(scores, t).array == float(label == 2)


@pytest.mark.parametrize('label', [3, -2])
def test_labels_beyond(label):
    t = np.full(4, label, np.int32)
    for function in (F.select_item, F.softmax_cross_entropy):
        with pytest.raises(ValueError, match=f'expected .*got.* {label}'):
            function(x.astype('f'), t)
    with pytest.raises(ValueError, match='embed_id: expected 0 <= x < 3'):
        F.embed_id(t, x[:3])
