"""What the table of operations cannot say about measures."""

import numpy as np

import minigrad
import minigrad.functions as F


def test_a_measure_ends_the_graph():
    y = minigrad.Variable(np.eye(3))
    F.accuracy(y, np.arange(3)).backward()
    assert y.grad is None


def test_accuracy_has_the_dtype_of_the_scores():
    y = F.accuracy(np.eye(3, dtype='e'), np.array([0, 1, 1]))
    assert y.dtype == np.float16
    assert y.shape == ()


def test_a_class_that_does_not_occur_is_nan():
    precision, recall, f_score, support = F.classification_summary(
        np.eye(3)[:2], np.array([0, 1]), label_num=3
    )
    for quantity in (precision, recall, f_score):
        np.testing.assert_array_equal(quantity.array, [1, 1, np.nan])
    np.testing.assert_array_equal(support.array, [1, 1, 0])
